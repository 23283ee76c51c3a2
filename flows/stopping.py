"""Stopping a run before its end: a signal, or a cancellation in the Prefect UI.

The first word stops new proposals and evaluations and lets those in flight end, for as long as
`stop_grace` says; the second ends everything now. Either way the run can be resumed.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Coroutine, Generator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import httpx
from prefect import flow_engine
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException

from shinka_core.run import Run

logger = logging.getLogger("shinka.stopping")

INTERRUPTED = "interrupted"
CANCELLED = "cancelled in the Prefect UI"
LOOK_PERIOD = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Watches over the work of one run and ends it when told to."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._work: asyncio.Task[str] | None = None
        self._told = self._ended = False

    async def guard(self, work: Coroutine[Any, Any, str]) -> str:
        """Runs the work to its end or to the end of the grace.

        Returns:
            What the work returns, or why it was stopped.
        """
        self._work = asyncio.create_task(work)
        watch = asyncio.create_task(self._watch_server())
        try:
            with self._signals():
                return await asyncio.shield(self._work)
        except asyncio.CancelledError:
            if not self._work.cancelled():  # the cancellation comes from outside
                self._work.cancel()
                await asyncio.wait([self._work])
                raise
            return self._run.stop_reason
        except Exception:
            if not self._ended:
                raise
            logger.exception("while stopping")  # what is torn down may protest; the run is stored all the same
            return self._run.stop_reason
        finally:
            watch.cancel()
            await asyncio.wait([watch])

    def stop(self, reason: str) -> None:
        """The first time starts the grace, the second time ends it."""
        loop = asyncio.get_running_loop()
        if self._told:
            self._end_now()
            return
        self._told = True
        grace = self._run.settings.evolve.stop_grace
        self._run.stop_reason = self._run.stop_reason or reason
        logger.warning("%s: finishing what is in flight, at most %g s; once more to stop now", reason, grace)
        loop.call_later(grace, self._end_now)

    def _end_now(self) -> None:
        if self._work is not None and not self._work.done():
            self._ended = True
            self._work.cancel()

    @contextmanager
    def _signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # a worker's thread gets no signals; whoever does will cancel us
            return
        loop = asyncio.get_running_loop()
        # Each generation's engine would put Prefect's own SIGTERM handler in the place of ours, and
        # generations that overlap would restore each other's.
        engine: Any = flow_engine  # the name is not one that Prefect exports
        capture = engine.capture_sigterm
        engine.capture_sigterm = nullcontext
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.stop, INTERRUPTED)
        try:
            yield
        finally:
            for number, handler in before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)
            engine.capture_sigterm = capture

    async def _watch_server(self) -> None:
        """Asks now and then whether somebody cancelled the flow run."""
        context = FlowRunContext.get()
        if context is None or context.flow_run is None:
            return
        async with get_client() as client:
            while True:
                await asyncio.sleep(LOOK_PERIOD)
                with suppress(httpx.HTTPError, PrefectException):  # a server that is away cancels nothing
                    state = (await client.read_flow_run(context.flow_run.id)).state
                    if state is not None and (state.is_cancelling() or state.is_cancelled()):
                        if self._told:  # a worker says it with a signal as well, which came first
                            self._run.stop_reason = CANCELLED
                        else:
                            self.stop(CANCELLED)
                        return
