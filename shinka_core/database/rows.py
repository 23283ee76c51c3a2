"""Programs as rows, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.schema import ProgramRow
from shinka_core.database.values import finite_only
from shinka_core.program import Program

# The columns that make a `Program`; embeddings are read by the population alone.
PROGRAM_COLUMNS = (
    ProgramRow.id,
    ProgramRow.generation,
    ProgramRow.code,
    ProgramRow.language,
    ProgramRow.island,
    ProgramRow.score,
    ProgramRow.correct,
    ProgramRow.parent_id,
    ProgramRow.name,
    ProgramRow.description,
    ProgramRow.patch_type,
    ProgramRow.diff,
    ProgramRow.model,
    ProgramRow.cost,
    ProgramRow.public_metrics,
    ProgramRow.private_metrics,
    ProgramRow.text_feedback,
    ProgramRow.error,
    ProgramRow.evaluation_seconds,
)


def program_values(program: Program, evolution: str, embedding: NDArray[np.float32] | None) -> dict[str, Any]:
    """The column values of a program."""
    return {
        "id": program.id,
        "evolution": evolution,
        "generation": program.generation,
        "island": program.island,
        "code": program.code,
        "language": program.language,
        "score": finite_only(program.score),
        "correct": program.correct,
        "parent_id": program.parent_id,
        "name": program.name,
        "description": program.description,
        "patch_type": program.patch_type,
        "diff": program.diff,
        "model": program.model,
        "cost": program.cost,
        "public_metrics": finite_only(program.public_metrics),
        "private_metrics": finite_only(program.private_metrics),
        "text_feedback": program.text_feedback,
        "error": program.error,
        "evaluation_seconds": program.evaluation_seconds,
        "embedding": None if embedding is None else embedding.astype("<f4").tobytes(),
    }


def program_of(row: Any, inspirations: tuple[str, ...] = ()) -> Program:
    """The program of a row of `PROGRAM_COLUMNS`."""
    return Program(**row._mapping, inspiration_ids=inspirations)


def vector_of(blob: bytes | None) -> NDArray[np.float32] | None:
    """The embedding of a row, `(d,)` float32."""
    return None if blob is None else np.frombuffer(blob, dtype="<f4").astype(np.float32)
