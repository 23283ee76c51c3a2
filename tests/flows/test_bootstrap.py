"""Seed programs that a model writes: from the task alone, or each to differ from those before."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.run import open_run
from shinka_core.settings import RunSettings
from tests.flows.test_seeds import living
from tests.support.beginning import begin, evaluated, program_of, settings_of, task_in
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import settings_for


@pytest.fixture(autouse=True)
def _server(prefect_api: str, prefect_home: Path) -> Any:  # pyright: ignore[reportUnusedFunction]
    with settings_for(prefect_api, prefect_home):
        yield


def answer(program: str) -> str:
    return f"<NAME>another_way</NAME>\n<DESCRIPTION>By another way.</DESCRIPTION>\n```python\n{program}```\n"


def saying(*answers: str) -> Callable[[list[dict[str, str]], int], str]:
    """The answers one after another, the last one again and again."""
    return lambda _, number: answers[min(number, len(answers) - 1)]


def served(folder: Path, server: ModelServer, **evolution: Any) -> RunSettings:
    fields: dict[str, Any] = {"llm_models": ["scripted"], "llm_base_url": server.url} | evolution
    return settings_of(folder, islands=4, **fields)


@pytest.mark.slow
async def test_each_program_is_shown_those_before_it_and_what_is_wrong_is_fed_back(tmp_path: Path) -> None:
    task_in(tmp_path, initial=program_of(1.0))
    script = saying(
        answer(program_of(2.0, "a = 'first'\n")),
        "no program at all",
        answer(program_of(2.0, "a = 'first'\n")),  # of the one before
        answer(program_of(3.0, "b = ['second']\n")),
        answer(program_of(-4.0, "for c in range(3):\n    pass\n")),  # the evaluator does not take it
        answer(program_of(4.0, "for c in range(3):\n    pass\n")),
    )
    async with ModelServer(Script(answer=script)) as server:
        settings = served(tmp_path, server, bootstrap={"count": 3}, llm_prices={"scripted": {"input": 1, "output": 1}})
        async with open_run(settings) as run:
            programs = await begin(run)
            assert [(p.score, p.patch_type) for p in programs if p] == [
                (1.0, None), (2.0, "bootstrap"), (3.0, "bootstrap"), (4.0, "bootstrap"),
            ]  # fmt: skip
            assert living(run) == [[0], [1], [2], [3]], "each trajectory starts from its own"
            costs = (await run.database.summary()).costs
            assert costs == {"bootstrap": pytest.approx(6 * 0.0011)}
            assert await run.database.journal.starts() == 5
        prompts = [asked.messages for asked in server.asked]
        assert "value = 1.0" in prompts[0][1]["content"]
        assert "value = 2.0" not in prompts[0][1]["content"]
        third = next(m["content"] for m in prompts[4] if m["role"] == "user")
        assert all(f"value = {value}" in third for value in (1.0, 2.0, 3.0))
        assert "identical to generation 1" in prompts[3][-1]["content"]
        assert "value is negative" in prompts[5][-1]["content"]
        # Resumed, nothing is asked or evaluated again.
        async with open_run(settings, resume=True) as run:
            assert await begin(run) == programs
            assert living(run) == [[0], [1], [2], [3]]
        assert len(server.asked) == 6


@pytest.mark.slow
async def test_tries_are_bounded_and_an_island_without_a_program_begins_with_another(tmp_path: Path) -> None:
    task_in(tmp_path, initial=program_of(1.0))
    async with ModelServer(Script(answer=saying("I had rather not."))) as server:
        settings = served(tmp_path, server, bootstrap={"count": 2, "tries": 2})
        async with open_run(settings) as run:
            assert [program is not None for program in await begin(run, 3)] == [True, False, False]
            assert living(run)[1:3] == [[0], [0]]
    reasons = [1, 2]
    async with EvolutionReader.open(settings.results_dir) as reader:
        ended = {g.number: g.failure async for g in reader.generations() if g.number in reasons}
    assert [failure and failure.step for failure in ended.values()] == ["patch", "patch"]


async def test_a_first_program_is_written_from_the_task_alone_and_a_resume_needs_no_file(tmp_path: Path) -> None:
    task_in(tmp_path)
    script = saying(
        answer("result = 3\n"),  # the evaluator says what is missing
        answer("# a program of its own\nvalue = 3.0\n"),
        answer("import math\nvalue = math.floor(5.5)\n"),
    )
    fields: dict[str, Any] = {
        "task_sys_msg": "Define `value`, a number, as large as can be.",
        "bootstrap": {"from_task": True, "count": 2},
    }
    async with ModelServer(Script(answer=script)) as server:
        settings = served(tmp_path, server, **fields)
        async with open_run(settings) as run:
            programs = await begin(run)
            assert [(p.score, p.parent_id) for p in programs if p] == [
                (3.0, None),
                (5.0, programs[0] and programs[0].id),
            ]
            assert run.seed_program.source.text == "# a program of its own\nvalue = 3.0\n"
        first, again = server.asked[0].messages, server.asked[1].messages
        assert "as large as can be" in first[0]["content"]
        assert "The current program" not in first[-1]["content"]
        assert "the program defines no value" in again[-1]["content"]
        assert not (tmp_path / "initial.py").exists()
        async with open_run(settings, resume=True) as run:
            assert run.seed_program.source.text == "# a program of its own\nvalue = 3.0\n"
            assert await begin(run) == programs
        assert len(server.asked) == 3


async def test_a_first_program_that_cannot_be_written_is_told_and_asked_for_anew_on_resume(tmp_path: Path) -> None:
    task_in(tmp_path)
    fields: dict[str, Any] = {"task_sys_msg": "Define `value`.", "bootstrap": {"from_task": True, "tries": 2}}
    async with ModelServer(Script(answer=saying("No.", "No.", answer("value = 1.0\n")))) as server:
        settings = served(tmp_path, server, **fields)
        async with open_run(settings) as run:
            with pytest.raises(ConfigError, match=r"(?s)no first program could be written in 2 tries.*task_sys_msg"):
                await begin(run)
        async with open_run(settings, resume=True) as run:
            first = (await begin(run))[0]
        assert first is not None
        assert first.score == 1.0
        assert len(server.asked) == 3


@pytest.mark.slow
@pytest.mark.parametrize("broken_off", range(5))
async def test_a_bootstrap_that_is_broken_off_asks_nothing_twice(tmp_path: Path, broken_off: int) -> None:
    """Broken off while the model is asked for the nth time, without a word, and taken up by another process's eyes."""
    task_in(tmp_path, initial=program_of(1.0))
    hang = asyncio.Event()

    def script(messages: list[dict[str, str]], number: int) -> str:
        if number == broken_off:
            hang.set()
        shown = len(set(re.findall(r"value = (\d+\.\d)", messages[1]["content"])))
        if shown == 1 and len(messages) == 2:
            return "no program"
        return answer(program_of(1.0 + shown, f"{'abcde'[shown]} = {shown}\n"))

    async with ModelServer(Script(answer=script, latency=0.05)) as server:
        settings = served(tmp_path, server, bootstrap={"count": 4}, num_generations=4)
        async with open_run(settings) as run:
            work = asyncio.create_task(begin(run))
            await hang.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            stored = await _answered(settings)
        async with open_run(settings, resume=True) as run:
            programs = await begin(run)
        assert [program and program.score for program in programs] == [1.0, 2.0, 3.0, 4.0, 5.0]
        every = await _answered(settings)
    assert len(every) == len(set(every)) == 5
    assert every[: len(stored)] == stored
    assert len(server.asked) <= 6, "what was under way may be lost, and nothing else"
    assert sorted(evaluated(tmp_path)) == [f"gen_{number}" for number in range(5)]


async def _answered(settings: RunSettings) -> list[tuple[int, int, int]]:
    """Generation, attempt and turn of each answer that is stored."""
    async with EvolutionReader.open(settings.results_dir) as reader:
        calls = [call async for call in reader.calls() if call.status == "answered"]
    return [(call.generation, call.attempt, call.turn) for call in calls]


@pytest.mark.slow
async def test_the_best_programs_of_the_most_similar_tasks_are_shown_and_kept(tmp_path: Path) -> None:
    earlier: list[str] = []
    for name, task in (
        ("near", "Pack circles into a square, as large as can be."),
        ("far", "Sort words by their length."),
    ):
        folder = tmp_path / name
        task_in(folder, initial=program_of(8.0, f"way = '{name} at hand'\n"))
        settings = settings_of(folder, task_sys_msg=task)
        async with open_run(settings) as run:
            await begin(run)
        earlier.append(str(settings.results_dir))
    task_in(tmp_path, initial=program_of(1.0))
    fields: dict[str, Any] = {
        "bootstrap": {"count": 2, "library": [*reversed(earlier)], "library_shown": 1},
        "task_sys_msg": "Pack circles of any size into a triangle.",
    }
    script = saying(answer(program_of(2.0, "a = 1\n")), answer(program_of(3.0, "b = [2]\n")))
    async with ModelServer(Script(answer=script)) as server:
        settings = served(tmp_path, server, **fields)
        async with open_run(settings) as run:
            await begin(run)
        prompts = [" ".join(m["content"] for m in asked.messages) for asked in server.asked]
    assert all("near at hand" in prompt and "far at hand" not in prompt for prompt in prompts)
    async with open_run(settings, resume=True) as run:
        assert "near at hand" in run.library


CHILD = """
import asyncio, sys
from pathlib import Path
from flows.runner import AsyncEvolutionRunner
from tests.support.beginning import settings_of
settings = settings_of(
    Path(sys.argv[1]), islands=4, llm_models=["scripted"], llm_base_url=sys.argv[2], bootstrap={"count": 3},
    num_generations=4, results_dir=str(Path(sys.argv[1]) / "results"), embedding_model=None,
)
runner = AsyncEvolutionRunner(
    settings.evolve, settings.job, settings.database, verbose=False, name=settings.evolution, resume="auto"
)
print(asyncio.run(runner.run()).programs)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_killed_in_the_middle_of_a_bootstrap_nothing_is_asked_or_evaluated_twice(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task_in(tmp_path, initial=program_of(1.0))
    second = asyncio.Event()

    def script(messages: list[dict[str, str]], number: int) -> str:
        shown = len(set(re.findall(r"value = (\d+\.\d)", messages[1]["content"])))
        if shown == 3:
            second.set()
        return answer(program_of(1.0 + shown, f"{'abcdefgh'[shown]} = {number}\n"))

    environment = environment_for(prefect_api, prefect_home)
    async with ModelServer(Script(answer=script, latency=0.3)) as server:

        async def life() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-c", CHILD, str(tmp_path), server.url, cwd=ROOT, env=environment,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip

        first = await life()
        await asyncio.wait_for(second.wait(), 300)
        first.kill()
        await first.wait()
        again = await life()
        output, errors = await again.communicate()
        assert again.returncode == 0, errors.decode()
    assert output.decode().strip() == "5"
    settings = settings_of(tmp_path)
    every = await _answered(settings)
    assert len(every) == len(set(every)) == 4
    assert len(server.asked) <= 5, "what was under way may be lost, and nothing else"
    assert sorted(set(evaluated(tmp_path))) == [f"gen_{number}" for number in range(5)]
