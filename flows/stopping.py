"""Stopping a run before its end: a signal, or what somebody asks for in the Prefect UI.

The first word stops new proposals and evaluations and lets those in flight end, for as long as
`stop_grace` says; the second ends everything now. Either way the run can be resumed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any

from prefect.client.schemas.objects import State

from flows.orchestrator.flow_run_watch import watch_flow_run
from shinka_core.run import Run

logger = logging.getLogger("shinka.stopping")

INTERRUPTED = "interrupted"
CANCELLED = "cancelled in the Prefect UI"
SUSPENDED = "suspended in the Prefect UI; resume the flow run to continue"

# The runs that this process can stop, by name.
_stoppable: dict[str, Stopping] = {}


def stop_run(evolution: str, reason: str = INTERRUPTED) -> bool:
    """Stops a run of this process, the second time at once; returns whether there is one to stop."""
    found = _stoppable.get(evolution)
    if found is not None:
        found.stop(reason)
    return found is not None


@contextmanager
def _known(stopping: Stopping) -> Generator[None, None, None]:
    _stoppable[stopping.evolution] = stopping
    try:
        yield
    finally:
        del _stoppable[stopping.evolution]


class Stopping:
    """Watches over the work of one run and ends it when told to.

    Attributes:
        suspended: The state in which the flow run waits for a resume, once it was suspended.
    """

    def __init__(self, run: Run) -> None:
        """To be made in the run's event loop."""
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Task[str] | None = None
        self._told = self._ended = False
        self.suspended: State[Any] | None = None

    @property
    def evolution(self) -> str:
        """Name of the run."""
        return self._run.evolution

    async def guard(self, work: Coroutine[Any, Any, str]) -> str:
        """Runs the work to its end or to the end of the grace.

        Returns:
            What the work returns, or why it was stopped.
        """
        self._work = asyncio.create_task(work)
        watch = asyncio.create_task(watch_flow_run(self))
        try:
            with _known(self):
                return await asyncio.shield(self._work)
        except asyncio.CancelledError:
            if not self._work.cancelled():  # the cancellation comes from outside
                self._run.stop_reason = self._run.stop_reason or INTERRUPTED
                self._work.cancel()
                await asyncio.wait([self._work])
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
        """The first time starts the grace, the second time ends it. From any thread."""
        if not _is_running(self._loop):
            self._loop.call_soon_threadsafe(self.stop, reason)
            return
        if self._told:
            self._end_now()
            return
        self._told = True
        grace = self._run.settings.evolve.stop_grace
        self._run.stop_reason = self._run.stop_reason or reason
        self._run.proposals.open()  # who waits in a pause is to see that it is over
        logger.warning("%s: finishing what is in flight, at most %g s; once more to stop now", reason, grace)
        self._loop.call_later(grace, self._end_now)

    def _end_now(self) -> None:
        if self._work is not None and not self._work.done():
            self._ended = True
            self._work.cancel()

    # What is asked for in the Prefect UI

    def on_cancel(self) -> None:
        """Stops, unless a signal came first: a worker says it with one as well."""
        if self._told:
            self._run.stop_reason = CANCELLED
        else:
            self.stop(CANCELLED)

    def on_suspend(self, state: State[Any]) -> None:
        """Stops, for another process to go on after a resume."""
        self.suspended = state
        if not self._told:
            self.stop(SUSPENDED)

    def on_pause(self) -> None:
        """Lets what is in flight go on and begins no proposal."""
        logger.warning("paused in the Prefect UI: no new proposals until the flow run is resumed")
        self._run.proposals.close()

    def on_resume(self) -> None:
        """Proposals begin again."""
        logger.warning("resumed")
        self._run.proposals.open()


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the caller is inside of it."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
