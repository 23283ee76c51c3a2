"""A launcher as a user would write one: it knows what `shinka.testing` says of launchers, and no insides."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from shinka_core.errors import LaunchError
from shinka_core.launch import EvaluationRequest, JobState
from shinka_core.launch.collect import collect, failed
from shinka_core.program import Evaluation, Job


@dataclass
class Subprocesses:
    """Runs the request's command, at most so many at once.

    Attributes:
        word: Its first, which results are kept under.
    """

    width: int = 4
    word: str = "outside"

    def __post_init__(self) -> None:
        self._running: dict[str, asyncio.Task[Evaluation]] = {}

    async def submit(self, request: EvaluationRequest) -> Job:
        for stale in request.results_dir.glob("*"):
            stale.unlink()
        request.results_dir.mkdir(parents=True, exist_ok=True)
        job = Job(uuid.uuid4().hex, str(request.program_path), str(request.results_dir), time.time())
        self._running[job.id] = asyncio.create_task(self._run(job, request))
        return job

    async def result(self, job: Job) -> Evaluation:
        if job.id in self._running:
            try:
                return await self._running[job.id]
            except asyncio.CancelledError:
                if self._running[job.id].cancelled() and not asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    raise LaunchError("cancelled") from None
                raise
        if not self._kept(job).exists():
            raise LaunchError("lost")
        return Evaluation(**json.loads(self._kept(job).read_text()))

    async def find(self, job: Job) -> JobState:
        if job.id in self._running:
            return JobState.RUNNING if not self._running[job.id].done() else JobState.DONE
        return JobState.DONE if self._kept(job).exists() else JobState.GONE

    async def attach(self, job: Job) -> bool:
        return await self.find(job) is not JobState.GONE

    async def cancel(self, job: Job) -> None:
        running = self._running.pop(job.id, None)
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        self._kept(job).unlink(missing_ok=True)

    async def close(self) -> None:
        running = list(self._running.values())
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def _kept(self, job: Job) -> Path:
        return Path(job.results_dir).parent / f"{self.word}-{job.id}.json"

    async def _run(self, job: Job, request: EvaluationRequest) -> Evaluation:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *request.command, stderr=asyncio.subprocess.PIPE, start_new_session=True
        )
        try:
            async with asyncio.timeout(request.time_limit):
                _, stderr = await process.communicate()
            if process.returncode:
                evaluation = failed("crashed", stderr.decode()[-1000:] or f"exit code {process.returncode}", 0.0)
            else:
                evaluation = collect(request.results_dir, time.monotonic() - began)
        except TimeoutError:
            evaluation = failed("timeout", f"took too long ({request.limited_by})", time.monotonic() - began)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        self._kept(job).write_text(json.dumps(asdict(evaluation)))
        return evaluation
