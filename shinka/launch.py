"""Where evaluations run, and what a launcher of one's own is made with."""

from shinka_core.config import (
    CustomJobConfig,
    DaskJobConfig,
    InProcessJobConfig,
    JobConfig,
    LocalJobConfig,
    PrefectJobConfig,
    RayJobConfig,
    SlurmJobConfig,
    Stage,
)
from shinka_core.config.slurm_names import SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig
from shinka_core.launch import LAUNCHERS, EvaluationRequest, JobState, Launcher
from shinka_core.program import Evaluation, Job

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
