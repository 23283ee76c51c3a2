"""Pausing a run from a shell: while its results folder holds a file called `pause`, no proposal begins.

A file and no signal, because it works for every way to run an evolution (a command, a worker, a host program,
another machine with the same disk), needs no process id, and holds for the process that resumes a killed run too.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol

NAME = "pause"
LOOK_PERIOD = 1.0


class Pausable(Protocol):
    """Told when the file appears and when it is gone."""

    def pause(self, by: str) -> None:
        """The file is there."""

    def resume(self, by: str) -> None:
        """It is there no more."""


async def watch_pause_file(run: Pausable, results_dir: Path, period: float = LOOK_PERIOD) -> None:
    """Looks for the file until it is cancelled.

    Args:
        period: Seconds between two looks.
    """
    path = results_dir / NAME
    by = f"by the file {path}, until it is removed"
    there = path.exists()  # at once: nothing is to begin before
    if there:
        run.pause(by)
    while True:
        await asyncio.sleep(period)
        if await asyncio.to_thread(path.exists) is not there:
            there = not there
            run.pause(by) if there else run.resume(by)
