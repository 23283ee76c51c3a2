"""Where evaluations run: one protocol, chosen by the `kind` of the job settings."""

from shinka_core.launch.kinds import check_job, launcher_of
from shinka_core.launch.launcher import LAUNCHERS, JobState, Launcher
from shinka_core.launch.local import LocalLauncher
from shinka_core.launch.request import EvaluationRequest
from shinka_core.launch.terms import Terms

__all__ = [
    "LAUNCHERS",
    "EvaluationRequest",
    "JobState",
    "Launcher",
    "LocalLauncher",
    "Terms",
    "check_job",
    "launcher_of",
]
