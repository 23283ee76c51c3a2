"""Nothing holds up the event loop, however large programs, answers and populations are."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from shinka_core import generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.database.rows import program_rows
from shinka_core.database.schema import GenerationRow, IslandMemberRow, table_of
from shinka_core.database.writer import execute_rows
from shinka_core.embed import HashedNgrams
from shinka_core.program import Answer, Failure, Program
from shinka_core.run import Run, open_run
from shinka_core.settings import RunSettings
from shinka_core.source import Source
from tests.support.bare import FakeLauncher
from tests.support.model_server import ModelServer, Script
from tests.support.watchdog import watched_loop


def program(lines: int, *, outside: int = 0) -> str:
    rng = random.Random(1)
    around = "".join(f"AROUND_{n} = {rng.random()}\n" for n in range(outside))
    block = "".join(f"value_{n} = f({rng.random()}, {rng.randrange(100)})\n" for n in range(lines))
    return f"{around}# EVOLVE-BLOCK-START\n{block}# EVOLVE-BLOCK-END\n{around}"


def settings(folder: Path, code: str, database: dict[str, Any] | None = None, **evolve: Any) -> RunSettings:
    (folder / "initial.txt").write_text(code)
    (folder / "evaluate.py").write_text("")
    config = EvolutionConfig(init_program_path=str(folder / "initial.txt"), num_generations=3, **evolve)
    job = LocalJobConfig(eval_program_path=str(folder / "evaluate.py"), isolation="none")
    return RunSettings("run", folder / "results", config, job, DatabaseConfig(**database or {}), 2, 2)


async def live(run: Run, number: int) -> None:
    """One generation, from sampling to its record."""
    opened = await steps.open_generation(run, number)
    if number == 0:
        await steps.embed_seed(opened)
        candidate, sampling = steps.seed_candidate(run), None
    else:
        sampling = await steps.sample(opened, 0)
        answer = await steps.query(opened, sampling, 0)
        candidate = await steps.patch(opened, sampling, answer, 0)
        assert not isinstance(candidate, Failure), candidate
        verdict = await steps.judge(opened, sampling, candidate, 0)
        assert verdict.novel, verdict
    evaluation = await steps.evaluate(opened, await steps.submit(opened, candidate.source))
    await steps.record(opened, sampling, candidate, evaluation)


def change(messages: list[dict[str, str]], number: int) -> str:
    return f"<<<<<<< SEARCH\nLAST = 0\n=======\nLAST = 0\nadded_{number} = {number}\n>>>>>>> REPLACE\n"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["m", "gpt-4.1"])
async def test_a_generation_of_a_megabyte(tmp_path: Path, model: str) -> None:
    code = program(10, outside=20_000).replace("# EVOLVE-BLOCK-END", "LAST = 0\n# EVOLVE-BLOCK-END")
    assert len(code) > 1_000_000
    async with ModelServer(Script(answer=change)) as server:
        config = settings(
            tmp_path, code, llm_models=[model], llm_base_url=server.url, patch_types=["diff"], patch_type_probs=[1],
            max_program_size=2_000_000,
        )  # fmt: skip
        async with open_run(config, resume=False) as run:
            run.launcher = FakeLauncher()
            with watched_loop():
                for number in range(4):
                    await live(run, number)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["python", "cpp", "text"])
async def test_the_embedding_of_a_megabyte(language: str) -> None:
    code = program(20_000)
    with watched_loop():
        await HashedNgrams().embed(code, language)


@pytest.mark.slow
async def test_an_answer_of_five_megabytes(tmp_path: Path) -> None:
    code = "# EVOLVE-BLOCK-START\nLAST = 0\n# EVOLVE-BLOCK-END\n"
    answer = "".join(f"<<<<<<< SEARCH\nLAST = {n}\n=======\nLAST = {n + 1}\n>>>>>>> REPLACE\n" for n in range(1_000))
    talk = "so be it, " * 500_000
    async with ModelServer(Script(answer=lambda messages, number: talk + "\n" + answer)) as server:
        config = settings(tmp_path, code, llm_models=["m"], llm_base_url=server.url)
        async with open_run(config, resume=False) as run:
            run.launcher = FakeLauncher()
            await live(run, 0)
            with watched_loop():
                await live(run, 1)


WIDTH = 384


async def store(run: Run, count: int) -> None:
    """Fills the database with programs, quickly, behind the run's back."""
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((count, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    programs = [
        rows
        for number in range(count)
        for rows in program_rows(_program(number, float(rng.random())), run.evolution, vectors[number])
    ]
    states = [{"evolution": run.evolution, "number": number, "state": "recorded"} for number in range(count)]
    places = [{"evolution": run.evolution, "island": number % 2, "program_id": _id(number)} for number in range(count)]
    async with run.database._engine.begin() as connection:
        await execute_rows(connection, programs)
        await connection.execute(insert(table_of(GenerationRow)), states)
        await connection.execute(insert(table_of(IslandMemberRow)), places)


def _id(number: int) -> str:
    return f"{number:032x}"


def _program(number: int, score: float) -> Program:
    return Program(_id(number), number, Source.of(f"x = {number}", "text"), number % 2, score, True)


@pytest.mark.slow
async def test_a_population_of_ten_thousand(tmp_path: Path) -> None:
    config = settings(tmp_path, "LAST = 0\n", {"archive_size": 1_000, "num_islands": 2})
    async with open_run(config, resume=False) as run:
        await store(run, 10_000)
    with watched_loop():
        async with open_run(config, resume=True) as run:
            assert run.progress.resumed == 9_999
            await run.database.journal.final()
            assert len(run.database) == 10_000
            for number in range(10_000, 10_020):
                opened = await steps.open_generation(run, number)
                await steps.sample(opened, 0)
                await run.database.nearest(0, np.full(WIDTH, WIDTH**-0.5, dtype=np.float32), 5)
                await run.database.add(_program(number, 2.0), np.full(WIDTH, WIDTH**-0.5, dtype=np.float32))
            await run.database.summary()
            assert await run.database.best() is not None


@pytest.mark.slow
async def test_a_block_of_a_megabyte_written_anew(tmp_path: Path) -> None:
    code = "# EVOLVE-BLOCK-START\n" + "the_value = some_function(a, b)\n" * 30_000 + "# EVOLVE-BLOCK-END\n"

    def rewritten(messages: list[dict[str, str]], number: int) -> str:
        lines = code.split("\n")
        lines[1:-2] = [line.replace("a,", f"a{number * 1_000_000 + n},") for n, line in enumerate(lines[1:-2])]
        return "```\n" + "\n".join(lines) + "```"

    async with ModelServer(Script(answer=rewritten)) as server:
        config = settings(
            tmp_path, code, llm_models=["gpt-4.1"], llm_base_url=server.url, patch_types=["full"], patch_type_probs=[1],
            max_program_size=2_000_000,
        )  # fmt: skip
        async with open_run(config, resume=False) as run:
            run.launcher = FakeLauncher()
            with watched_loop():
                for number in range(3):
                    await live(run, number)


@pytest.mark.slow
@pytest.mark.parametrize("search", ["x = 1", "y = 1", "  x = 1\n  x = 1\n  x = 2", "x = 1\nx = 1"])
async def test_an_ambiguous_search_in_a_hundred_thousand_lines(tmp_path: Path, search: str) -> None:
    code = "# EVOLVE-BLOCK-START\n" + "x = 1\n" * 100_000 + "# EVOLVE-BLOCK-END\n"
    run_settings = settings(tmp_path, code)
    async with open_run(run_settings, resume=False) as run:
        run.launcher = FakeLauncher()
        await live(run, 0)
        opened = await steps.open_generation(run, 1)
        sampling = await steps.sample(opened, 0)
        answer = Answer(f"<<<<<<< SEARCH\n{search}\n=======\nx = 2\n>>>>>>> REPLACE\n", "m")
        with watched_loop():
            outcome = await asyncio.wait_for(steps.patch(opened, sampling, answer, 0), 20)
        assert isinstance(outcome, Failure)
        assert outcome.reason in ("search_ambiguous", "search_not_found")
        assert len(outcome.detail) < 2_000, "a model pays for every word of it"


TALKATIVE = """
import json, sys
out = sys.argv[sys.argv.index("--results_dir") + 1]
for n in range(50_000): print("x" * 100)
numbers = [n / 7 for n in range(250_000)]
json.dump({"combined_score": 1.0, "public": {"width": 3, "numbers": numbers}, "private": {"deep": {"text": "y" * 3_000_000}},
           "text_feedback": "begin" + "z" * 2_000_000 + "end"}, open(out + "/metrics.json", "w"))
json.dump({"correct": True, "error": None}, open(out + "/correct.json", "w"))
"""


@pytest.mark.slow
async def test_an_evaluator_that_writes_and_prints_megabytes(tmp_path: Path) -> None:
    config = settings(tmp_path, "x = 1\n")
    (tmp_path / "evaluate.py").write_text(TALKATIVE)
    async with open_run(config, resume=False) as run:
        with watched_loop():
            await live(run, 0)
        best = await run.database.best()
    assert best is not None
    assert best.public_metrics["width"] == 3
