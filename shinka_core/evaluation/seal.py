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

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VARIABLE = "SHINKA_SEAL_FD"
AT_WORK = b"at work\n"
SEALED = ("metrics.json", "correct.json")
LARGEST_FILE = 10_000_000


def digest(contents: Sequence[bytes]) -> bytes:
    """What the result files hold, in one line.

    Args:
        contents: Of each of `SEALED`, in that order.
    """
    total = hashlib.sha256()
    for content in contents:
        total.update(len(content).to_bytes(8, "big") + content)
    return total.hexdigest().encode() + b"\n"


class Seal:
    """The harness's end of the pipe; without a launcher that listens it does nothing."""

    def __init__(self) -> None:
        value = os.environ.pop(VARIABLE, "")
        self._descriptor = int(value) if value.isdigit() else None
        self._say(AT_WORK)
        if self._descriptor is not None:
            os.set_inheritable(self._descriptor, False)

    def close(self, contents: Sequence[bytes]) -> None:
        """Says what was written; not what the files hold, which may be another's already."""
        self._say(digest(contents))

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
    if not lines:  # it did not get to the end; then there should be no results either
        return all((folder / name).exists() for name in SEALED)
    return lines[-1] != digest(contents(folder))


def contents(folder: Path) -> list[bytes]:
    """What is in the result files; nothing for one that is not there or no regular file."""
    return [_content(folder / name) for name in SEALED]


def _content(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)
