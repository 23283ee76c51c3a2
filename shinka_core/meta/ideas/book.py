"""Which ideas there are, who tries them, and what came of each: a fold over the record.

An idea is handed out to a generation, and to no more of them than the settings say; whatever that generation samples
anew after a rejection carries the same idea. What was handed out is in the samplings, so all of this can be read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shinka_core.record import Ended, Event, Recorded


@dataclass(slots=True)
class Try:
    """A generation that has an idea.

    Attributes:
        bar: The best score when it was handed out.
        carried: Whether its last sampling shows the idea; one by an operator that asks no model does not.
        score: Of the correct program that came of it.
    """

    bar: float | None
    carried: bool = True
    ended: bool = False
    score: float | None = None

    @property
    def gain(self) -> float | None:
        """By how much it beat the best of its time, below 0 when it did not; None when nothing correct came of it."""
        return None if self.score is None or self.bar is None else self.score - self.bar


@dataclass(slots=True)
class Idea:
    """A direction, and how it fared.

    Attributes:
        asked_at: How many programs were recorded when it was asked for.
        tries: By generation.
    """

    id: str
    title: str
    text: str
    asked_at: int
    tries: dict[int, Try] = field(default_factory=dict[int, Try])

    @property
    def gain(self) -> float | None:
        """The largest of its tries."""
        return max((gain for one in self.tries.values() if (gain := one.gain) is not None), default=None)

    @property
    def words(self) -> str:
        """Title and text."""
        return f"{self.title}\n{self.text}" if self.text else self.title


class IdeaBook:
    """All ideas of a run, in the order in which they were written."""

    def __init__(self, tries: int) -> None:
        """Begins with none.

        Args:
            tries: Generations that an idea is given to.
        """
        self._most = tries
        self._ideas: dict[str, Idea] = {}
        self._by_generation: dict[int, Idea] = {}

    def add(self, ideas: Iterable[Idea]) -> None:
        """Takes ideas up, with the tries that they have had; those that are there already stay as they are."""
        for idea in ideas:
            if self._ideas.setdefault(idea.id, idea) is idea:
                self._by_generation |= dict.fromkeys(idea.tries, idea)

    def __iter__(self) -> Iterator[Idea]:
        return iter(self._ideas.values())

    def get(self, name: str) -> Idea:
        """An idea by its id."""
        return self._ideas[name]

    @property
    def active(self) -> bool:
        """Whether there is one to hand out, or one whose outcome is not known yet."""
        return any(
            len(idea.tries) < self._most or not all(one.ended for one in idea.tries.values())
            for idea in self._ideas.values()
        )

    def has_for(self, generation: int) -> bool:
        """Whether there is an idea for a generation."""
        return generation in self._by_generation or any(len(idea.tries) < self._most for idea in self._ideas.values())

    def hand_out(self, generation: int, bar: float | None) -> Idea | None:
        """The idea of a generation: the one that it has, or else the least tried of those that may still be tried.

        Args:
            bar: The best score now.
        """
        known = self._by_generation.get(generation)
        if known is not None:
            known.tries[generation] = Try(bar)
            return known
        free = [idea for idea in self._ideas.values() if len(idea.tries) < self._most]
        if not free:
            return None
        idea = min(free, key=lambda one: len(one.tries))
        idea.tries[generation] = Try(bar)
        self._by_generation[generation] = idea
        return idea

    def put_aside(self, generation: int) -> None:
        """A generation has sampled without its idea, if it had any."""
        if (idea := self._by_generation.get(generation)) is not None:
            idea.tries[generation].carried = False

    def apply(self, event: Event) -> Idea | None:
        """Takes an event up; returns the idea whose outcome it changes."""
        if not isinstance(event, Recorded | Ended) or (idea := self._by_generation.get(event.generation)) is None:
            return None
        one = idea.tries[event.generation]
        one.ended = True
        if isinstance(event, Recorded) and event.correct and one.carried:
            one.score = event.score
        return idea
