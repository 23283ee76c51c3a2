"""Imports that take seconds, in a thread, so that the caller's event loop goes on."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from importlib import import_module

# Modules that import each other must not be begun from two ends at once.
_one_at_a_time = threading.Lock()


async def imported(*modules: str) -> None:
    """Waits until the modules are imported. Neither a cancellation nor the interpreter's end waits for them."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def load() -> None:
        error: Exception | None = None
        try:
            with _one_at_a_time:
                for module in modules:
                    import_module(module)
        except Exception as caught:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
            error = caught
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(_settle, done, error)

    threading.Thread(target=load, name="imports", daemon=True).start()
    await done


def _settle(done: asyncio.Future[None], error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
