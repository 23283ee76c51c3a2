"""Running evaluations: submit a program, wait for its evaluation, cancel it."""

from shinka_core.launch.launcher import Launcher
from shinka_core.launch.local import LocalLauncher, check_job
from shinka_core.launch.terms import Terms

__all__ = ["Launcher", "LocalLauncher", "Terms", "check_job"]
