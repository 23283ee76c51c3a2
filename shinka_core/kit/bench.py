"""One program through the launcher that a run would have: the same sandbox, the same limits."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from shinka_core.config.job import Kind
from shinka_core.launch import EvaluationRequest, launcher_of
from shinka_core.launch.launcher import Launcher
from shinka_core.launch.terms import terms
from shinka_core.program import Evaluation, Job, Trial
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, place_of, write_program

# Seconds between two looks at an evaluation's memory.
LOOK = 0.02


@dataclass(frozen=True, slots=True)
class Measured:
    """One evaluation.

    Attributes:
        seconds: From its start to its end, the sandbox's own part included.
        peak: Bytes of memory at most, of all its processes together; 0 where it was too short to be seen.
        probe: What a program wrote into `probe.json` of its results folder; "" when it wrote nothing.
    """

    evaluation: Evaluation
    seconds: float
    peak: int
    probe: str = ""


class Bench:
    """Evaluates programs as a run with these settings would, one after the other."""

    def __init__(self, job: Kind, folder: Path, seed: int = 0) -> None:
        """Nothing is started yet.

        Args:
            folder: For programs and results.
            seed: Of the run that would be.

        Raises:
            ConfigError: The evaluator cannot be run here.
        """
        self._job, self._folder, self._seed, self._made = job, folder, seed, 0
        self._launcher: Launcher = launcher_of(job)

    @property
    def level(self) -> str:
        """Of isolation: `none`, `limits` or `sandbox`; that of a call in this process is none."""
        return str(getattr(self._launcher, "level", "none"))

    async def evaluate(self, source: Source, extension: str, time_limit: float | None = None) -> Measured:
        """Evaluates a program, by the last of several stages.

        Args:
            extension: Of the file of a program that is one, with the dot.
            time_limit: Seconds; None: as the settings say.

        Raises:
            LaunchError: It could not be evaluated.
        """
        folder = self._folder / str(self._made)
        self._made += 1
        folder.mkdir(parents=True)
        place = place_of(source, folder, extension)
        await asyncio.to_thread(write_program, place, contents_of(source))
        stage = self._job.stages[-1].name if self._job.stages else ""
        asked = EvaluationRequest.of(
            self._job, place, folder / "results", terms(self._job, self._seed, Trial(stage=stage))
        )
        if time_limit is not None:
            asked = replace(asked, time_limit=time_limit)
        began = time.monotonic()
        job = await self._launcher.submit(asked)
        watching = asyncio.create_task(_peak_of(job))
        try:
            evaluation = await self._launcher.result(job)
        finally:
            watching.cancel()
            seconds = time.monotonic() - began
        peak = 0
        with suppress(asyncio.CancelledError):
            peak = await watching
        return Measured(evaluation, seconds, peak, _text(folder / "results" / "probe.json"))

    async def close(self) -> None:
        """Ends what still runs."""
        await self._launcher.close()


async def _peak_of(job: Job) -> int:
    """Bytes at most, until it is cancelled; of a job of this machine."""
    first, peak = job.id.partition(":")[0], 0
    if not first.isdigit():
        return 0
    try:
        while True:
            peak = max(peak, await asyncio.to_thread(_resident, int(first)))
            await asyncio.sleep(LOOK)
    except asyncio.CancelledError:
        return peak


def _resident(pid: int) -> int:
    total = 0
    with suppress(psutil.Error):
        first = psutil.Process(pid)
        for process in (first, *first.children(recursive=True)):
            with suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def _text(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        if path.is_file() and not path.is_symlink():
            return path.read_text(encoding="utf-8")[:10_000]
    return ""
