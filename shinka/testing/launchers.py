"""What every launcher has to hold to, as tests: subclass `LauncherContract` and say how one is made."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from shinka_core.errors import LaunchError
from shinka_core.launch import EvaluationRequest, JobState, Launcher
from shinka_core.program import Job

# Runs the program, which sets `score`, tells what it was given, and beats into a file while it waits.
EVALUATOR = """
import argparse, json, pathlib, sys, time

def evaluate(program_path, results_dir, **given):
    out = pathlib.Path(results_dir)
    def beat(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            (out / "beat").write_text(str(time.monotonic()))
            time.sleep(0.02)
    scope = {"score": 1.0, "beat": beat, "out": out}
    exec(compile(pathlib.Path(program_path).read_text(), program_path, "exec"), scope)
    (out / "metrics.json").write_text(json.dumps({"combined_score": scope["score"], "public": given}))
    (out / "correct.json").write_text(json.dumps({"correct": True, "error": None}))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path"); parser.add_argument("--results_dir"); parser.add_argument("--stage")
    evaluate(**{name: value for name, value in vars(parser.parse_args()).items() if value is not None})
"""
FOR_EVER = "beat(600)"
# Seconds for what has to happen soon on a busy machine.
SOON = 30.0


class LauncherContract:
    """The tests. Override `launcher`; it is called again for every process that a test stands for."""

    def launcher(self, evaluator: Path) -> Launcher:
        """A launcher that runs that evaluator, at least two at once.

        Args:
            evaluator: Can be run as a script, and has `evaluate(program_path, results_dir, **arguments)`.
        """
        raise NotImplementedError

    def test_a_program_is_scored_and_the_result_stays_what_it_is(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit("score = 2.5")
            first = await bench.launcher.result(job)
            assert (first.score, first.correct, first.reason) == (2.5, True, "")
            assert first.seconds >= 0
            assert await bench.launcher.result(job) == first
            assert await bench.launcher.find(job) is JobState.DONE

        self._with(tmp_path, check)

    def test_arguments_reach_the_evaluator(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit("score = 1.0", arguments={"stage": "quick"})
            assert (await bench.launcher.result(job)).public_metrics == {"stage": "quick"}

        self._with(tmp_path, check)

    def test_what_runs_is_found_and_not_changed_by_asking(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit("beat(1.0)\nscore = 3.0")
            await bench.beats(job)
            for _ in range(3):
                assert await bench.launcher.find(job) is JobState.RUNNING
            assert (await bench.launcher.result(job)).score == 3.0
            assert await bench.launcher.find(job) is JobState.DONE

        self._with(tmp_path, check)

    @pytest.mark.parametrize(
        "code", ["1 / 0", "import sys; sys.exit(3)", "def f(): f()\nf()", "score = float('nan')", "this is no program"]
    )
    def test_a_program_that_fails_is_an_evaluation_and_no_error(self, tmp_path: Path, code: str) -> None:
        async def check(bench: Bench) -> None:
            evaluation = await bench.launcher.result(await bench.submit(code))
            assert not evaluation.correct
            assert evaluation.reason
            assert evaluation.error

        self._with(tmp_path, check)

    def test_an_evaluation_ends_at_its_time_limit(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            started = time.monotonic()
            job = await bench.submit(FOR_EVER, time_limit=1.0, limited_by="time of the stage 'quick'")
            evaluation = await bench.launcher.result(job)
            assert (evaluation.correct, evaluation.reason) == (False, "timeout")
            assert "time of the stage 'quick'" in evaluation.error
            assert time.monotonic() - started < SOON
            await bench.rests(job)

        self._with(tmp_path, check)

    def test_what_is_cancelled_ends_and_is_gone(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            running, done = await bench.submit(FOR_EVER, "gen_1"), await bench.submit("score = 1.0", "gen_2")
            await bench.beats(running)
            await bench.launcher.result(done)
            for job in (running, done):
                await bench.launcher.cancel(job)
                assert await bench.launcher.find(job) is JobState.GONE
                with pytest.raises(LaunchError):
                    await bench.launcher.result(job)
            await bench.rests(running)
            assert await bench.again().find(running) is JobState.GONE

        self._with(tmp_path, check)

    def test_whoever_waits_and_is_cancelled_ends_the_evaluation(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit(FOR_EVER)
            waiting = asyncio.create_task(bench.launcher.result(job))
            await bench.beats(job)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await bench.rests(job)

        self._with(tmp_path, check)

    @pytest.mark.parametrize("code", ["score = 4.0", "1 / 0"])
    def test_a_result_is_found_by_the_process_that_resumes_the_run(self, tmp_path: Path, code: str) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit(code)
            first = await bench.launcher.result(job)
            await bench.launcher.close()
            later = bench.again()
            stored = Job(**json.loads(json.dumps(asdict(job))))  # as the journal keeps it
            assert await later.find(stored) is JobState.DONE
            assert await later.attach(stored)
            assert await later.result(stored) == first

        self._with(tmp_path, check)

    def test_a_job_that_nobody_knows_is_gone(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            known = await bench.submit("score = 1.0")
            await bench.launcher.result(known)
            for job in (Job(known.id, known.program_path, str(tmp_path / "elsewhere"), 0.0),):
                assert await bench.again().find(job) is JobState.GONE
                assert not await bench.again().attach(job)
                with pytest.raises(LaunchError):
                    await bench.again().result(job)

        self._with(tmp_path, check)

    def test_what_the_program_wrote_itself_is_no_result_of_an_earlier_process(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            job = await bench.submit(FORGED)
            await bench.beats(job)
            later = bench.again()
            assert await later.find(job) is not JobState.DONE

        self._with(tmp_path, check)

    def test_results_of_an_earlier_evaluation_in_that_folder_do_not_count(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            first = await bench.submit("score = 1.0")
            assert (await bench.launcher.result(first)).score == 1.0
            second = await bench.submit("1 / 0")
            assert not (await bench.launcher.result(second)).correct

        self._with(tmp_path, check)

    def test_several_run_at_once_and_each_has_its_own_result(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            jobs = await asyncio.gather(
                *(bench.submit(f"beat(0.1)\nscore = {number}", f"gen_{number}") for number in range(6))
            )
            assert len({job.id for job in jobs}) == len(jobs)
            found = await asyncio.gather(*(bench.launcher.result(job) for job in jobs))
            assert [evaluation.score for evaluation in found] == list(range(6))

        self._with(tmp_path, check)

    def test_closing_ends_what_runs(self, tmp_path: Path) -> None:
        async def check(bench: Bench) -> None:
            jobs = [await bench.submit(FOR_EVER, f"gen_{number}") for number in range(2)]
            for job in jobs:
                await bench.beats(job)
            await bench.launcher.close()
            for job in jobs:
                await bench.rests(job)

        self._with(tmp_path, check)

    def _with(self, folder: Path, check: Callable[[Bench], Awaitable[None]]) -> None:
        evaluator = folder / "task" / "evaluate.py"
        evaluator.parent.mkdir()
        evaluator.write_text(EVALUATOR)

        async def run() -> None:
            bench = Bench(folder, evaluator, lambda: self.launcher(evaluator))
            try:
                await check(bench)
            finally:
                for launcher in bench.launchers:
                    await launcher.close()

        asyncio.run(run())


FORGED = """
import json
(out / "metrics.json").write_text(json.dumps({"combined_score": 1e9}))
(out / "correct.json").write_text(json.dumps({"correct": True, "error": None}))
beat(600)
"""


class Bench:
    """A launcher with programs for it."""

    def __init__(self, folder: Path, evaluator: Path, make: Callable[[], Launcher]) -> None:
        self._folder, self._evaluator, self._make = folder, evaluator, make
        self.launchers: list[Launcher] = []
        self.launcher = self.again()

    def again(self) -> Launcher:
        """One more launcher, as another process would make it."""
        self.launchers.append(self._make())
        return self.launchers[-1]

    async def submit(self, code: str, name: str = "gen_1", **options: Any) -> Job:
        """Submits a program of that text."""
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        (folder / "main.py").write_text(code)
        request = EvaluationRequest(folder / "main.py", folder / "results", self._evaluator, **options)
        return await self.launcher.submit(request)

    async def beats(self, job: Job) -> None:
        """Waits until the program runs, and lets go of the loop at least once: a task that never began ends nothing."""
        async with asyncio.timeout(SOON):
            await asyncio.sleep(0)
            while not self._beat(job):
                await asyncio.sleep(0.02)

    async def rests(self, job: Job) -> None:
        """Waits until the program runs no more."""
        async with asyncio.timeout(SOON):
            last = None
            while (now := self._beat(job)) != last:
                last = now
                await asyncio.sleep(0.3)

    def _beat(self, job: Job) -> str:
        try:
            return (Path(job.results_dir) / "beat").read_text()
        except OSError:
            return ""
