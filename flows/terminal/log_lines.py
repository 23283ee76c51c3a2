"""What is logged on the screen of a process that is ours: one line a record, and nothing in it acts on the terminal."""

from __future__ import annotations

import copy
import logging
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

from shinka_core.shown import as_shown

INDENT = "  "


class SpelledOut(logging.Formatter):
    """Another formatter's lines, in which what programs, models and files say is text alone."""

    def __init__(self, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        """The message on one line; a traceback has lines of its own, set in."""
        shown = copy.copy(record)
        shown.msg, shown.args = as_shown(record.getMessage()), None
        if record.exc_info:
            shown.exc_text = _set_in(self._inner.formatException(record.exc_info))
        if record.stack_info:
            shown.stack_info = _set_in(record.stack_info)
        return as_shown(self._inner.format(shown), lines=True)


def spell_out_logs() -> None:
    """Has every line that is logged on standard output or error by now spelled out, for the rest of the process."""
    for handler in _on_screen():
        if not isinstance(handler.formatter, SpelledOut):
            handler.setFormatter(SpelledOut(handler.formatter))


@contextmanager
def only_errors() -> Generator[None, None, None]:
    """Shows nothing less than an error inside the block."""
    before = {handler: handler.level for handler in _on_screen()}
    for handler in before:
        handler.setLevel(max(handler.level, logging.ERROR))
    try:
        yield
    finally:
        for handler, level in before.items():
            handler.setLevel(level)


@contextmanager
def above(console: Console) -> Generator[None, None, None]:
    """Logs above a live display, which would otherwise be written over, where both are on a terminal."""
    moved: list[tuple[Any, Console]] = []
    for handler in _on_screen():
        own = getattr(handler, "console", None)
        if isinstance(own, Console) and own.file.isatty():
            moved.append((handler, own))
            handler.console = console  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
    finally:
        for handler, own in moved:
            handler.console = own


def _on_screen() -> Iterator[logging.Handler]:
    loggers = [logging.getLogger(), *map(logging.getLogger, tuple(logging.root.manager.loggerDict))]
    found = {handler for logger in loggers for handler in logger.handlers}
    if logging.lastResort is not None:
        found.add(logging.lastResort)
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    for handler in found:
        stream = getattr(handler, "stream", None)
        if stream is not None and stream in streams:
            yield handler


def _set_in(text: str) -> str:
    return INDENT + as_shown(text, lines=True).replace("\n", f"\n{INDENT}")
