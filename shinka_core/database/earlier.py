"""Programs as they lie in databases before revision 0006, which are looked at before they are brought up to date."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Double, Integer, Text, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.rows import program_of
from shinka_core.program import Program
from shinka_core.source import Source

_PROGRAMS = table(
    "programs",
    column("id", Text), column("evolution", Text), column("generation", Integer), column("code", Text),
    column("language", Text), column("island", Integer), column("score", Double), column("correct", Boolean),
    column("parent_id", Text), column("name", Text), column("description", Text), column("patch_type", Text),
    column("diff", Text), column("model", Text), column("cost", Double), column("public_metrics", JSON),
    column("private_metrics", JSON), column("text_feedback", Text), column("error", Text),
    column("evaluation_seconds", Double),
)  # fmt: skip
# The table that says that a database is of 0006 or later.
NEW_TABLE = "program_texts"


async def read_earlier_programs(connection: AsyncConnection, evolution: str, generation: int) -> list[Program]:
    """The program of a generation, without its inspirations; none or one."""
    columns = [column for column in _PROGRAMS.columns if column.name not in ("evolution", "code")]
    query = select(*columns, _PROGRAMS.c.code.label("source"))
    rows = await connection.execute(
        query.where(_PROGRAMS.c.evolution == evolution, _PROGRAMS.c.generation == generation)
    )
    return [program_of(row, Source.of(row.source, row.language)) for row in rows]
