"""How the run gets on, as a line of JSON each time: for plots, for `tail -f`, for whoever compares runs."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from shinka_core.periodic.protocol import PERIODICS, OpenRun

FILE = "progress.jsonl"


@PERIODICS.register("digest")
@dataclass(frozen=True, slots=True)
class Digest:
    """Appends to `progress.jsonl` in the results folder.

    Attributes:
        every: Programs between two lines.
    """

    every: Annotated[int, Field(gt=0)] = 10

    def due(self, recorded: int) -> bool:
        """At each multiple."""
        return recorded > 0 and recorded % self.every == 0

    async def run(self, run: OpenRun) -> None:
        """Appends a line about the run as it stands."""
        progress = run.progress
        line: dict[str, Any] = {
            "at": time.time(),
            "seconds": run.seconds_before + progress.seconds,
            "programs": len(run.database),
            "correct": progress.correct,
            "failed": sum(progress.failures.values()),
            "best_score": progress.best_score,
            "best_generation": progress.best_generation,
            "cost": run.budget.spent,
            "rate": progress.rate,
        }
        await asyncio.to_thread(append, run.settings.results_dir / FILE, json.dumps(line))


def append(path: Path, line: str) -> None:
    """Appends a line, also to a file that a kill has left without its last line end."""
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                line = "\n" + line
        file.write(line.encode() + b"\n")
