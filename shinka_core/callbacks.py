"""What a program that runs an evolution is told while it runs.

Whoever listens never harms the run: it goes on meanwhile, an error is logged and no more, and at the end what is
still to be told is waited for a while only. Everything is told in the order of the record, one after the other.
"""

from __future__ import annotations

import asyncio
import difflib
import inspect
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase, RunSummary
from shinka_core.errors import ConfigError, ShinkaError
from shinka_core.program import Failure, Program
from shinka_core.record import Ended, Event, Recorded

logger = logging.getLogger("shinka.callbacks")

# Seconds for what is still to be told when the run has come to its end.
PATIENCE = 30.0
PATIENCE_OF_A_STOP = 5.0

Told = Awaitable[None] | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that is to be told of from here on.

    Attributes:
        evolution: Its name.
        settings: Of all sections, as they are kept with the run; no keys or passwords are among them.
        generations: To reach, those that have ended before among them.
        ended: How many have ended before: none unless it is resumed.
        best_score: Of what was recorded before.
        failures: Generations that ended without a program before, by `step: reason`.
        spent: What all calls have cost by now, in US dollars; may be asked at any time, from any thread.
    """

    evolution: str
    results_dir: Path
    settings: dict[str, Any]
    generations: int
    ended: int
    best_score: float | None
    failures: dict[str, int]
    spent: Callable[[], float]


class Callbacks:
    """What can be told; override what you want to hear, as a function or as a coroutine function.

    Functions are called in a thread of their own, so they may take their time; coroutine functions on the run's event
    loop, which they should not keep. Any object that has some of these methods will do.
    """

    def on_begin(self, run: Begun) -> Told:
        """The run begins, or goes on; told before everything else."""

    def on_program(self, program: Program) -> Told:
        """A program was recorded, the seed program (generation 0) among them; it need not be correct."""

    def on_best(self, program: Program) -> Told:
        """A correct program has a higher score than every one before it; told after `on_program`."""

    def on_failure(self, generation: int, failure: Failure) -> Told:
        """A generation has ended without a program."""

    def on_generation(self, generation: int, ended: int) -> Told:
        """A generation has ended in either way; told after what became of it.

        Args:
            ended: How many have, in this process.
        """

    def on_end(self, summary: RunSummary) -> Told:
        """The run has ended, and its results are written; told once, after everything else.

        So it is however the run ends: done, stopped (`stopped_early` says why), cancelled, suspended, by an outage, or
        broken off by an error, which `run` then raises. A process that is killed tells nothing.
        """


NAMES = tuple(name for name in vars(Callbacks) if name.startswith("on_"))


def check_callbacks(callbacks: object) -> tuple[object, ...]:
    """The objects to be told, of one or several.

    Raises:
        ConfigError: One has a method that nobody calls, or none that somebody does.
    """
    listeners: tuple[object, ...] = (callbacks,)
    if isinstance(callbacks, list | tuple):
        listeners = tuple(cast("Sequence[object]", callbacks))
    for listener in listeners:
        own = [name for name in dir(listener) if name.startswith("on_") and callable(getattr(listener, name))]
        for name in own:
            if name not in NAMES:
                near = difflib.get_close_matches(name, NAMES, n=1)
                remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(NAMES)}"
                raise ConfigError(f"callbacks: {listener!r} has a method {name!r}, which is never called; {remedy}")
        if not own:
            raise ConfigError(
                f"callbacks: {listener!r} has none of the methods {', '.join(NAMES)}; add one, or leave it out"
            )
    return listeners


class Telling:
    """A fold that passes on what the record says to whoever listens."""

    def __init__(
        self, listeners: Sequence[object], read: Callable[[str], Awaitable[Program]], best: float | None
    ) -> None:
        """Nobody is told anything yet.

        Args:
            read: The program of an id.
            best: The score that a program has to pass to be the best.
        """
        self._listeners = listeners
        self._read = read
        self._best = best
        self._ended = 0
        self._events: asyncio.Queue[Event | Begun | RunSummary | None] = asyncio.Queue()
        self._failed: set[tuple[int, str]] = set()
        self._thread = _Thread()

    def apply(self, event: Event) -> None:
        """Takes note of what is to be told."""
        if isinstance(event, Recorded | Ended):
            self._events.put_nowait(event)

    def begins(self, run: Begun) -> None:
        """Says what this is about, before anything is recorded."""
        self._events.put_nowait(run)

    def ends(self, summary: RunSummary | None) -> None:
        """Says what it came to, when all of it is recorded; None: nobody knows."""
        if summary is not None:
            self._events.put_nowait(summary)

    async def tell(self) -> None:
        """Tells everything until `close`."""
        try:
            while (event := await self._events.get()) is not None:
                if isinstance(event, Begun):
                    await self._call("on_begin", event)
                elif isinstance(event, RunSummary):
                    await self._call("on_end", event)
                elif isinstance(event, Recorded):
                    await self._tell_program(event)
                elif isinstance(event, Ended):
                    await self._call("on_failure", event.generation, event.failure)
                    await self._end(event.generation)
        finally:
            self._thread.close()

    def close(self) -> None:
        """There is no more to come."""
        self._events.put_nowait(None)

    async def _tell_program(self, event: Recorded) -> None:
        better = event.correct and event.score is not None and (self._best is None or event.score > self._best)
        if better:
            self._best = event.score
        try:
            program = await self._read(event.program_id)
        except (ShinkaError, KeyError) as error:
            logger.warning("callbacks are not told of the program of gen-%04d: %s", event.generation, error)
        else:
            await self._call("on_program", program)
            if better:
                await self._call("on_best", program)
        await self._end(event.generation)

    async def _end(self, generation: int) -> None:
        self._ended += 1
        await self._call("on_generation", generation, self._ended)

    async def _call(self, name: str, *arguments: object) -> None:
        for index, listener in enumerate(self._listeners):
            method = getattr(listener, name, None)
            if method is None or getattr(method, "__func__", None) is vars(Callbacks)[name]:
                continue
            try:
                made = (
                    method(*arguments)
                    if inspect.iscoroutinefunction(method)
                    else await self._thread.call(method, *arguments)
                )
                if inspect.isawaitable(made):
                    await made
            except asyncio.CancelledError:
                if cast("asyncio.Task[Any]", asyncio.current_task()).cancelling():
                    raise
                self._note(index, name, "was cancelled")
            except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, the run goes on
                self._note(index, name, f"failed with {type(error).__name__}: {error}", error)

    def _note(self, index: int, name: str, what: str, error: BaseException | None = None) -> None:
        if (index, name) not in self._failed:
            self._failed.add((index, name))
            text = "callback %s of %r %s; the run goes on, and further errors of it are not told"
            logger.warning(text, name, self._listeners[index], what, exc_info=error)


class _Thread:
    """One thread for functions that may block; a process does not wait for it."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._started = False

    async def call(self, function: Callable[..., object], *arguments: object) -> object:
        """The function's result; what it raises is raised."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[tuple[object, BaseException | None]] = loop.create_future()

        def tell(result: object, error: BaseException | None) -> None:
            if not done.done():
                done.set_result((result, error))

        def work() -> None:
            result, error = None, None
            try:
                result = function(*arguments)
            except BaseException as raised:  # noqa: BLE001 - it is raised where the call was made
                error = raised
            if not loop.is_closed():
                loop.call_soon_threadsafe(tell, result, error)

        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="shinka-callbacks", daemon=True).start()
        self._calls.put(work)
        result, error = await done
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Ends the thread once it has done what it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while (work := self._calls.get()) is not None:
            work()


@asynccontextmanager
async def telling(
    listeners: Sequence[object], database: AsyncProgramDatabase, run: Begun, control: RunControl
) -> AsyncGenerator[Telling, None]:
    """Tells the listeners of everything that is recorded inside the block, and waits for the rest at its end.

    Args:
        database: Of the run, whose folds are told of every event when it is durable.
        run: What it is that they are told of.
        control: Of the run; one that is stopped waits for a moment only.
    """
    every = Telling(listeners, database.get, run.best_score)
    if not listeners:
        yield every
        return
    every.begins(run)
    database.folds.add(every)
    task = asyncio.create_task(every.tell(), name="callbacks")
    try:
        yield every
    finally:
        every.close()
        patience = PATIENCE_OF_A_STOP if control.stopped else PATIENCE
        try:
            await asyncio.wait_for(task, patience)
        except TimeoutError:
            text = "callbacks were not told everything: they took more than %g s at the end of the run"
            logger.warning(text, patience)
