"""An evolution to look at from scripts and notebooks: everything a reader tells, without `await`."""

from shinka_core.opened.evolution import Evolution, open
from shinka_core.opened.program import OpenedProgram

__all__ = ["Evolution", "OpenedProgram", "open"]
