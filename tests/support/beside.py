"""Reviewers and periodic steps for whole runs, named by their place in the settings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.program import Candidate, Review, Sampling, Verdict


@dataclass
class Scripted:
    """Says what `folder` has a file for: `<generation>-<n>` holds `reject why` or `hint what` for the n-th review of it.

    Attributes:
        seconds: That each review takes.
    """

    folder: str
    seconds: float = 0.0

    async def review(self, sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> Review:
        asked = Path(self.folder) / f"{folder.name}.asked"
        times = len(asked.read_text()) if asked.exists() else 0
        asked.write_text("x" * (times + 1))
        await asyncio.sleep(self.seconds)
        script = Path(self.folder) / f"{folder.name}-{times}"
        if not script.exists():
            return Review.accept()
        word, _, text = script.read_text().partition(" ")
        if word == "break":
            raise ConnectionError(text)
        return Review.reject(text) if word == "reject" else Review.hint(text)


@dataclass
class Noted:
    """Writes down when it ran; waits, and fails where it is told to."""

    file: str
    every: int = 2
    seconds: float = 0.0
    fails_at: int = -1

    def due(self, recorded: int) -> bool:
        return recorded > 0 and recorded % self.every == 0

    async def run(self, run: Any) -> None:
        await asyncio.sleep(self.seconds)
        with Path(self.file).open("a") as file:
            file.write(f"{len(run.database)}\n")
        if len(run.database) >= self.fails_at >= 0:
            raise ZeroDivisionError("a bug in a step")
