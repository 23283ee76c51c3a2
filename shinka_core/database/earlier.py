"""Programs as they lie in databases before revision 0006, which are looked at before they are brought up to date."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Double, Integer, Select, Text, column, select, table

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


def select_earlier_program(evolution: str, generation: int) -> Select[tuple[object, ...]]:
    """The program of a generation, with the columns that `program_of` reads."""
    columns = [column for column in _PROGRAMS.columns if column.name != "evolution"]
    return select(*columns).where(_PROGRAMS.c.evolution == evolution, _PROGRAMS.c.generation == generation)
