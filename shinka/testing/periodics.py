"""What every periodic step has to hold to, as tests: subclass `PeriodicContract` and say how one is made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig
from shinka_core.generation import evaluate, open_generation, record, seed_candidate, submit
from shinka_core.periodic import Periodic
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings

NUMBERS = range(1001)


class PeriodicContract:
    """The tests. Override `periodic`."""

    def periodic(self) -> Periodic:
        """A step, as a run would make it."""
        raise NotImplementedError

    def test_whether_it_is_due_depends_on_the_number_alone(self) -> None:
        first, second = self.periodic(), self.periodic()
        found = [first.due(number) for number in NUMBERS]
        assert {type(due) for due in found} == {bool}
        assert [second.due(number) for number in reversed(NUMBERS)] == found[::-1]
        assert not found[0], "nothing is recorded yet"
        assert any(found), "it is due at some time"

    def test_it_runs_beside_an_evolution_and_changes_none_of_its_programs(self, tmp_path: Path) -> None:
        async def check(run: Run) -> None:
            before = await run.database.by_generation(0)
            step = self.periodic()
            for _ in range(2):
                await step.run(run)
            assert len(run.database) == 1
            assert await run.database.by_generation(0) == before

        asyncio.run(with_a_run(tmp_path, check))

    def test_one_that_is_broken_off_ends(self, tmp_path: Path) -> None:
        async def check(run: Run) -> None:
            working = asyncio.create_task(self.periodic().run(run))
            await asyncio.sleep(0)
            working.cancel()
            done, _ = await asyncio.wait([working], timeout=10)
            assert done

        asyncio.run(with_a_run(tmp_path, check))


async def with_a_run(folder: Path, check: Callable[[Run], Awaitable[None]], **fields: Any) -> None:
    """Has something checked with a run whose seed program is recorded.

    Args:
        fields: Of the section `evolution`.
    """
    (folder / "initial.py").write_text("x = 1\n")
    (folder / "evaluate.py").write_text("def evaluate(program_path, results_dir): return {'combined_score': 1.0}\n")
    evolution = EvolutionConfig(num_generations=1, init_program_path=str(folder / "initial.py"), **fields)
    job = InProcessJobConfig(eval_program_path=str(folder / "evaluate.py"))
    async with open_run(RunSettings("contract", folder / "results", evolution, job, DatabaseConfig())) as run:
        opened = await open_generation(run, 0)
        seed = seed_candidate(run)
        await record(opened, None, seed, await evaluate(opened, await submit(opened, seed.source)))
        await check(run)
