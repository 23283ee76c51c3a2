"""The tables of an evolution: which there are, their columns, and their rows as they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from shinka_core.database import EvolutionReader
from shinka_core.database.reader import TEXTS
from shinka_core.database.records import CallRecord, ProgramRecord
from shinka_core.program import NO_GENERATION
from shinka_core.source import Source

# Programs whose sources are read at once.
SOURCES = 50

Row = tuple[Any, ...]


class Kind(StrEnum):
    """What is in a column; None may be in any."""

    WHOLE = "whole"
    NUMBER = "number"
    TRUTH = "truth"
    TEXT = "text"
    TIME = "time"
    """With its zone, which is UTC."""
    JSON = "json"
    """Lists and objects, in words of JSON."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        columns: Their names and kinds, in order.
        rows: Begins to read it; each row has a value for each column.
    """

    name: str
    columns: dict[str, Kind]
    rows: Callable[[], AsyncIterator[Row]]


_W, _N, _B, _T, _D, _J = Kind.WHOLE, Kind.NUMBER, Kind.TRUTH, Kind.TEXT, Kind.TIME, Kind.JSON
PROGRAMS = {
    "sequence": _W, "id": _T, "generation": _W, "island": _W, "language": _T, "score": _N, "correct": _B,
    "parent_id": _T, "name": _T, "patch_type": _T, "model": _T, "cost": _N, "evaluation_seconds": _N,
    "created_at": _D, "sampled_after": _W, "age": _W, "advice_id": _T, "idea_id": _T, "system_prompt_id": _T,
    "source": _T, "instance_scores": _J, "features": _J, "description": _T, "diff": _T, "text_feedback": _T,
    "error": _T, "public_metrics": _J, "private_metrics": _J, "feedback": _J, "code": _T, "files": _J,
}  # fmt: skip
LINEAGE = {
    "sequence": _W, "id": _T, "generation": _W, "score": _N, "correct": _B, "parent_id": _T, "inspirations": _J,
}  # fmt: skip
CALLS = {
    "id": _W, "generation": _W, "purpose": _T, "attempt": _W, "turn": _W, "model": _T, "status": _T, "reason": _T,
    "input_tokens": _W, "output_tokens": _W, "cached_tokens": _W, "reasoning_tokens": _W, "cost": _N,
    "estimated": _B, "seconds": _N, "created_at": _D,
}  # fmt: skip
CALL_TEXTS = {"messages": _J, "answer": _T, "error": _T, "options": _J, "images": _J}
GENERATIONS = {
    "number": _W, "state": _T, "sequence": _W, "failure_step": _T, "failure_reason": _T, "failure_detail": _T,
    "blame": _T, "started_at": _D, "updated_at": _D,
}  # fmt: skip
NAMES = ("programs", "lineage", "calls", "generations")


def tables_of(reader: EvolutionReader, *, texts: bool) -> tuple[Table, ...]:
    """All tables of an evolution.

    Each is read to the end that it has when it is read: beside a run that goes on a later one may know more.

    Args:
        texts: Whether calls come with their questions and answers.
    """
    return (
        Table("programs", PROGRAMS, lambda: _programs(reader)),
        Table("lineage", LINEAGE, lambda: _lineage(reader)),
        Table("calls", CALLS | (CALL_TEXTS if texts else {}), lambda: _calls(reader, texts=texts)),
        Table("generations", GENERATIONS, lambda: _generations(reader)),
    )


def moment(stored: datetime) -> datetime:
    """The time with its zone: SQLite does not keep it, and it is ours."""
    return stored.replace(tzinfo=stored.tzinfo or UTC).astimezone(UTC)


async def with_sources(
    reader: EvolutionReader, columns: Sequence[str] = ()
) -> AsyncIterator[tuple[ProgramRecord, Source]]:
    """Programs with their files, in the order in which they were recorded; few of them are held at once.

    Args:
        columns: Texts to be read with them.
    """
    async for some in at_once(reader.programs(columns=columns), SOURCES):
        sources = await reader.sources(some)
        for record in some:
            yield record, sources[record.id]


async def at_once(records: AsyncIterator[ProgramRecord], count: int) -> AsyncIterator[list[ProgramRecord]]:
    """So many records after so many."""
    waiting: list[ProgramRecord] = []
    async for record in records:
        waiting.append(record)
        if len(waiting) == count:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


async def _programs(reader: EvolutionReader) -> AsyncIterator[Row]:
    async for record, source in with_sources(reader, TEXTS):
        code = source.text if source.single else None
        files = None if source.single else [[file.path, file.language, file.text] for file in source.files]
        values = record.texts | {"created_at": moment(record.created_at), "code": code, "files": files}
        yield tuple(values[name] if name in values else getattr(record, name) for name in PROGRAMS)


async def _lineage(reader: EvolutionReader) -> AsyncIterator[Row]:
    async for descent in reader.lineage():
        values = {"inspirations": list(descent.inspirations)}
        yield tuple(values[name] if name in values else getattr(descent, name) for name in LINEAGE)


async def _calls(reader: EvolutionReader, *, texts: bool) -> AsyncIterator[Row]:
    async for call in reader.calls(texts=texts):
        yield tuple(_of_call(call, name) for name in (*CALLS, *(CALL_TEXTS if texts else ())))


def _of_call(call: CallRecord, name: str) -> Any:
    match name:
        case "generation":
            return None if call.generation == NO_GENERATION else call.generation
        case "created_at":
            return moment(call.created_at)
        case "messages":
            return [list(message) for message in call.messages or ()]
        case "images":
            return list(call.images)
        case _ if name.endswith("_tokens"):
            return getattr(call.usage, name)
        case _:
            return getattr(call, name)


async def _generations(reader: EvolutionReader) -> AsyncIterator[Row]:
    async for one in reader.generations():
        failure = one.failure
        why = (None, None, None) if failure is None else (failure.step, failure.reason, failure.detail)
        blame = None if one.blame is None else one.blame.value
        yield (one.number, one.state.value, one.sequence, *why, blame, moment(one.started_at), moment(one.updated_at))
