"""Programs as rows, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, bindparam, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import ProgramRow, ProgramTextRow, table_of
from shinka_core.database.sources import embedding_rows, in_language, packed, read_sources, source_rows
from shinka_core.database.values import finite_only
from shinka_core.database.writer import Rows
from shinka_core.feedback import Feedback
from shinka_core.program import Program
from shinka_core.source import Source

# The narrow columns that make a `Program`.
_NARROW = (
    ProgramRow.id,
    ProgramRow.generation,
    ProgramRow.source,
    ProgramRow.language,
    ProgramRow.island,
    ProgramRow.score,
    ProgramRow.correct,
    ProgramRow.parent_id,
    ProgramRow.name,
    ProgramRow.patch_type,
    ProgramRow.model,
    ProgramRow.cost,
    ProgramRow.evaluation_seconds,
    ProgramRow.advice_id,
    ProgramRow.idea_id,
    ProgramRow.system_prompt_id,
    ProgramRow.instance_scores,
    ProgramRow.features,
)
_TEXTS = (
    ProgramTextRow.description,
    ProgramTextRow.diff,
    ProgramTextRow.public_metrics,
    ProgramTextRow.private_metrics,
    ProgramTextRow.text_feedback,
    ProgramTextRow.error,
)
# What databases before revision 0008 lack.
_LATER = (ProgramRow.sampled_after, ProgramTextRow.feedback)
_BEFORE = table_of(ProgramRow).alias("before")
# Its place in the order of insertion is the database's to give; `of` is the evolution once more.
PROGRAM = insert(table_of(ProgramRow)).values(
    sequence=select(func.coalesce(func.max(_BEFORE.c.sequence), 0) + 1)
    .where(_BEFORE.c.evolution == bindparam("of"))
    .scalar_subquery()
)
TEXTS = insert(table_of(ProgramTextRow))


def select_programs(*, later: bool = True) -> Select[Any]:
    """Programs with their texts; their sources are read by `read_programs`.

    Args:
        later: With what databases before revision 0008 lack.
    """
    return select(*_NARROW, *_TEXTS, *(_LATER if later else ())).join(
        ProgramTextRow, ProgramTextRow.program_id == ProgramRow.id
    )


async def read_programs(connection: AsyncConnection, *where: ColumnElement[bool], later: bool = True) -> list[Program]:
    """The programs of which all of that is true, without their inspirations."""
    rows = (await connection.execute(select_programs(later=later).where(*where))).all()
    sources = await read_sources(connection, {row.source for row in rows})
    return [program_of(row, in_language(sources[row.source], row.language)) for row in rows]


def program_rows(program: Program, evolution: str, embedding: NDArray[np.float32] | None) -> list[Rows]:
    """What stores a program: itself and all that is kept apart from it."""
    vector = packed(embedding)
    rows = source_rows(program.source)
    values = program_values(program, evolution, program.source)
    if vector is not None:
        values["embedding"], stored = embedding_rows(vector)
        rows += stored
    return [*rows, Rows(PROGRAM, values | {"of": evolution}), Rows(TEXTS, text_values(program))]


def program_values(program: Program, evolution: str, source: Source) -> dict[str, Any]:
    """The narrow column values of a program without an embedding."""
    return {
        "id": program.id,
        "evolution": evolution,
        "generation": program.generation,
        "island": program.island,
        "language": program.language,
        "score": finite_only(program.score),
        "correct": program.correct,
        "parent_id": program.parent_id,
        "name": program.name,
        "patch_type": program.patch_type,
        "model": program.model,
        "cost": program.cost,
        "evaluation_seconds": program.evaluation_seconds,
        "source": source.digest,
        "source_key": source.key,
        "embedding": None,
        "advice_id": program.advice_id,
        "idea_id": program.idea_id,
        "system_prompt_id": program.system_prompt_id,
        "instance_scores": program.instance_scores or None,
        "features": program.features or None,
        "sampled_after": program.sampled_after,
    }


def text_values(program: Program) -> dict[str, Any]:
    """The column values of what is long about a program."""
    return {
        "program_id": program.id,
        "description": program.description,
        "diff": program.diff,
        "public_metrics": finite_only(program.public_metrics),
        "private_metrics": finite_only(program.private_metrics),
        "text_feedback": program.text_feedback,
        "error": program.error,
        "feedback": program.feedback.dump(),
    }


def program_of(row: Any, source: Source) -> Program:
    """The program of a row of `select_programs`, without its inspirations."""
    values: dict[str, Any] = dict(row._mapping)
    values["source"] = source
    del values["language"]
    for name in ("instance_scores", "features"):
        values[name] = values.get(name) or {}
    values["feedback"] = Feedback.load(values.get("feedback"))
    return Program(**values)
