"""Finding and calling `wolframscript`, for evaluators of programs in the Wolfram Language."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

VARIABLE, USUAL = "WOLFRAMSCRIPT_BIN", "wolframscript"


def wolframscript_bin() -> str:
    """The program's name or path: what WOLFRAMSCRIPT_BIN says, `wolframscript` otherwise."""
    return os.environ.get(VARIABLE, USUAL)


def is_wolframscript_available() -> bool:
    """Whether it can be run here."""
    return shutil.which(wolframscript_bin()) is not None


def build_wolframscript_argv(args: Sequence[str]) -> list[str]:
    """The command that runs it with those arguments; its absolute path where it is found."""
    named = wolframscript_bin()
    return [shutil.which(named) or named, *args]
