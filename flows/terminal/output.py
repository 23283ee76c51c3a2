"""What a run prints may go nowhere: into a pager that was left, a terminal that was closed, a disk that is full.

None of that is the run's business. It goes on, writes its results and ends with its usual exit code.
"""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from contextlib import suppress


class _Anywhere(io.FileIO):
    """A file that takes everything, whether anybody gets it or not."""

    def write(self, data: object, /) -> int:
        view = memoryview(data)  # pyright: ignore[reportArgumentType]
        try:
            written = super().write(view)
        except OSError:
            written = None
        return len(view) if written is None else written


def steady_output() -> None:
    """Lets standard output and error take any text and outlive their reader, for the rest of the process."""
    _fill_closed()
    sys.stdout = steady(sys.stdout, 1)
    sys.stderr = steady(sys.stderr, 2)


def leave_within(seconds: float, code: int) -> None:
    """Lets the process end in its own time, but not wait longer for a server that has gone."""

    def leave() -> None:
        time.sleep(seconds)
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)

    threading.Thread(target=leave, name="leave", daemon=True).start()


def _fill_closed() -> None:
    """A standard stream that was closed would be given to the next file that is opened, the database say."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)


def steady(stream: object, number: int) -> io.TextIOWrapper:
    """Text that the encoding lacks is written as an escape."""
    with suppress(OSError, ValueError, AttributeError):
        stream.flush()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    raw = _Anywhere(number, "wb", closefd=False)
    lines = number == 2 or raw.isatty()
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=lines, write_through=False
    )
