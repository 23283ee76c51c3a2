"""Weights & Biases: a run in a project, its settings as the config, the best program as an artifact."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from shinka_core.callbacks import Begun
from shinka_core.database import RunSummary
from shinka_core.trackers.tracker import TRACKERS, Tracker, keep_name, kept_name, need

LONGEST_NAME = 128


@TRACKERS.register("wandb")
@dataclass
class WandbTracker(Tracker):
    """Keeps a run in Weights & Biases; with `mode: offline` in the results folder, for `wandb sync`.

    Attributes:
        project: Its name there.
        entity: Whose it is; None: the one who is logged in.
        mode: None for what `WANDB_MODE` says.
        group: Of runs that are shown together, of several seeds say.
    """

    project: str = "shinka"
    entity: str | None = None
    mode: Literal["online", "offline"] | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        """Looks whether the library is there."""
        need("wandb", "WandbTracker", "wandb")
        super().__init__()

    def start(self, run: Begun) -> None:
        """Makes a run there, or takes up the one of before."""
        self._wandb: Any = import_module("wandb")
        mode = self.mode or os.environ.get("WANDB_MODE", "online")
        if mode == "online" and not self._wandb.api.api_key:
            # It would ask a person for a key, at a terminal that shows the run.
            raise RuntimeError("nobody is logged in to Weights & Biases; set WANDB_API_KEY, or say mode: offline")
        known = kept_name(run.results_dir, "wandb") or secrets.token_hex(8)
        self._there: Any = self._wandb.init(
            project=self.project,
            entity=self.entity,
            group=self.group,
            mode=mode,
            id=known,
            name=run.evolution[:LONGEST_NAME],
            config=run.settings,
            dir=str(run.results_dir),
            resume="allow",
            reinit="create_new",  # beside any run that the program has itself
            settings=self._wandb.Settings(console="off", silent=True, x_disable_stats=True),
        )
        keep_name(run.results_dir, "wandb", known)

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Keeps them in the run's history."""
        self._there.log(dict(numbers), step=step)

    def finish(self, summary: RunSummary, files: Mapping[str, Path]) -> None:
        """Adds the files as an artifact and ends the run."""
        self._there.summary["stopped_early"] = summary.stopped_early
        self._there.summary["best_score"] = summary.best_score
        if files:
            artifact = self._wandb.Artifact(f"best-{self._there.id}", type="program")
            for name, path in files.items():
                artifact.add_file(str(path), name=name)
            self._there.log_artifact(artifact)
        self._there.finish(exit_code=1 if summary.stopped_early or summary.nothing_made else 0)
