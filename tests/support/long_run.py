"""A long evolution as a database, made up and written past the interface that would take one generation at a time.

python -m tests.support.long_run results/ --generations 10000
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import bindparam, insert, update

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.rows import program_rows
from shinka_core.database.schema import CallTextRow, GenerationRow, IslandMemberRow, ModelCallRow, ProgramRow, StepRow
from shinka_core.database.writer import execute_rows
from shinka_core.program import Program
from shinka_core.source import Source

NAME = "long"
ISLANDS = 4
BATCH = 500
LINES = 120
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
INSTRUCTIONS = "\n".join(
    f"Rule {number}: what is asked of the answer, in a sentence of usual length." for number in range(40)
)


class Made:
    """What was made so far: programs whose sources are their parent's with a line or two changed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.programs: list[Program] = []
        self._lines: list[list[str]] = []

    def program(self, number: int) -> Program:
        parent = None
        lines = [f"x{line} = {line}.0  # a line of the first program" for line in range(LINES)]
        if self.programs:
            known = len(self.programs)
            at = int(max(known - 1 - self.rng.exponential(known / 5), 0))
            parent, lines = self.programs[at], list(self._lines[at])
            for place in self.rng.integers(0, LINES, 2):
                lines[place] = f"x{place} = {self.rng.random():.6f}  # moved by generation {number}"
        correct = not self.programs or bool(self.rng.random() < 0.8)
        base = 0.0 if parent is None or parent.score is None else parent.score
        score = float(base + self.rng.normal(0.0, 0.02)) if parent else 0.0
        made = Program(
            id=f"{number:032x}", generation=number, source=Source.of("\n".join(lines) + "\n", "python"),
            island=number % ISLANDS, score=score, correct=correct, name=f"moves_two_lines_{number}",
            description="Moves two lines.", diff="", parent_id=parent.id if parent else None,
            patch_type=str(self.rng.choice(["diff", "full", "cross"])) if parent else None,
            model=str(self.rng.choice(["small", "large"])) if parent else "", cost=0.01, evaluation_seconds=1.5,
            inspiration_ids=tuple(one.id for one in self.programs[-3:-1]), error="" if correct else "a check failed",
            public_metrics={"length": float(number)}, features={"length": float(self.rng.random()), "speed": float(self.rng.random())},
            instance_scores={name: float(self.rng.random()) for name in ("first", "second")},
        )  # fmt: skip
        self.programs.append(made)
        self._lines.append(lines)
        return made

    def prompt(self, program: Program) -> list[dict[str, str]]:
        shown = [one.source.text for one in self.programs[-4:-1]]
        text = "\n\n".join(["# Task", INSTRUCTIONS, "# The current program", *shown])
        return [
            {"role": "system", "content": "You improve programs.\n" + INSTRUCTIONS},
            {"role": "user", "content": text},
        ]


def moment(number: int) -> datetime:
    return BEGAN + timedelta(seconds=0.5 * number)


def call_rows(number: int, made: Made, program: Program | None, answer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    at = moment(number)
    call = {
        "evolution": NAME, "generation": number, "purpose": "proposal", "attempt": 0, "turn": 0,
        "model": program.model if program else "small", "status": "answered", "input_tokens": 4000, "output_tokens": 300,
        "cached_tokens": 1500, "cost": 0.01, "seconds": 4.0, "created_at": at, "texts": f"{number:020d}",
    }  # fmt: skip
    said = {
        "id": f"{number:020d}",
        "messages": made.prompt(made.programs[-1]),
        "answer": answer,
        "error": "",
        "options": None,
    }
    return call, said


def step_rows(number: int) -> Iterator[dict[str, Any]]:
    at = moment(number)
    for step, before in (("sampled", 6.0), ("judged", 2.0), ("submitted", 1.9), ("evaluated", 0.1)):
        payload = (
            {"parent": "", "island": number % ISLANDS, "patch_type": "diff", "model": "small"}
            if step == "sampled"
            else {}
        )
        yield {
            "evolution": NAME, "generation": number, "step": step, "attempt": 0, "turn": 0, "seconds": 0.1,
            "created_at": at - timedelta(seconds=before), "source": None, "embedding": None, "payload": payload,
        }  # fmt: skip


async def write_long_run(folder: Path, generations: int, *, embeddings: int = 64, seed: int = 0) -> None:
    """An evolution called `long` in `folder/evolution.sqlite`: every tenth generation failed, most have embeddings."""
    made = Made(seed)
    settings = {
        "evolution": {"max_parallel_jobs": 4, "seed": 0},
        "max_proposal_jobs": 16,
        "database": {"num_islands": ISLANDS},
    }
    async with AsyncProgramDatabase(DatabaseConfig(num_islands=ISLANDS), folder) as database:
        await database.begin(NAME, seed=0, settings=settings)
        for start in range(0, generations, BATCH):
            numbers = range(start, min(start + BATCH, generations))
            calls, said, ends, members, rows = [], [], [], [], []
            for number in numbers:
                failed = number % 10 == 7
                program = None if failed else made.program(number)
                at = moment(number)
                end = {
                    "evolution": NAME,
                    "number": number,
                    "sequence": number + 1,
                    "started_at": at - timedelta(seconds=6),
                    "updated_at": at,
                }
                none = {"failure_step": "", "failure_reason": "", "failure_detail": "", "blame": ""}
                if program is None:
                    why = {
                        "failure_step": "patch",
                        "failure_reason": "search_not_found",
                        "failure_detail": f"nothing like it, {number}",
                        "blame": "model",
                    }
                    ends.append(end | {"state": "failed"} | why)
                else:
                    ends.append(end | {"state": "recorded"} | none)
                    vector = made.rng.normal(size=embeddings).astype(np.float32)
                    rows += program_rows(program, NAME, vector / np.linalg.norm(vector))
                    living = range(ISLANDS) if number == 0 else (program.island,)
                    members += [{"evolution": NAME, "island": island, "program_id": program.id} for island in living]
                if number:
                    call, words = call_rows(number, made, program, f"<<<< changed {number}\n" + "y = 1\n" * 8)
                    calls.append(call)
                    said.append(words)
            async with database._engine.begin() as connection:
                await execute_rows(connection, rows)
                when = [{"of": f"{end['number']:032x}", "at": end["updated_at"]} for end in ends]
                recorded = update(ProgramRow.__table__).where(ProgramRow.__table__.c.id == bindparam("of"))
                await connection.execute(recorded.values(created_at=bindparam("at")), when)
                await connection.execute(insert(IslandMemberRow), members)
                await connection.execute(insert(GenerationRow), ends)
                await connection.execute(insert(CallTextRow), said)
                await connection.execute(insert(ModelCallRow), calls)
                await connection.execute(insert(StepRow), [row for number in numbers for row in step_rows(number)])
        await database.finish("stopped")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--generations", type=int, default=10_000)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(write_long_run(given.folder, given.generations))
