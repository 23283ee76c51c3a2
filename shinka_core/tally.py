"""What an evolution has come to in numbers, for whoever adds up several of them: a fold over its record.

Everything is counted from the beginning of the evolution, so a run that is resumed counts on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from shinka_core.record import Called, Ended, Event, Recorded

# Upper bounds of evaluations' seconds, from a function to a night.
SECONDS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14400.0, 43200.0)


@dataclass(slots=True)
class Spread:
    """How values are spread over fixed bounds.

    Attributes:
        counts: Values up to each bound and above the one before; the last are those above all bounds.
        most: The largest value.
    """

    bounds: tuple[float, ...]
    counts: list[int] = field(init=False)
    total: float = 0.0
    most: float = 0.0

    def __post_init__(self) -> None:
        """Begins with none."""
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Counts a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
        self.most = max(self.most, value)


@dataclass(slots=True)
class Tally:
    """Counts by what matters.

    Attributes:
        generations: That have ended, by outcome (`correct`, `incorrect`, `rejected`, `failed`) and island, the seed
            programs among them; -1 is the island of those that ended before they had one.
        failures: Of these the ones without a program, by step, reason and blame.
        calls: Of models, by model, purpose and status.
        tokens: By model and kind: `input`, `output`, and `cached`, which is a part of the input.
        dollars: By model, of the calls whose cost is known.
        unpriced: Calls by model whose cost nobody knows.
        seconds: Of the evaluations of recorded programs.
        trials: Evaluations on the way to candidates.
    """

    generations: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    failures: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter[tuple[str, str, str]])
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    dollars: dict[str, float] = field(default_factory=dict[str, float])
    unpriced: Counter[str] = field(default_factory=Counter[str])
    seconds: Spread = field(default_factory=lambda: Spread(SECONDS))
    trials: int = 0

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        match event:
            case Recorded(generation=generation) if generation >= 0:  # others are seed programs that were replaced
                self.generations["correct" if event.correct else "incorrect", event.island] += 1
                self.seconds.add(event.seconds)
                self.trials += sum(pull.trials for pull in event.pulls)
            case Ended(failure=failure, blame=blame):
                # As outcomes are told in the UI: where nobody is to blame, the models' answers came to nothing.
                outcome = "rejected" if blame is None else "failed"
                self.generations[outcome, event.pulls[-1].island if event.pulls else -1] += 1
                self.failures[failure.step, failure.reason, blame or ""] += 1
                self.trials += sum(pull.trials for pull in event.pulls)
            case Called():
                self.calls[event.model, event.purpose, event.status] += 1
                self.dollars[event.model] = self.dollars.get(event.model, 0.0) + (event.cost or 0.0)
                self.unpriced[event.model] += event.cost is None
                self.tokens[event.model, "input"] += event.input_tokens
                self.tokens[event.model, "output"] += event.output_tokens
                self.tokens[event.model, "cached"] += event.cached_tokens
            case _:
                pass
