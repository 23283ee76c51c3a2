"""A terminal for the tests: a real pty, what a program wrote to it, and a run for displays to show."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from types import SimpleNamespace
from typing import Any

from shinka_core.control import RunControl
from shinka_core.errors import Blame
from shinka_core.program import Failure, Program
from shinka_core.progress import Progress
from shinka_core.record import Ended, Pull, recorded
from shinka_core.slots import Slots
from shinka_core.source import Source
from tests.support.prefect import ROOT

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b2J\u202eb\u2066\u200b\r\nforged\ttext\x08\x7f\x0c\x85\ud800" + "x" * 600
LONGEST_SILENCE = 60.0
# What displays of ours send to a terminal: colours, the cursor hidden and shown, a line up, a line erased.
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K|\r|\n")


def under_way(words: str = "", name: str = "e") -> Any:
    """A run with a seed program, one that is better, one that is not correct and a generation that failed.

    Args:
        words: In every place where text of others goes.
    """
    progress = Progress(total=10)
    pull = Pull(f"full{words}", f"some-model{words}")
    seed = Program("a", 0, Source.of("x", "python"), 0, score=1.0, correct=True)
    better = Program("b", 1, Source.of("x", "python"), 0, score=1.5, correct=True)
    wrong = Program("c", 2, Source.of("x", "python"), 0, score=2.0, correct=False, error=f"circles overlap{words}")
    progress.apply(recorded(seed, 1, (0,), None))
    progress.apply(recorded(better, 2, (0,), None, (pull,)))
    progress.apply(recorded(wrong, 3, (0,), None, (pull,)))
    progress.apply(Ended(3, Failure("patch", f"syntax_error{words}", f"line 3{words}"), (pull,), Blame.MODEL))
    control = RunControl()
    if words:
        control.pause(f"by the file {words}")
        progress.seed_error = words
    return SimpleNamespace(
        evolution=name + words,
        progress=progress,
        proposals=Slots("p", 4),
        evaluations=Slots("e", 2),
        stage_slots=[Slots(f"quick{words}", 3)],
        control=control,
        ideas=None,
    )


def on_terminal(program: str, columns: int = 80, rows: int = 24, **environment: str) -> str:
    """What a Python program of ours writes to a terminal of that size, all of it."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    known = {
        key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=its, stdout=its, stderr=its,
        env={**known, "TERM": "xterm-256color", "PYTHONUTF8": "1", **environment},
    )  # fmt: skip
    os.close(its)
    written = b""
    with contextlib.suppress(OSError):  # nobody has the other end any more
        while select.select([ours], [], [], LONGEST_SILENCE)[0] and (part := os.read(ours, 65_536)):
            written += part
    os.close(ours)  # hangs up on a program that says nothing any more
    assert process.wait(timeout=60) == 0, written.decode(errors="replace")
    return written.decode("utf-8")


def acts(written: str) -> list[str]:
    """Characters of what was written that act on a terminal, or hide, and are not our display's."""
    return [repr(each) for each in OURS.sub("", written) if not each.isprintable()]
