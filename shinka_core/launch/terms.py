"""What differs between the evaluations that one evaluator makes of one program: stages and repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shinka_core.config.job import Kind
from shinka_core.program import Trial


@dataclass(frozen=True, slots=True)
class Terms:
    """How one evaluation is called, over what the settings say of all.

    Attributes:
        arguments: `--key value` for the evaluator, over those of the settings.
        environment: Variables, over those of the settings.
        time_limit: Seconds; None: the limit of the settings.
        limited_by: The setting that says so, for messages.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    time_limit: float | None = None
    limited_by: str = "job.time"


AS_SET = Terms()


def terms(job: Kind, seed: int, trial: Trial) -> Terms:
    """How the evaluator is called for one of a candidate's evaluations.

    Args:
        seed: Of the run.
    """
    arguments: dict[str, Any] = {} if job.seed_argument is None else {job.seed_argument: seed + trial.repeat}
    environment = {} if job.seed_variable is None else {job.seed_variable: str(seed + trial.repeat)}
    stage = next((stage for stage in job.stages if stage.name == trial.stage), None)
    if stage is None:
        return Terms(arguments, environment)
    arguments = {"stage": stage.name, **stage.args, **arguments}
    if stage.time_limit is None:
        return Terms(arguments, environment)
    return Terms(arguments, environment, stage.time_limit, f"time of the stage {stage.name!r}")
