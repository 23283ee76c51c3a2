"""What was tried between two places of the record: the programs with their words, and what came to no program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from shinka_core.database.schema import GenerationRow, ProgramRow, ProgramTextRow
from shinka_core.database.seed import SEED
from shinka_core.errors import Blame
from shinka_core.program import Failure, GenerationState

# Characters of each text that are read.
LONGEST = 4_000
# Failures that say something about what was proposed, and nothing about who was asked or where it ran.
TELLING = ("", Blame.CANDIDATE.value)


@dataclass(frozen=True, slots=True)
class Tried:
    """A program that was made of another, as the record has it.

    Attributes:
        sequence: Its place in the order in which programs were recorded, from 1.
        parent_score: None when the parent has none or is not correct.
        diff: Against the parent; of it and of the texts the beginning.
    """

    sequence: int
    generation: int
    name: str
    operator: str | None
    score: float | None
    correct: bool
    parent_score: float | None
    description: str = ""
    diff: str = ""
    error: str = ""
    text_feedback: str = ""

    @property
    def gain(self) -> float | None:
        """By how much it is better than its parent; None when one of them is not correct."""
        if not self.correct or self.score is None or self.parent_score is None:
            return None
        return self.score - self.parent_score


@dataclass(frozen=True, slots=True)
class History:
    """What was tried, in the order in which it ended.

    Attributes:
        failures: Proposals that came to no program, where that says something about what was proposed.
        seed_score: Of the program that the search began with, if it is correct.
        best_score: Of all that were recorded by the end of the stretch; so is `best_id`.
    """

    programs: tuple[Tried, ...]
    failures: tuple[Failure, ...] = ()
    seed_score: float | None = None
    best_score: float | None = None
    best_id: str | None = None


async def read_history(connection: AsyncConnection, evolution: str, after: int, upto: int) -> History:
    """What was tried behind one place of the record, up to and with another; the seed program was not.

    Args:
        after: Programs that were recorded by then; so is `upto`.
    """
    parent = aliased(ProgramRow)
    text = ProgramTextRow
    rows = await connection.execute(
        select(
            ProgramRow.sequence,
            ProgramRow.generation,
            ProgramRow.name,
            ProgramRow.patch_type,
            ProgramRow.score,
            ProgramRow.correct,
            parent.score,
            parent.correct,
            *(
                func.substr(column, 1, LONGEST)
                for column in (text.description, text.diff, text.error, text.text_feedback)
            ),
        )
        .join(text, text.program_id == ProgramRow.id)
        .join(parent, parent.id == ProgramRow.parent_id)
        .where(
            ProgramRow.evolution == evolution,
            ProgramRow.generation != SEED,
            ProgramRow.sequence > after,
            ProgramRow.sequence <= upto,
        )
        .order_by(ProgramRow.sequence)
    )
    programs = tuple(map(_tried, rows))
    first, last = await _end_of(connection, evolution, after), await _end_of(connection, evolution, upto)
    failed = await connection.execute(
        select(
            GenerationRow.failure_step,
            GenerationRow.failure_reason,
            func.substr(GenerationRow.failure_detail, 1, LONGEST),
        )
        .where(
            GenerationRow.evolution == evolution,
            GenerationRow.state == GenerationState.FAILED.value,
            GenerationRow.blame.in_(TELLING),
            GenerationRow.sequence > first,
            GenerationRow.sequence <= last,
        )
        .order_by(GenerationRow.sequence)
    )
    failures = tuple(Failure(*(said or "" for said in why)) for why in failed.tuples())
    good = select(ProgramRow.score, ProgramRow.id).where(
        ProgramRow.evolution == evolution,
        ProgramRow.correct,
        ProgramRow.score.is_not(None),
        ProgramRow.sequence <= upto,
    )
    best = (await connection.execute(good.order_by(ProgramRow.score.desc(), ProgramRow.sequence).limit(1))).first()
    seed_score = await connection.scalar(good.where(ProgramRow.generation == SEED))
    return History(programs, failures, seed_score, *(best or (None, None)))


def _tried(row: Row[Any]) -> Tried:
    sequence, generation, name, operator, score, correct, parent_score, parent_correct, *texts = row
    known = parent_score if parent_correct else None
    return Tried(sequence, generation, name, operator, score, correct, known, *(text or "" for text in texts))


async def _end_of(connection: AsyncConnection, evolution: str, sequence: int) -> int:
    """The place of a program's generation in the order of ends; 0 where there is none."""
    found = await connection.scalar(
        select(GenerationRow.sequence)
        .join(
            ProgramRow,
            (ProgramRow.evolution == GenerationRow.evolution) & (ProgramRow.generation == GenerationRow.number),
        )
        .where(ProgramRow.evolution == evolution, ProgramRow.sequence == sequence)
    )
    return found or 0
