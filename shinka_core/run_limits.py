"""What ends a run before its last generation, as the settings say: a goal, patience, time, evaluations.

Each is a fold over the record, and the time of all sessions. When one is reached no proposal begins any more and
those in flight come to their end, so a limit may be passed by what they still need.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shinka_core.config import EvolutionConfig
from shinka_core.control import RunControl
from shinka_core.program import Trial
from shinka_core.progress import Progress
from shinka_core.record import Event, Recorded

# Seconds between two looks at the clock at most: one that sleeps for long may have been suspended meanwhile.
LOOK_EVERY = 30.0


class RunLimits:
    """What a run has used up of its limits.

    Attributes:
        evaluations: Starts of the evaluator so far, of all sessions.
        seconds_before: Of the sessions before this one.
    """

    def __init__(self, settings: EvolutionConfig, progress: Progress) -> None:
        """Begins with nothing used up.

        Args:
            progress: Says since when this session goes on.
        """
        self.evaluations = 0
        self.seconds_before = 0.0
        self._settings = settings
        self._progress = progress
        self._best: tuple[float, int] | None = None
        self._idle = 0
        self._control: RunControl | None = None
        # Generations that will need an evaluation, as far as is known.
        self._owed: set[int] = set()
        self._changed = asyncio.Event()

    def apply(self, event: Event) -> None:
        """Takes note of what happened."""
        match event:
            case Recorded(generation=generation, correct=correct, score=score):
                if correct and score is not None and (self._best is None or score > self._best[0]):
                    self._best, self._idle = (score, generation), 0
                elif generation > 0:  # a seed program that was replaced is none of the run's
                    self._idle += 1
                self._look()
            case _:
                pass

    def started(self, generation: int, trial: Trial) -> None:
        """Takes note of a start of the evaluator."""
        self.evaluations += 1
        if not trial.folder:  # a trial is on the way to the candidate
            self._owed.discard(generation)
        self._look()

    def counted(self, evaluations: int) -> None:
        """Takes note of how often the evaluator was started by all drivers together."""
        self.evaluations = max(self.evaluations, evaluations)
        self._look()

    def reached(self) -> str:
        """The limit that is reached, in words; "" while there is none."""
        settings, best = self._settings, self._best
        target, patience, most = settings.target_score, settings.patience, settings.max_evaluations
        if target is not None and best is not None and best[0] >= target:
            return f"target_score={target:g} is reached: {best[0]:g} in generation {best[1]}"
        if patience is not None and self._idle >= patience:
            than = "no correct program" if best is None else f"none better than {best[0]:g} of generation {best[1]}"
            return f"patience={patience} is used up: {than} among the last {self._idle} programs"
        if most is not None and self.evaluations >= most:
            return f"max_evaluations={most} is used up: {self.evaluations} evaluations were started"
        if settings.time_limit is not None and self._seconds() >= settings.time_limit:
            return f"max_time={settings.max_time} is used up: {self._seconds():.0f} s over all sessions of the run"
        return ""

    async def room(self, generation: int) -> None:
        """Waits while the evaluations that are owed to proposals in flight may be all that are left.

        So that no proposal begins which there may be no evaluation for; a run that comes to its end waits for nothing.
        """
        most = self._settings.max_evaluations
        while most is not None and self._owed and self.evaluations + len(self._owed) >= most and self._going:
            self._changed.clear()
            await self._changed.wait()
        self._owed.add(generation)

    def over(self, generation: int) -> None:
        """The generation has ended, or is left open: nothing is owed to it for now."""
        self._owed.discard(generation)
        self._look()

    @asynccontextmanager
    async def watched(self, control: RunControl) -> AsyncGenerator[None, None]:
        """Closes the run when a limit is reached inside the block, and at once when one is already."""
        self._control = control
        self._look()
        clock = asyncio.create_task(self._watch_clock())
        try:
            yield
        finally:
            clock.cancel()
            await asyncio.wait([clock])
            self._control = None

    @property
    def _going(self) -> bool:
        return self._control is None or not self._control.stopping

    def _seconds(self) -> float:
        return self.seconds_before + self._progress.seconds

    def _look(self) -> None:
        if self._control is not None and (reason := self.reached()):
            self._control.close(reason)
        self._changed.set()

    async def _watch_clock(self) -> None:
        most = self._settings.time_limit
        if most is None:
            return
        while self._control is not None:
            await asyncio.sleep(min(max(most - self._seconds(), 0.0), LOOK_EVERY))
            self._look()
            if self._seconds() >= most:
                return
