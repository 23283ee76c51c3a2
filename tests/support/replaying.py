"""Runs whose answers and evaluations come in any order, to be played again: the core in a plain loop, a real endpoint."""

from __future__ import annotations

import asyncio
import random
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.database import EvolutionReader
from shinka_core.program import Evaluation, Job
from shinka_core.record import Called
from shinka_core.run import RunSettings, open_run
from shinka_core.settings import Resume
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer, Script
from tests.support.runs import TASK

SLOTS = 10
NAME = "played"


@dataclass
class Unsteady(Script):
    """A model that takes its time, each time another one."""

    longest: float = 0.02

    def __getattribute__(self, name: str) -> Any:
        if name == "latency":
            return random.random() * self.longest
        return super().__getattribute__(name)


class UnsteadyLauncher(FakeLauncher):
    """Evaluations that take their time; every seventh program is not correct."""

    async def result(self, job: Job) -> Evaluation:
        await asyncio.sleep(random.random() * 0.02)
        value = zlib.crc32(Path(job.program_path).read_bytes())
        seconds = 0.5 + value % 10 / 10
        if value % 7 == 0 and "gen_0" not in job.program_path:
            return Evaluation(None, False, error="divided by zero", seconds=seconds)
        scores = {"a": value % 5 / 5, "b": value % 3 / 3}
        return Evaluation(value / 2**32, True, text_feedback="as it is", seconds=seconds, instance_scores=scores)


def settings(folder: Path, url: str, generations: int, **fields: Any) -> RunSettings:
    """A search in which much is going on: islands that come and go, migration, a bandit, three operators."""
    evolution: dict[str, Any] = {
        "num_generations": generations, "init_program_path": str(TASK / "initial.py"), "llm_models": ["m", "n"],
        "llm_base_url": url, "llm_prices": {"m": {"input": 1.0, "output": 1.0}, "n": {"input": 9.0, "output": 1.0}},
        "bandit": "asymmetric_ucb", "results_dir": str(folder), "llm_retries": 0,
    }  # fmt: skip
    database: dict[str, Any] = {
        "num_islands": 3, "migration_strategy": "ring", "migration_interval": 4, "migration_rate": 0.3,
        "stagnation_threshold": 9, "island_cooldown": 5, "archive_size": 6,
        "inspiration_strategies": ["archive", "top_k", "lineage"], "inspiration_share": 1.0,
        "parent_selection_strategy": {"name": "rank", "power": 1}, "island_selection_strategy": "uniform",
    }  # fmt: skip
    evolution |= {name: value for name, value in fields.items() if name in EvolutionConfig.model_fields}
    database |= {name: value for name, value in fields.items() if name in DatabaseConfig.model_fields}
    job = LocalJobConfig(eval_program_path=str(TASK / "evaluate.py"))
    return RunSettings(NAME, folder, EvolutionConfig(**evolution), job, DatabaseConfig(**database), SLOTS, SLOTS)


async def play(folder: Path, generations: int, *, seed: int = 1, resume: bool = False, **fields: Any) -> None:
    """Lets a run go to its end, with a model that makes mistakes now and then."""
    script = Unsteady(faults={"no_code": 0.1, "truncated": 0.1, "refusal_text": 0.05}, seed=seed)
    async with ModelServer(script) as server:
        told = settings(folder, server.url, generations, seed=seed, **fields)
        async with open_run(told, resume=Resume.of(resume)) as run:
            run.launcher = UnsteadyLauncher()
            await evolve(run)


async def outcome(folder: Path) -> list[tuple[Any, ...]]:
    """What a run came to, ids aside: source, score, parent, island and operator by generation, in the order of the record."""
    found: list[tuple[Any, ...]] = []
    async with EvolutionReader.open(folder) as reader:
        programs = [program async for program in reader.programs()]
        number = {program.id: program.generation for program in programs}
        for program in programs:
            parent = number.get(program.parent_id or "")
            found.append(
                (program.generation, program.source, program.score, program.correct, parent, program.island,
                 program.patch_type, program.model)
            )  # fmt: skip
        found += [
            (type(event).__name__, getattr(event, "after", None), getattr(event, "island", None))
            async for event in reader.events()
            if not isinstance(event, Called)
        ]
    return found
