"""Where evaluations run, and what a launcher of one's own is made with."""

from __future__ import annotations

from shinka_core.config import (
    CustomJobConfig,
    DaskJobConfig,
    InProcessJobConfig,
    LocalJobConfig,
    PrefectJobConfig,
    RayJobConfig,
    SlurmJobConfig,
    Stage,
)
from shinka_core.config.slurm_names import SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig
from shinka_core.launch import LAUNCHERS, EvaluationRequest, JobState, Launcher
from shinka_core.program import Evaluation, Job
from shinka_core.shinkaevolve.absent import lazily

__all__ = [
    "LAUNCHERS",
    "CustomJobConfig",
    "DaskJobConfig",
    "Evaluation",
    "EvaluationRequest",
    "InProcessJobConfig",
    "Job",
    "JobConfig",
    "JobState",
    "Launcher",
    "LocalJobConfig",
    "PrefectJobConfig",
    "RayJobConfig",
    "SlurmCondaJobConfig",
    "SlurmDockerJobConfig",
    "SlurmEnvJobConfig",
    "SlurmJobConfig",
    "Stage",
]

_LAUNCHER = (
    "the run submits its evaluations itself; a launcher of one's own is LAUNCHERS.register(...) and kind: custom"
)
TYPE_CHECKING = False
if TYPE_CHECKING:
    from shinka_core.config import JobConfig
else:
    from shinka_core.shinkaevolve.jobs import JobConfig

    __getattr__ = lazily("shinka.launch", {}, {"JobScheduler": _LAUNCHER, "ProcessWithLogging": _LAUNCHER})
