"""Ctrl-C and SIGTERM in a process that is ours: they stop what runs instead of breaking it off."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping_on_signals(stop: Callable[[], object]) -> Generator[None, None, None]:
    """Calls `stop` for every SIGINT and SIGTERM inside the block, on the running event loop.

    For the command line and for processes that a worker started: a program that uses this project as
    a library keeps its own handlers and calls `AsyncEvolutionRunner.stop` itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # a thread gets no signals; whoever does will cancel us
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
