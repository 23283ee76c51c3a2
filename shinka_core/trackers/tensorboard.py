"""TensorBoard: event files in the results folder, written by tensorboardX, which needs neither TensorFlow nor torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from shinka_core.bounds import within
from shinka_core.callbacks import Begun
from shinka_core.database import RunSummary
from shinka_core.trackers.tracker import TRACKERS, Tracker, need

FOLDER = "tensorboard"
LONGEST_TEXT = 100_000
FLUSH = 10  # seconds


@TRACKERS.register("tensorboard")
@dataclass
class TensorBoardTracker(Tracker):
    """Writes event files for TensorBoard.

    Attributes:
        log_dir: Their folder; None: `tensorboard/` in the results folder.
    """

    log_dir: str | None = None

    def __post_init__(self) -> None:
        """Looks whether the library is there."""
        need("tensorboardX", "TensorBoardTracker", "tensorboard")
        super().__init__()

    def start(self, run: Begun) -> None:
        """Opens a file; a resume writes another beside it, and TensorBoard shows them as one."""
        folder = self.log_dir or str(run.results_dir / FOLDER)
        self._writer: Any = import_module("tensorboardX").SummaryWriter(folder, flush_secs=FLUSH)
        self._step = run.ended
        self._text("settings", json.dumps(run.settings, indent=2, ensure_ascii=False, default=str))

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Keeps them as scalars."""
        self._step = step
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)

    def finish(self, summary: RunSummary, files: Mapping[str, Path]) -> None:
        """Adds the files as texts and closes."""
        for name, path in files.items():
            self._text(name, path.read_text(encoding="utf-8", errors="replace"))
        if summary.stopped_early:
            self._text("stopped_early", summary.stopped_early)
        self._writer.close()

    def _text(self, name: str, text: str) -> None:
        """A text as it is: what TensorBoard reads is Markdown, and a line that is indented is code there."""
        lines = within(text, LONGEST_TEXT).splitlines()
        self._writer.add_text(name, "\n".join(f"    {line}" for line in lines), self._step)
