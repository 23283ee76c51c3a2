"""What an evolution's record says, as events in the order in which it happened, and what is made of it.

The record is the database: programs and ends of generations have a place in the order, given by the database and
never by a clock. Everything else that decides (who is a parent, who is in the archive, which arm is pulled, how much
money is left) is a fold: a plain object that is told of one event after the other. A run tells its folds of an event
when it is durable; a resumed run, a reader or a second driver tells them the same events read back. So all of them
come to the same.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from shinka_core.errors import Blame
from shinka_core.program import Failure, Program


@dataclass(frozen=True, slots=True)
class Pull:
    """An arm that a generation tried: one sampling.

    Attributes:
        operator: Name of the operator.
        model: The model that was sampled, or that answered in its place.
        island: That it was pulled for.
        advice_id: What its prompt showed of what is written about the search; so is the next.
        trials: Evaluations on the way to its candidate that have ended.
        seconds: Of these evaluations together.
        parent: Id of the program that was to be changed; "" where that is not known.
        idea_id: Of the idea that it was to try, if any.
    """

    operator: str
    model: str
    island: int = 0
    advice_id: str | None = None
    system_prompt_id: str | None = None
    trials: int = 0
    seconds: float = 0.0
    parent: str = ""
    idea_id: str | None = None


def sums(seconds: Collection[float]) -> tuple[int, float]:
    """How many trials a pull made and how long they took, of the seconds of each; the same in whatever order they ended."""
    return len(seconds), math.fsum(seconds)


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A generation has its program.

    Attributes:
        sequence: The program's place in the order of insertion, from 1.
        islands: On which it lives from the start.
        embedding: `(d,)` float32 of unit length, or None.
        pulls: Arms that the generation tried, the last of which made the program.
        cost: US dollars of all model calls made for it; None where that of one of them is unknown.
        seconds: Of its evaluation.
        error: Why it is not correct; read back of the seed program alone.
        text: `Source.key` of its files.
    """

    sequence: int
    program_id: str
    generation: int
    island: int
    islands: tuple[int, ...]
    score: float | None
    correct: bool
    parent_id: str | None
    embedding: NDArray[np.float32] | None = None
    instance_scores: Mapping[str, float] = field(default_factory=dict[str, float])
    features: Mapping[str, float] = field(default_factory=dict[str, float])
    pulls: tuple[Pull, ...] = ()
    cost: float | None = 0.0
    seconds: float = 0.0
    error: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A generation has ended without a program.

    Attributes:
        blame: Whose fault that is; None: the models' answers came to nothing.
    """

    generation: int
    failure: Failure
    pulls: tuple[Pull, ...] = ()
    blame: Blame | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """A program lives on one more island.

    Attributes:
        after: How many programs were recorded by then.
    """

    after: int
    program_id: str
    island: int


@dataclass(frozen=True, slots=True)
class Spawned:
    """There is one more island.

    Attributes:
        after: How many programs were recorded by then.
        origin: Why it was made and from what.
        entry: Of the settings' `islands`, by which it lives; None where there were none.
    """

    after: int
    island: int
    origin: str
    entry: int | None = None


FRESH = frozenset({"bootstrap", "fresh_best"})
"""Origins of islands that know nothing of the others."""


@dataclass(frozen=True, slots=True)
class Retired:
    """Nothing is proposed on an island any more.

    Attributes:
        after: How many programs were recorded by then.
    """

    after: int
    island: int


@dataclass(frozen=True, slots=True)
class Called:
    """A model was called.

    Attributes:
        cost: US dollars, also of a call that failed; None where nobody knows them.
        status: `answered`, `embedded` or `failed`.
        input_tokens: Of what was sent, as far as the provider counted; so are the others.
    """

    generation: int
    purpose: str
    model: str
    cost: float | None
    status: str = "answered"
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


Event = Recorded | Ended | Joined | Spawned | Retired | Called


@runtime_checkable
class Fold(Protocol):
    """Something that is made of the record."""

    def apply(self, event: Event) -> Any:
        """Takes an event up; one that does not concern it changes nothing."""
        ...


class Folds:
    """All that one process makes of the record.

    Attributes:
        turn: Held while an end is told with all that follows from it, and while something is chosen: whatever a choice
            looks at, and however long that takes, is the record of one moment. Whoever waits has it in order.
    """

    def __init__(self, *folds: Fold) -> None:
        self.turn = asyncio.Lock()
        self._folds = list(folds)

    def add(self, *folds: Fold) -> None:
        """Has more of them told of what comes from now on."""
        self._folds += folds

    def apply(self, event: Event) -> None:
        """Tells every fold."""
        for fold in self._folds:
            fold.apply(event)


def replay(events: Iterable[Event], *folds: Fold) -> None:
    """Tells the folds of events that were read back."""
    every = Folds(*folds)
    for event in events:
        every.apply(event)


def recorded(
    program: Program,
    sequence: int,
    islands: tuple[int, ...],
    embedding: NDArray[np.float32] | None,
    pulls: tuple[Pull, ...] = (),
) -> Recorded:
    """The event of a program that was just stored."""
    return Recorded(
        sequence=sequence,
        program_id=program.id,
        generation=program.generation,
        island=program.island,
        islands=islands,
        score=program.score,
        correct=program.correct,
        parent_id=program.parent_id,
        embedding=embedding,
        pulls=pulls,
        instance_scores=program.instance_scores,
        features=program.features,
        cost=program.cost,
        seconds=program.evaluation_seconds,
        error=program.error,
        text=program.source.key,
    )
