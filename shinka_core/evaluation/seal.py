"""A seal on the results of evaluators that use our harness.

Evaluated code runs in the evaluator's process and can write to its results folder. So the harness
says over a pipe, opened before the program is loaded, that it is at work, and at the end what it
wrote. Files that say something else were written by someone else.

This stops a program that writes its own `metrics.json` and leaves, or leaves something behind
that does. It cannot stop code that rewrites the running evaluator in memory: an evaluator that
must withstand this has to run the program in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

VARIABLE = "SHINKA_SEAL_FD"
AT_WORK = b"at work\n"
SEALED = ("metrics.json", "correct.json")
LARGEST_FILE = 10_000_000


def digest(folder: Path) -> bytes:
    """What the result files hold, in one line."""
    total = hashlib.sha256()
    for name in SEALED:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            total.update(b"none")
            continue
        with path.open("rb") as file:
            total.update(file.read(LARGEST_FILE + 1))
    return total.hexdigest().encode() + b"\n"


class Seal:
    """The harness's end of the pipe; without a launcher that listens it does nothing."""

    def __init__(self) -> None:
        value = os.environ.pop(VARIABLE, "")
        self._descriptor = int(value) if value.isdigit() else None
        self._say(AT_WORK)
        if self._descriptor is not None:
            os.set_inheritable(self._descriptor, False)

    def close(self, folder: Path) -> None:
        """Says what the result files hold now."""
        self._say(digest(folder))

    def _say(self, line: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, line)
        except OSError:
            self._descriptor = None


def broken(said: bytes, folder: Path) -> bool:
    """Whether the result files are not what the harness said; an evaluator without it says nothing.

    Args:
        said: All that came over the pipe.
    """
    if not said.startswith(AT_WORK):
        return False
    lines = said[len(AT_WORK) :].splitlines(keepends=True)
    return not lines or lines[-1] != digest(folder)
