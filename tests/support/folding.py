"""A process that fills a program database until it is killed, and says after every event what its folds have come to.

python -m tests.support.folding '{"database": ..., "folder": ..., "settings": {...}, "seed": 1}'
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from shinka_core.budget import Budget
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase, values
from shinka_core.llm.question import CallKey, Question
from shinka_core.population.search import Choice
from shinka_core.program import (
    Answer,
    Failure,
    GenerationContext,
    GenerationState,
    Program,
    Purpose,
    new_program_id,
)
from shinka_core.progress import Progress
from shinka_core.record import Pull
from shinka_core.source import Source

RUN = "folded"
ENDLESS = 100_000


class Folded:
    """A database with its folds."""

    def __init__(self, options: dict[str, Any]) -> None:
        config = DatabaseConfig(db_path=options["database"], **options["settings"])
        self.database = AsyncProgramDatabase(config, Path(options["folder"]))
        self.budget, self.progress = Budget(None), Progress(ENDLESS)

    async def open(self, seed: int) -> None:
        """Begins the evolution, or resumes it."""
        if await self.database.exists(RUN):
            await self.database.resume(RUN, None, self.budget, self.progress)
        else:
            await self.database.begin(RUN, seed=seed, settings={})
        self.database.folds.add(self.progress)

    def key(self) -> str:
        """Which prefix of the record the folds have seen."""
        view = self.database._population.view()
        counts = [len(view), *map(len, view.islands), self.progress.failures.total(), round(self.progress.cost)]
        return " ".join(map(str, counts))

    def state(self) -> str:
        """A digest of everything that decides."""
        view, stats = self.database._population.view(), self.database._population.stats()
        children = view.children.copy()
        for parent, _ in self.database._population._under_way.values():
            children[parent] -= 1  # dies with its process
        arrays = (
            view.scores, view.correct, children, view.parents, view.generations, view.births, *view.islands,
            view.elites, view.embeddings, view.instance_scores, *view.features.values(), stats.numbers,
            *stats.failures,
        )  # fmt: skip
        digest = hashlib.sha256(" ".join(view.ids).encode())
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        progress = self.progress
        told = (progress.correct, progress.best_score, progress.best_generation, progress.seed_score)
        digest.update(repr((told, sorted(progress.failures.items()), self.database._population.best())).encode())
        return digest.hexdigest()


async def fill(options: dict[str, Any]) -> None:
    """Samples, calls, fails and records without end."""
    folded = Folded(options)
    database, seed = folded.database, options["seed"]
    async with database:
        await folded.open(seed)
        final = await database.journal.final()
        for number in range(ENDLESS):
            if number in final:
                continue
            rng = np.random.default_rng([seed, number])
            await database.journal.claim(number)
            parent = None
            if number:
                context = GenerationContext(RUN, number, seed)
                sampling = await database.sample(context, 0, _pull)
                told = values.dump_sampling(sampling)
                await database.journal.write(number, GenerationState.SAMPLED, 0, 0, told, 0.0)
                parent = sampling.parent
                key = CallKey(number, Purpose.PROPOSAL, 0, int(rng.integers(10**6)))
                if await database.calls.find(key) is None:  # it was killed before, just behind the answer
                    await database.calls.answered(Question(key, "m", "", "?", seed=0), Answer("x", "m", cost=1.0))
            if number and rng.random() < 0.2:
                await database.journal.fail(number, Failure("patch", "x", ""))
            else:
                vector = rng.standard_normal(8).astype(np.float32)
                program = Program(
                    id=new_program_id(), generation=number, source=Source.of(f"x = {number}", "python"),
                    island=0 if parent is None else sampling.island, score=float(rng.integers(20)),
                    correct=bool(rng.random() < 0.8) or not number, parent_id=parent and parent.id,
                )  # fmt: skip
                pulls = (Pull("diff", "m", island=sampling.island),) if number else ()
                await database.add(program, vector / np.linalg.norm(vector), pulls)
            print(json.dumps({"key": folded.key(), "state": folded.state()}), flush=True)


def _pull(_rng: np.random.Generator, _choice: Choice) -> tuple[str, str]:
    return "diff", "m"


if __name__ == "__main__":
    asyncio.run(fill(json.loads(sys.argv[1])))
