"""Ctrl-C, SIGTERM and a hang-up in a process that is ours: they stop what runs instead of breaking it off."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial


@dataclass
class Told:
    """What the process was told.

    Attributes:
        first: The signal that came first, None before.
    """

    first: signal.Signals | None = None


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a run: a hang-up too, unless whoever started us has it ignored, as `nohup` does."""
    hang_up = () if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else (signal.SIGHUP,)
    return (signal.SIGINT, signal.SIGTERM, *hang_up)


class BrokenOff(KeyboardInterrupt):
    """A signal ends the command where nothing runs that could be stopped."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = signal.Signals(number)


def break_off_on_signals() -> None:
    """Has SIGTERM and a hang-up raise `BrokenOff` in this process, as Ctrl-C raises `KeyboardInterrupt`."""
    for number in ending_signals()[1:]:
        signal.signal(number, _break_off)


def _break_off(number: int, _: object) -> None:
    raise BrokenOff(number)


@contextmanager
def stopping_on_signals(stop: Callable[[], object], told: Told | None = None) -> Generator[None, None, None]:
    """Calls `stop` for every SIGINT and SIGTERM inside the block, on the running event loop, and for a first SIGHUP.

    A terminal that is closed may say so twice, through its shell and by itself, and means it once.

    For the command line and for processes that a worker started: a program that uses this project as
    a library keeps its own handlers and calls `AsyncEvolutionRunner.stop` itself.

    Args:
        stop: Called in the event loop.
        told: Takes note of what came.
    """
    told = told or Told()
    if threading.current_thread() is not threading.main_thread():
        yield  # a thread gets no signals; whoever does will cancel us
        return
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if number == signal.SIGHUP and told.first is not None:
            return
        told.first = told.first or number
        stop()

    before = {number: signal.getsignal(number) for number in ending_signals()}
    for number in before:
        loop.add_signal_handler(number, partial(on_signal, number))
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
