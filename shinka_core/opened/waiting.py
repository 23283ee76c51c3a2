"""Waiting for coroutines where no event loop is at hand, or where one runs that is not ours, as in every notebook."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_lock = threading.Lock()
# By process: a fork has the loop of its parent and not the thread that runs it.
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns or raises; it runs on an event loop of its own, in a thread that ends with the process.

    Ctrl-C while waiting cancels it.
    """
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _loop() -> asyncio.AbstractEventLoop:
    with _lock:
        found = _loops.get(os.getpid())
        if found is None:
            found = _loops[os.getpid()] = asyncio.new_event_loop()
            threading.Thread(target=found.run_forever, name="shinka-reading", daemon=True).start()
        return found
