"""Whether anything holds up the event loop.

Measured in processor time and not by the clock, so that other work on the machine makes nothing look slow:
what a callback takes of its thread's time, and what the whole process takes between two turns of the loop,
which also finds another thread that computes without letting go of the interpreter.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import traceback
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.support.pace import stretched

# Seconds for which nothing may hold the event loop.
LONGEST = 0.05
# Seconds of the process's own time between two heartbeats. More than LONGEST: while the loop waits for its turn,
# up to 5 ms a time, other threads of the process may be at work on the other processors as well.
LONGEST_PAUSE = 0.15
BEAT = 0.001


@dataclass
class Watch:
    """What was seen.

    Attributes:
        longest: Seconds of the longest callback, and `what` it was, with where it stood meanwhile.
        pause: Seconds of the process's time between two heartbeats of the loop, the most.
    """

    longest: float = 0.0
    what: str = ""
    pause: float = 0.0
    beats: int = 0
    began: float = 0.0
    place: str = ""

    def note(self, seconds: float, handle: events.Handle) -> None:
        """Takes note of a callback."""
        if seconds > self.longest:
            self.longest, self.what = seconds, f"{_named(handle)}, at\n{self.place}"

    def look(self, thread: int, over: threading.Event) -> None:
        """Sees from another thread where a long callback stands."""
        while not over.wait(LONGEST / 5):
            if self.began and time.perf_counter() - self.began > LONGEST / 2:
                frame = sys._current_frames().get(thread)
                self.place = "".join(traceback.format_stack(frame)[-6:])

    def check(self) -> None:
        """Fails when something took too long."""
        longest, pause = stretched(LONGEST), stretched(LONGEST_PAUSE)
        assert self.longest < longest, f"{1000 * self.longest:.0f} ms on the event loop in {self.what}"
        assert self.pause < pause, f"the event loop had no turn for {1000 * self.pause:.0f} ms"
        assert self.beats, "the loop never turned"


@contextmanager
def watched_loop() -> Iterator[Watch]:
    """Fails at the end of the block when the running event loop was held up within it."""
    watch = Watch()
    run = events.Handle._run
    own = asyncio.get_running_loop()

    def timed(handle: events.Handle) -> None:
        if handle._loop is not own:
            run(handle)
            return
        started, watch.began, watch.place = time.thread_time(), time.perf_counter(), ""
        run(handle)
        watch.began = 0.0
        watch.note(time.thread_time() - started, handle)

    async def beat() -> None:
        while True:
            before = time.process_time()
            await asyncio.sleep(BEAT)
            watch.beats += 1
            watch.pause = max(watch.pause, time.process_time() - before)

    # What the tests before have left in memory is not this block's to look through.
    gc.collect()
    gc.freeze()
    beating, over = own.create_task(beat()), threading.Event()
    looking = threading.Thread(target=watch.look, args=(threading.get_ident(), over), daemon=True)
    looking.start()
    events.Handle._run = timed  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        events.Handle._run = run  # type: ignore[method-assign]
        over.set()
        gc.unfreeze()
        with suppress(RuntimeError):
            beating.cancel()
    watch.check()


def _named(handle: events.Handle) -> str:
    """The callback: of a task the coroutine that it was in."""
    callback = handle._callback
    task = getattr(callback, "__self__", None)
    return repr(task.get_coro() if isinstance(task, asyncio.Task) else callback)[:300]
