"""MLflow: a run in an experiment, its settings as parameters, the best program among its artifacts."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from shinka_core.bounds import within
from shinka_core.callbacks import Begun
from shinka_core.database import RunSummary
from shinka_core.trackers.tracker import TRACKERS, Tracker, flat, keep_name, kept_name, need

# What every version of its server takes.
AT_ONCE = 100
LONGEST_VALUE = 500
LONGEST_KEY = 250
# In names of parameters and metrics.
_NO_NAME = re.compile(r"[^\w\-. /]")


@TRACKERS.register("mlflow")
@dataclass
class MLflowTracker(Tracker):
    """Keeps a run in MLflow.

    Attributes:
        experiment: Its name there; made when there is none.
        tracking_uri: Of the server or store; None for what `MLFLOW_TRACKING_URI` or MLflow's own default says.
        run_name: None for the name of the evolution.
    """

    experiment: str = "shinka"
    tracking_uri: str | None = None
    run_name: str | None = None

    def __post_init__(self) -> None:
        """Looks whether the library is there."""
        need("mlflow", "MLflowTracker", "mlflow")
        super().__init__()

    def start(self, run: Begun) -> None:
        """Makes a run there, or takes up the one of before."""
        self._mlflow: Any = import_module("mlflow")
        self._client: Any = self._mlflow.MlflowClient(tracking_uri=self.tracking_uri)
        known = kept_name(run.results_dir, "mlflow")
        self._id = self._taken_up(known) or self._made(run)

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Keeps them as metrics."""
        now, entities = int(time.time() * 1000), self._mlflow.entities
        metrics = [entities.Metric(_name(name), value, now, step) for name, value in numbers.items()]
        self._client.log_batch(self._id, metrics=metrics[:1000])

    def finish(self, summary: RunSummary, files: Mapping[str, Path]) -> None:
        """Adds the files and ends the run: `KILLED` is MLflow's word for one that was stopped."""
        for name, path in files.items():
            self._client.log_artifact(self._id, str(path), name.rpartition("/")[0] or None)
        if summary.stopped_early:
            self._client.set_tag(self._id, "stopped_early", within(summary.stopped_early, LONGEST_VALUE))
        status = "KILLED" if summary.stopped_early else "FAILED" if summary.nothing_made else "FINISHED"
        self._client.set_terminated(self._id, status=status)

    def _taken_up(self, known: str | None) -> str | None:
        if known is None:
            return None
        try:
            self._client.update_run(known, status="RUNNING")
        except self._mlflow.exceptions.MlflowException:
            return None  # deleted there, or another store than before
        return known

    def _made(self, run: Begun) -> str:
        experiment = self._client.get_experiment_by_name(self.experiment)
        place = experiment.experiment_id if experiment else self._client.create_experiment(self.experiment)
        tags = {"shinka.evolution": within(run.evolution, LONGEST_VALUE), "shinka.results_dir": str(run.results_dir)}
        made = self._client.create_run(place, tags=tags, run_name=self.run_name or run.evolution).info.run_id
        parameters = [
            self._mlflow.entities.Param(_name(name), within(value, LONGEST_VALUE))
            for name, value in flat(run.settings).items()
        ]
        for first in range(0, len(parameters), AT_ONCE):
            self._client.log_batch(made, params=parameters[first : first + AT_ONCE])
        keep_name(run.results_dir, "mlflow", made)
        return made


def _name(name: str) -> str:
    return _NO_NAME.sub("_", name)[:LONGEST_KEY]
