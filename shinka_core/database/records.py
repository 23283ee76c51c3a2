"""What a reader tells of a record: rows as values, without texts unless they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shinka_core.errors import Blame
from shinka_core.program import Failure, GenerationState, Usage
from shinka_core.record import Called, Ended, Event, Recorded


@dataclass(frozen=True, slots=True)
class ProgramRecord:
    """A program as it is recorded.

    Attributes:
        sequence: Its place in the order of insertion, from 1.
        cost: US dollars of all model calls made for it; None where that of one of them is unknown.
        source: `Source.digest`; `EvolutionReader.source` has the text.
        texts: The columns that were asked for: `description`, `diff`, `text_feedback`, `error`, `public_metrics`,
            `private_metrics`, `feedback`.
        sampled_after: How many programs were recorded when its parent was sampled; None where that is not known.
    """

    sequence: int
    id: str
    generation: int
    island: int
    language: str
    score: float | None
    correct: bool
    parent_id: str | None
    name: str
    patch_type: str | None
    model: str
    cost: float | None
    evaluation_seconds: float
    created_at: datetime
    source: str
    advice_id: str | None
    idea_id: str | None
    system_prompt_id: str | None
    instance_scores: dict[str, float]
    features: dict[str, float]
    sampled_after: int | None = None
    texts: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def age(self) -> int | None:
        """How many programs were recorded between the sampling of its parent and itself; None where that is not known."""
        return None if self.sampled_after is None else self.sequence - 1 - self.sampled_after


@dataclass(frozen=True, slots=True)
class Descent:
    """Where a program comes from.

    Attributes:
        inspirations: Ids of the programs that were shown beside the parent, in the order shown.
    """

    sequence: int
    id: str
    generation: int
    score: float | None
    correct: bool
    parent_id: str | None
    inspirations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call of a model.

    Attributes:
        status: `answered`, `embedded` or `failed`.
        reason: Why it failed, or why its answer was cut; "" otherwise.
        cost: US dollars; None where nobody knows them.
        messages: What was asked, as (role, content); like the next three None unless texts are asked for.
        options: Those that were drawn for this question, where the settings give several to choose from.
        images: Name, digest and kind of each that went along; their files are in `images/` of the results folder.
    """

    id: int
    generation: int
    purpose: str
    attempt: int
    turn: int
    model: str
    status: str
    reason: str
    usage: Usage
    cost: float | None
    estimated: bool
    seconds: float
    created_at: datetime
    messages: tuple[tuple[str, str], ...] | None = None
    answer: str | None = None
    error: str | None = None
    options: dict[str, Any] | None = None
    images: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """How far a generation has come.

    Attributes:
        sequence: Its place in the order in which generations ended; None before.
        failure: Why it ended without a program.
        blame: Whose fault that was; None: nobody's, or closed before that was stored.
    """

    number: int
    state: GenerationState
    sequence: int | None
    failure: Failure | None
    blame: Blame | None
    started_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The outcome of a step.

    Attributes:
        step: A `GenerationState`, or `reopened`: what stands before it counts no more.
        payload: The whole outcome, its source and embedding in it.
    """

    id: int
    step: str
    attempt: int
    turn: int
    payload: dict[str, Any]
    seconds: float
    created_at: datetime


class Position:
    """How much of a record was read."""

    def __init__(self) -> None:
        self._calls = 0
        self._ends = 0
        self._moves: set[Event] = set()

    def new(self, events: Iterable[Event]) -> Iterator[Event]:
        """Those of all events that were not read before; each counts as read when the next one is asked for."""
        calls = ends = 0
        for event in events:
            match event:
                case Called():
                    calls += 1
                    if calls > self._calls:
                        yield event
                        self._calls = calls
                case Recorded() | Ended():
                    ends += 1
                    if ends > self._ends:
                        yield event
                        self._ends = ends
                case _:
                    if event not in self._moves:
                        yield event
                        self._moves.add(event)
