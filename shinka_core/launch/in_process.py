"""Evaluations as calls of a function in threads of this process: no start of an interpreter, and no isolation.

For evaluators that take milliseconds and programs that are trusted: those of a test, of an operator that only
changes numbers, of one's own. A program that is evaluated here can do whatever this process can: read its keys, end
the run, take all its memory. It cannot be killed: at its time limit an exception is raised in its thread, which ends
what runs in Python and nothing else; a thread that goes on all the same is left behind, and after a few of them no
evaluation is begun any more. Threads share one interpreter, so they compute one at a time.

Every evaluation leaves the same files and the same receipt as one in a process of its own. One that was under way
when the run was killed is gone, and is run again.
"""

from __future__ import annotations

import asyncio
import ctypes
import itertools
import json
import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from shinka_core.config import InProcessJobConfig
from shinka_core.errors import LaunchError
from shinka_core.launch import receipt
from shinka_core.launch.collect import CORRECT, ERROR_LIMIT, METRICS, collect, complete, failed
from shinka_core.launch.function import load_function
from shinka_core.launch.launcher import JobState
from shinka_core.launch.request import EvaluationRequest
from shinka_core.launch.room import make_room
from shinka_core.launch.verdict import cut_off
from shinka_core.program import Evaluation, Job

logger = logging.getLogger("shinka.launch")

# Seconds for a program to end by the exception that is raised in its thread.
GRACE = 1.0
# Threads that did not, after which no evaluation is begun any more: each takes its share of the interpreter.
MOST_LEFT = 4


class TimeLimitPassed(BaseException):
    """Raised in the thread of an evaluation that is to end; no program catches it by accident."""


class _Running:
    """One call.

    Attributes:
        ended: What came of it, a value or an exception, and its seconds.
        conclusion: Waits for the end and draws the evaluation from it.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self._loop = asyncio.get_running_loop()
        self._call = call
        self._over = False
        self._lock = threading.Lock()
        self.ended: asyncio.Future[tuple[Any, float]] = self._loop.create_future()
        self.conclusion: asyncio.Task[Evaluation] | None = None
        self.thread = threading.Thread(target=self._work, daemon=True, name="shinka-evaluation")

    def interrupt(self) -> None:
        """Has the exception raised in the thread as soon as it runs Python."""
        with self._lock:  # a thread that is over may have left its number to another
            if not self._over and self.thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self.thread.ident), ctypes.py_object(TimeLimitPassed)
                )

    def _work(self) -> None:
        started = time.monotonic()
        outcome: Any
        with suppress(TimeLimitPassed):  # it may come at the very end
            try:
                outcome = self._call()
            except BaseException as error:  # noqa: BLE001 - the program under test may raise anything at all
                outcome = error
            seconds = time.monotonic() - started
            with self._lock:
                self._over = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._tell, outcome, seconds)

    def _tell(self, outcome: Any, seconds: float) -> None:
        if not self.ended.done():
            self.ended.set_result((outcome, seconds))


class InProcessLauncher:
    """Calls the evaluator's `evaluate(program_path, results_dir)`, `evaluate(program_path)` or `main(...)` in threads.

    The function writes `metrics.json` and `correct.json`, or returns metrics with `combined_score`, or metrics,
    whether the program is correct, and an error.
    """

    def __init__(self, config: InProcessJobConfig) -> None:
        """Imports the evaluator, once for all evaluations.

        Raises:
            ConfigError: It cannot be imported, or has no such function.
        """
        self._config = config
        self._function = load_function(Path(config.eval_program_path), config.function, config.score)
        self._places = asyncio.Semaphore(config.threads)
        self._running: dict[str, _Running] = {}
        self._left: list[threading.Thread] = []
        self._numbers = itertools.count(1)

    async def submit(self, request: EvaluationRequest) -> Job:
        """Calls the function as soon as a thread is free; its time runs from then on.

        Raises:
            LaunchError: Too many calls went on beyond their time limit.
        """
        self._left = [thread for thread in self._left if thread.is_alive()]
        if len(self._left) >= MOST_LEFT:
            raise LaunchError(
                f"{len(self._left)} evaluations go on in this process beyond their time limit and cannot be ended; "
                "resume the run with kind: local (section 'job'), where they can"
            )
        await asyncio.to_thread(self._prepare, request.results_dir)
        running = _Running(lambda: self._call(request))
        job = Job(
            f"thread:{next(self._numbers)}:{receipt.new_key()}",
            str(request.program_path),
            str(request.results_dir),
            time.time(),
        )
        self._running[job.id] = running
        running.conclusion = asyncio.create_task(self._run(job, request, running))
        return job

    async def result(self, job: Job) -> Evaluation:
        """Waits for the function, at most as long as the settings allow.

        Raises:
            LaunchError: The evaluation of an earlier process is lost, or was cancelled.
        """
        running = self._running.get(job.id)
        if running is None or running.conclusion is None:
            found = await asyncio.to_thread(receipt.read, job)
            if found is None:
                raise LaunchError(f"the evaluation in {job.results_dir} is lost")
            return found
        try:
            return await asyncio.shield(running.conclusion)
        except asyncio.CancelledError:
            if running.conclusion.cancelled():
                raise LaunchError(f"the evaluation in {job.results_dir} was cancelled") from None
            await self.cancel(job)  # whoever waits is cancelled
            raise

    async def find(self, job: Job) -> JobState:
        """Looks for the call, or for the receipt."""
        if job.id in self._running:
            return JobState.RUNNING
        return JobState.GONE if await asyncio.to_thread(receipt.read, job) is None else JobState.DONE

    async def attach(self, job: Job) -> bool:
        """A call ends with its process, so there is nothing to take up but what is there already."""
        return await self.find(job) is not JobState.GONE

    async def cancel(self, job: Job) -> None:
        """Ends the call as far as it can be ended, and takes the receipt away."""
        running = self._running.get(job.id)
        if running is not None and running.conclusion is not None:
            running.conclusion.cancel()
            await asyncio.wait([running.conclusion])
        await asyncio.to_thread(receipt.remove, Path(job.results_dir))

    async def close(self) -> None:
        """Ends all calls as far as they can be ended."""
        conclusions = [running.conclusion for running in self._running.values() if running.conclusion is not None]
        for conclusion in conclusions:
            conclusion.cancel()
        if conclusions:
            await asyncio.wait(conclusions)

    def _prepare(self, results_dir: Path) -> None:
        make_room(results_dir)
        results_dir.mkdir(parents=True)
        receipt.remove(results_dir)

    def _call(self, request: EvaluationRequest) -> Any:
        given = {name.replace("-", "_"): value for name, value in request.arguments.items() if value is not None}
        return self._function(str(request.program_path), str(request.results_dir), **given)

    async def _run(self, job: Job, request: EvaluationRequest, running: _Running) -> Evaluation:
        try:
            async with self._places:
                running.thread.start()
                try:
                    async with asyncio.timeout(request.time_limit):
                        outcome, seconds = await asyncio.shield(running.ended)
                except TimeoutError:
                    await self._end(running)
                    passed = cut_off("timeout", None, request.time_limit, request.time_limit or 0.0, request.limited_by)
                    return await asyncio.to_thread(_kept, job, passed)
                except asyncio.CancelledError:
                    await self._end(running)
                    raise
            return await asyncio.to_thread(_concluded, job, outcome, seconds)
        finally:
            del self._running[job.id]

    async def _end(self, running: _Running) -> None:
        running.interrupt()
        await asyncio.wait([running.ended], timeout=GRACE)
        if not running.ended.done():
            self._left.append(running.thread)
            logger.warning(
                "an evaluation goes on in this process beyond its time limit and cannot be ended; %d of them are put up with",
                MOST_LEFT,
            )


def _concluded(job: Job, outcome: Any, seconds: float) -> Evaluation:
    results_dir = Path(job.results_dir)
    if isinstance(outcome, BaseException):
        if not (isinstance(outcome, SystemExit) and complete(results_dir)):
            told = "".join(traceback.format_exception(outcome))[-ERROR_LIMIT:]
            return _kept(job, failed("crashed", told, seconds))
    elif outcome is not None and not complete(results_dir):
        problem = _write(results_dir, outcome)
        if problem:
            return _kept(job, failed("bad_result", problem, seconds))
    return _kept(job, collect(results_dir, seconds))


def _write(results_dir: Path, outcome: Any) -> str:
    """What the function returned, as the files that it might have written; returns what is wrong with it."""
    metrics, correct, error = outcome, True, None
    if isinstance(outcome, tuple) and len(cast("tuple[Any, ...]", outcome)) == 3:
        metrics, correct, error = cast("tuple[Any, Any, Any]", outcome)
    if not isinstance(metrics, Mapping):
        return (
            f"the evaluator wrote no {CORRECT} and returned {type(cast(object, outcome)).__name__}; it returns metrics with "
            "combined_score, or (metrics, correct, error)"
        )
    try:
        texts = json.dumps(dict(cast("Mapping[str, Any]", metrics))), json.dumps({"correct": correct, "error": error})
    except (TypeError, ValueError, RecursionError) as problem:
        return f"what the evaluator returned cannot be written as JSON: {problem}"
    for name, text in zip((METRICS, CORRECT), texts, strict=True):
        (results_dir / name).write_text(text, encoding="utf-8", errors="backslashreplace")
    return ""


def _kept(job: Job, evaluation: Evaluation) -> Evaluation:
    Path(job.results_dir).mkdir(parents=True, exist_ok=True)  # the program may have deleted it
    receipt.write(job, 0 if evaluation.correct else 1, evaluation)
    return evaluation
