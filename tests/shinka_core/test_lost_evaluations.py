"""An evaluation that is lost is started again, and every start is a row of the journal.

With real evaluations and the real journal, but no orchestrator.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shinka_core import generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import DatabaseUnavailableError, LaunchError
from shinka_core.launch import EvaluationRequest, JobState
from shinka_core.program import Evaluation, Job
from shinka_core.run import Run, RunSettings, open_run
from tests.support.runs import TASK, rows

STARTS = "SELECT turn FROM generation_steps WHERE step = 'submitted' ORDER BY turn"
VERDICTS = "SELECT turn FROM generation_steps WHERE step = 'evaluated' ORDER BY turn"


def settings(folder: Path) -> RunSettings:
    evolution = EvolutionConfig(num_generations=1, init_program_path=str(TASK / "initial.py"))
    job = LocalJobConfig(eval_program_path=str(TASK / "evaluate.py"))
    return RunSettings("lost", folder / "r", evolution, job, DatabaseConfig(), 1, 1)


def count_starts(run: Run, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    started: list[Job] = []
    submit = run.launcher.submit

    async def submitting(request: EvaluationRequest) -> Job:
        started.append(job := await submit(request))
        return job

    monkeypatch.setattr(run.launcher, "submit", submitting)
    return started


def lose(run: Run, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Lets evaluations end without a result, as with the machine that they ran on."""
    wait, left = run.launcher.result, [None] * times

    async def waiting(job: Job) -> Evaluation:
        evaluation = await wait(job)
        if not left:
            return evaluation
        left.pop()
        for file in Path(job.results_dir).glob("*.json"):
            file.unlink()
        raise LaunchError("the machine is gone")

    monkeypatch.setattr(run.launcher, "result", waiting)


async def test_every_start_is_a_row_and_the_verdict_is_the_last_one_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:
        started = count_starts(run, monkeypatch)
        lose(run, monkeypatch, 2)
        opened = await steps.open_generation(run, 1)
        for _ in range(2):
            job = await steps.submit(opened, run.seed_program.source)
            with pytest.raises(LaunchError):
                await steps.evaluate(opened, job)
        job = await steps.submit(opened, run.seed_program.source)
        evaluation = await steps.evaluate(opened, job)
        assert evaluation.correct
        assert job == started[2]
    assert rows(chosen.results_dir, STARTS) == [(0,), (1,), (2,)]
    assert rows(chosen.results_dir, VERDICTS) == [(2,)]
    async with open_run(chosen, resume=True) as run:
        started = count_starts(run, monkeypatch)
        opened = await steps.open_generation(run, 1)
        assert await steps.submit(opened, run.seed_program.source) == job
        assert await steps.evaluate(opened, job) == evaluation
        assert not started


async def test_what_a_resume_starts_again_is_what_the_next_resume_looks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:
        lose(run, monkeypatch, 1)
        opened = await steps.open_generation(run, 1)
        with pytest.raises(LaunchError):
            await steps.evaluate(opened, await steps.submit(opened, run.seed_program.source))
    async with open_run(chosen, resume=True) as run:
        again = await steps.submit(await steps.open_generation(run, 1), run.seed_program.source)
        await run.launcher.result(again)  # it ends, but its driver does before it hears of that
    asked: list[Job] = []
    async with open_run(chosen, resume=True) as run:
        find = run.launcher.find

        async def finding(job: Job) -> JobState:
            asked.append(job)
            return await find(job)

        monkeypatch.setattr(run.launcher, "find", finding)
        await steps.submit(await steps.open_generation(run, 1), run.seed_program.source)
    assert asked == [again]
    assert rows(chosen.results_dir, STARTS)[:2] == [(0,), (1,)]


async def test_a_task_that_is_repeated_finds_the_evaluation_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_run(settings(tmp_path), resume=False) as run:
        started = count_starts(run, monkeypatch)
        opened = await steps.open_generation(run, 1)
        jobs = [await steps.submit(opened, run.seed_program.source) for _ in range(3)]
        await steps.evaluate(opened, jobs[0])
    assert jobs == started * 3


async def test_a_start_whose_row_could_not_be_written_is_not_started_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:
        started = count_starts(run, monkeypatch)
        opened = await steps.open_generation(run, 1)
        write, failing = run.database.journal.write, [True, True]

        def writing(*arguments: Any) -> asyncio.Future[None]:
            if failing:
                failing.pop()
                refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                refused.set_exception(DatabaseUnavailableError("locked"))
                return refused
            return write(*arguments)

        monkeypatch.setattr(run.database.journal, "write", writing)
        for _ in range(2):
            with pytest.raises(DatabaseUnavailableError):
                await steps.submit(opened, run.seed_program.source)
        job = await steps.submit(opened, run.seed_program.source)
        assert (await steps.evaluate(opened, job)).correct
    assert started == [job]
    assert len(rows(chosen.results_dir, STARTS)) == 1


async def test_a_verdict_that_could_not_be_written_is_there_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:
        opened = await steps.open_generation(run, 1)
        first = await run.launcher.result(await steps.submit(opened, run.seed_program.source))
    async with open_run(chosen, resume=True) as run:
        started = count_starts(run, monkeypatch)
        opened = await steps.open_generation(run, 1)
        assert await steps.evaluate(opened, await steps.submit(opened, run.seed_program.source)) == first
    assert started == []
