"""One program of an opened evolution: its text, what changed, what was said about it and to make it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol

from shinka_core.database.reader import EvolutionReader
from shinka_core.database.records import CallRecord, ProgramRecord, StepRecord
from shinka_core.edit.unified import unified_diff
from shinka_core.feedback import Feedback
from shinka_core.opened.html import program_page
from shinka_core.report.times import in_utc
from shinka_core.source import Source


class Asked(Protocol):
    """Who answers questions about a record."""

    def __call__(self, question: Callable[[EvolutionReader], Coroutine[Any, Any, Any]], /) -> Any:
        """The answer of one question."""


class OpenedProgram:
    """A program, whose texts are read when they are asked for and kept.

    Attributes:
        record: The program as it is recorded.
    """

    def __init__(self, ask: Asked, record: ProgramRecord) -> None:
        self._ask = ask
        self.record = replace(record, created_at=in_utc(record.created_at))

    def __repr__(self) -> str:
        """Its place and its score in one line."""
        score = "not correct" if not self.correct else f"score {self.score}"
        return f"<program {self.id} of generation {self.generation}, {score}: {self.name!r}>"

    def _repr_html_(self) -> str:
        return program_page(self.record, self.diff, self.source)

    @property
    def id(self) -> str:
        """Unique over all runs."""
        return self.record.id

    @property
    def generation(self) -> int:
        """That made it; 0 is the seed program."""
        return self.record.generation

    @property
    def score(self) -> float | None:
        """Larger is better; None where the evaluator gave none."""
        return self.record.score

    @property
    def correct(self) -> bool:
        """Whether the evaluator accepted it."""
        return self.record.correct

    @property
    def name(self) -> str:
        """By which its model calls it."""
        return self.record.name

    @property
    def description(self) -> str:
        """What its model says of it."""
        return self.record.texts["description"] or ""

    @property
    def metrics(self) -> dict[str, Any]:
        """What the evaluator told, the private metrics among it."""
        return dict(self.record.texts["public_metrics"] or {}) | dict(self.record.texts["private_metrics"] or {})

    @property
    def text_feedback(self) -> str:
        """What the evaluator told in words."""
        return self.record.texts["text_feedback"] or ""

    @property
    def feedback(self) -> Feedback:
        """What the evaluator told in pieces."""
        return Feedback.load(self.record.texts["feedback"])

    @property
    def error(self) -> str:
        """Why it is not correct; "" when it is."""
        return self.record.texts["error"] or ""

    @cached_property
    def source(self) -> Source:
        """Its files."""
        return self._ask(lambda reader: reader.source(self.id))

    @property
    def code(self) -> str:
        """The text of a program that is one file.

        Raises:
            ValueError: It has several; `source` has them.
        """
        return self.source.text

    @cached_property
    def parent(self) -> OpenedProgram | None:
        """The program that it was made from; None of one that was given."""
        parent_id = self.record.parent_id
        if parent_id is None:
            return None
        return OpenedProgram(self._ask, self._ask(lambda reader: reader.program(parent_id)))

    @cached_property
    def diff(self) -> str:
        """The change from its parent as a unified diff; "" where there is no parent."""
        return "" if self.parent is None else unified_diff(self.parent.source, self.source)

    @cached_property
    def diff_to_seed(self) -> str:
        """The change from the seed program (generation 0) as a unified diff."""

        async def seed(reader: EvolutionReader) -> Source:
            return await reader.source((await reader.program(0, ())).id)

        return unified_diff(self._ask(seed), self.source, ("seed", "program"))

    @cached_property
    def calls(self) -> list[CallRecord]:
        """What was asked of models for its generation and what they answered, in order."""

        async def read(reader: EvolutionReader) -> list[CallRecord]:
            found = reader.calls(texts=True, generation=self.generation)
            return [replace(call, created_at=in_utc(call.created_at)) async for call in found]

        return self._ask(read)

    @cached_property
    def steps(self) -> list[StepRecord]:
        """The outcome of every step of its generation, in order."""
        return self._ask(lambda reader: reader.steps(self.generation))
