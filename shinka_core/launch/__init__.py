"""Running evaluations: submit a program, wait for its evaluation, cancel it."""

from shinka_core.launch.launcher import Launcher
from shinka_core.launch.local import LocalLauncher, check_job

__all__ = ["Launcher", "LocalLauncher", "check_job"]
