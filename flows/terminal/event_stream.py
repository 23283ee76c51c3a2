"""Standard output as a stream of events, on which there is nothing else."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from flows.terminal.output import steady
from shinka_core.storable import storable

Fields = dict[str, Any]

# Seconds for a reader to take what is still to be told when the run is over.
PATIENCE = 30.0


class EventStream:
    """Writes events, in their order and in a thread of its own: a reader that is slow holds up no run."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._waiting: queue.SimpleQueue[Fields | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def tell(self, name: str, fields: Fields) -> None:
        """Takes an event; its time is now."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._waiting.put({"event": name, "time": now} | fields)

    def close(self) -> None:
        """Waits until everything is read, for a while."""
        self._waiting.put(None)
        self._thread.join(timeout=PATIENCE)

    def _write(self) -> None:
        while (fields := self._waiting.get()) is not None:
            with suppress(OSError, ValueError):  # nobody reads it any more
                self._out.write(as_line(fields))
                self._out.flush()


def as_line(fields: Fields) -> str:
    """One line of ASCII: whatever is in it, it can be printed anywhere and means what it meant."""
    return json.dumps(_plain(fields), allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def _plain(value: Any) -> Any:
    """The value with nothing in it that JSON lacks: numbers that are none become null, halves of characters `?`."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {storable(str(key)): _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value


@contextmanager
def standard_output_alone() -> Generator[TextIO, None, None]:
    """Standard output for one writer; what anybody else prints inside the block goes to standard error."""
    own = sys.stdout
    alone = _led_away(own) if _is_the_first(own) else contextlib.nullcontext(own)
    with alone as out, contextlib.redirect_stdout(sys.stderr):
        yield out


def _is_the_first(stream: TextIO) -> bool:
    with suppress(OSError, ValueError, AttributeError):
        return stream.fileno() == 1
    return False


@contextmanager
def _led_away(own: TextIO) -> Generator[TextIO, None, None]:
    """Programs that this process starts inherit the number, so that it has to lead elsewhere too."""
    own.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    out = steady(own, kept)
    try:
        yield out
    finally:
        with suppress(OSError, ValueError):
            out.flush()
        os.dup2(kept, 1)
        os.close(kept)
