"""Stopping a run before its end, or pausing it: a signal, a file, or what somebody asks for in the Prefect UI.

The first word stops new proposals and evaluations and lets those in flight end, for as long as
`stop_grace` says; the second ends everything now. Either way the run can be resumed. A pause begins no
proposal and lets those in flight end, until whoever paused takes it back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

from prefect.client.schemas.objects import State

from flows.orchestrator.flow_run_watch import watch_flow_run
from flows.pause_file import watch_pause_file
from shinka_core.control import INTERRUPTED
from shinka_core.errors import DatabaseUnavailableError
from shinka_core.run import Run

logger = logging.getLogger("shinka.stopping")

CANCELLED = "cancelled in the Prefect UI"
SUSPENDED = "suspended in the Prefect UI; resume the flow run to continue"
IN_UI = "in the Prefect UI, until the flow run is resumed"
BY_PROGRAM = "by this program, until it resumes the run"

# The runs that this process can stop, by name.
_stoppable: dict[str, Stopping] = {}


def stop_run(evolution: str, reason: str = INTERRUPTED) -> bool:
    """Stops a run of this process, the second time at once; returns whether there is one to stop."""
    found = _stoppable.get(evolution)
    if found is not None:
        found.stop(reason)
    return found is not None


def pause_run(evolution: str) -> bool:
    """Pauses a run of this process; returns whether there is one."""
    found = _stoppable.get(evolution)
    if found is not None:
        found.pause(BY_PROGRAM)
    return found is not None


def resume_run(evolution: str) -> bool:
    """Takes the pause back; returns whether there is such a run."""
    found = _stoppable.get(evolution)
    if found is not None:
        found.resume(BY_PROGRAM)
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
        watches = [
            asyncio.create_task(watch_pause_file(self, self._run.settings.results_dir)),
            asyncio.create_task(watch_flow_run(self)),
        ]
        self._work = asyncio.create_task(work)
        self._run.database.when_lost(self._on_lost)
        try:
            with _known(self):
                return await asyncio.shield(self._work)
        except asyncio.CancelledError:
            if not self._work.cancelled():  # the cancellation comes from outside
                self._run.control.stop(INTERRUPTED, interrupted=True)
                self._work.cancel()
                await asyncio.wait([self._work])
            return self._run.control.reason
        except Exception:
            if not self._ended:
                raise
            logger.exception("while stopping")  # what is torn down may protest; the run is stored all the same
            return self._run.control.reason
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.wait(watches)

    def stop(self, reason: str) -> None:
        """The first time starts the grace, the second time ends it. From any thread."""
        if not self._here(partial(self.stop, reason)):
            return
        if self._told:
            self._end_now()
            return
        self._told = True
        grace = self._run.settings.evolve.stop_grace
        self._run.control.stop(reason, interrupted=True)
        logger.warning("%s: finishing what is in flight, at most %g s; once more to stop now", reason, grace)
        self._loop.call_later(grace, self._end_now)

    def pause(self, by: str) -> None:
        """Begins no proposal until `resume`, and lets what is in flight go on. From any thread.

        Args:
            by: Who pauses and until when, in words.
        """
        if self._here(partial(self.pause, by)) and by not in self._run.control.pauses:
            self._run.control.pause(by)
            logger.warning("paused %s: no new proposals", by)

    def resume(self, by: str) -> None:
        """Lets proposals begin again, unless somebody else has paused the run too. From any thread."""
        if self._here(partial(self.resume, by)) and by in self._run.control.pauses:
            self._run.control.resume(by)
            others = ", and ".join(self._run.control.pauses)
            logger.warning("resumed" if not others else f"still paused {others}")

    def _here(self, act: Callable[[], None]) -> bool:
        """Whether this is the run's event loop; otherwise it is done there."""
        if _is_running(self._loop):
            return True
        self._loop.call_soon_threadsafe(act)
        return False

    def _end_now(self) -> None:
        if self._work is not None and not self._work.done():
            self._ended = True
            self._work.cancel()

    def _on_lost(self, error: DatabaseUnavailableError) -> None:
        """Ends everything now: nothing of it could be stored, and another may be at the same generations."""
        self._told = True
        self._run.control.stop(str(error))
        self._end_now()

    # What is asked for in the Prefect UI

    def on_cancel(self) -> None:
        """Stops, unless a signal came first: a worker says it with one as well."""
        if self._told:
            self._run.control.explain(CANCELLED)
        else:
            self.stop(CANCELLED)

    def on_suspend(self, state: State[Any]) -> None:
        """Stops, for another process to go on after a resume."""
        self.suspended = state
        if not self._told:
            self.stop(SUSPENDED)

    def on_pause(self) -> None:
        """Lets what is in flight go on and begins no proposal."""
        self.pause(IN_UI)

    def on_resume(self) -> None:
        """Proposals begin again."""
        self.resume(IN_UI)


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether the caller is inside of it."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
