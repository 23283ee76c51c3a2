"""Where evaluations run, and what a launcher of one's own is made with."""

from shinka_core.config import CustomJobConfig, InProcessJobConfig, JobConfig, LocalJobConfig, Stage
from shinka_core.launch import LAUNCHERS, EvaluationRequest, JobState, Launcher
from shinka_core.program import Evaluation, Job

__all__ = [
    "LAUNCHERS",
    "CustomJobConfig",
    "Evaluation",
    "EvaluationRequest",
    "InProcessJobConfig",
    "Job",
    "JobConfig",
    "JobState",
    "Launcher",
    "LocalJobConfig",
    "Stage",
]
