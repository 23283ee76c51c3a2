"""Evaluations that cost nothing, all of them in flight at once before the first one ends."""

from __future__ import annotations

import asyncio
import random
import time
import zlib
from pathlib import Path

from shinka_core.launch import EvaluationRequest, JobState
from shinka_core.program import Evaluation, Job

# Seconds without a submission after which no more are to come: some proposals come to nothing, and generations may wait
# for a Prefect server that is behind with what it was asked before.
QUIET = 60.0

# Those of this process, for who measures.
made: list[AllAtOnce] = []


class AllAtOnce:
    """Holds every evaluation until so many are in flight, then ends them at random within some seconds.

    Attributes:
        first_at: Monotonic seconds of the first candidate's submission.
        full_at: Monotonic seconds of the moment from which on they end.
        in_flight: The most that were.
    """

    def __init__(self, width: int, seconds: float, seed: int = 0) -> None:
        self._width, self._seconds, self._rng = width, seconds, random.Random(seed)
        self._full = asyncio.Event()
        self._submitted, self._last = 0, 0.0
        self.in_flight, self.first_at, self.full_at = 0, 0.0, 0.0
        made.append(self)

    async def submit(self, request: EvaluationRequest) -> Job:
        name = request.results_dir.parent.name
        if name != "gen_0":
            self._submitted, self._last = self._submitted + 1, time.monotonic()
            self.first_at = self.first_at or self._last
            self.in_flight += not self._full.is_set()
            if self._submitted >= self._width:
                self._open()
        return Job(name, str(request.program_path), str(request.results_dir), time.time())

    async def result(self, job: Job) -> Evaluation:
        code = await asyncio.to_thread(Path(job.program_path).read_bytes)
        if job.id != "gen_0":
            while not self._full.is_set():
                try:
                    await asyncio.wait_for(self._full.wait(), QUIET)
                except TimeoutError:
                    if time.monotonic() - self._last > QUIET:
                        self._open()
            await asyncio.sleep(self._rng.uniform(0.0, self._seconds))
        return Evaluation(score=zlib.crc32(code) / 2**32, correct=True, text_feedback="as it is")

    def _open(self) -> None:
        if not self._full.is_set():
            self.full_at = time.monotonic()
            self._full.set()

    async def find(self, job: Job) -> JobState:
        del job
        return JobState.GONE

    async def attach(self, job: Job) -> bool:
        del job
        return False

    async def cancel(self, job: Job) -> None:
        pass

    async def close(self) -> None:
        pass
