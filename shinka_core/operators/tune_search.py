"""Line search along one coordinate after the other, with steps that learn (after Hooke and Jeeves, 1961, and Rosenbrock, 1960).

A step that helps is taken again at twice the size; one that does not turns round at half the size. A literal that
changes nothing is left alone. With a few tens of evaluations for 5 to 20 literals this gains more than evolution
strategies, CMA-ES and TPE do: they spend most of that on learning the scales that programs tell by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shinka_core.operators.tune_axes import Axis

Point = tuple[float, ...]
LARGER, SMALLER = 2.0, 0.5
# What changes nothing is moved further once, and then given up.
FURTHER, IDLE = 3.0, 2
# Of the first step: below it a literal is where it should be.
FINEST = 0.02
# By what a gain makes the first steps of other axes longer.
FASTER = 1.5


@dataclass(slots=True)
class _Line:
    """How the search along one axis stands."""

    step: float
    won: bool = False
    turned: bool = False
    idle: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class Probe:
    """A point to evaluate.

    Attributes:
        axis: Along which it was moved; None where several moves that helped are put together.
    """

    point: Point
    axis: int | None


class _Groups:
    """What is known of groups of axes, by what their moves have gained."""

    def __init__(self, groups: Sequence[int]) -> None:
        self._of = np.asarray(groups)
        self._trials = np.zeros(int(self._of.max(initial=-1)) + 1)
        self._gains = np.zeros_like(self._trials)
        self._visits = np.zeros(len(self._of), dtype=int)
        self._scale = 1.0

    def saw(self, axis: int, gain: float) -> None:
        """Counts a move; the step of axes to come follows the one-fifth rule (Rechenberg, 1973)."""
        self._trials[self._of[axis]] += 1
        if np.isfinite(gain):
            self._gains[self._of[axis]] += gain
        if self._visits[axis] == 1:
            self._scale *= FASTER if gain > 0 else FASTER**-0.25

    def pick(self, live: Sequence[int], rng: np.random.Generator) -> int:
        """One of the axes that were visited least, by what a move in its group gains."""
        there = np.asarray(live)
        usual = self._gains.sum() / max(self._trials.sum(), 1.0) or 1.0
        worth = ((self._gains + usual) / (self._trials + 1.0))[self._of[there]] / 4.0 ** self._visits[there]
        axis = int(there[rng.choice(len(there), p=worth / worth.sum())])
        self._visits[axis] += 1
        return axis

    def scale(self, axis: int) -> float:
        """By what the first step along an axis is multiplied."""
        return self._scale if self._visits[axis] == 1 else 1.0


class LineSearch:
    """Ask for points, tell their scores; deterministic in the generator and in what it is told.

    Attributes:
        best: The best point so far, the start at first.
        score: Of that.
    """

    def __init__(
        self,
        axes: Sequence[Axis],
        score: float,
        rng: np.random.Generator,
        steps: Sequence[float] | None = None,
        groups: Sequence[int] | None = None,
    ) -> None:
        """Begins where the axes begin.

        Args:
            score: Of that point.
            steps: First steps, `(n,)`; None: those of the axes.
            groups: Of axes that are alike, by number from 0, `(n,)`: those whose moves gain more are taken more often,
                and how large a first step should be is learned from all of them.
        """
        self.best: Point = tuple(axis.start for axis in axes)
        self.score = score
        self._axes = axes
        self._rng = rng
        signs = rng.choice([-1.0, 1.0], size=len(axes))
        sizes = [axis.step for axis in axes] if steps is None else steps
        self._lines = [_Line(float(sign * size)) for sign, size in zip(signs, sizes, strict=True)]
        self._finest = [FINEST * abs(size) for size in sizes]
        self._groups = _Groups(groups) if groups is not None else None
        self._queue: list[int] = []
        self._again: list[int] = []
        self._together: Point | None = None
        self._seen: set[Point] = {self.best}

    def ask(self, count: int = 1) -> list[Probe]:
        """Up to that many points to evaluate at once, none of which was asked about before; none when all is done."""
        probes: list[Probe] = []
        if self._together is not None:
            probes.append(Probe(self._together, None))
            self._together = None
        taken: set[int] = set()
        while len(probes) < count and (axis := self._next(taken)) is not None:
            taken.add(axis)
            point = self._point(axis)
            if point is not None:
                probes.append(Probe(point, axis))
        self._seen.update(probe.point for probe in probes)
        return probes

    def tell(self, told: Sequence[tuple[Probe, float | None]]) -> None:
        """Takes up the scores of points that were asked for; None: not correct."""
        better = [(score, probe) for probe, score in told if score is not None and score > self.score]
        for probe, score in told:
            if probe.axis is not None:
                self._learn(probe.axis, score)
        if not better:
            return
        if len(better) > 1:
            self._put_together([probe for _, probe in better])
        self.score, probe = max(better, key=lambda one: one[0])
        self.best = probe.point

    def _learn(self, axis: int, score: float | None) -> None:
        line = self._lines[axis]
        if self._groups is not None:
            self._groups.saw(axis, max(score - self.score, 0.0) if score is not None else 0.0)
        if score is not None and score > self.score:
            line.step *= LARGER
            line.won, line.turned, line.idle = True, False, 0
            self._again.append(axis)
        elif score == self.score:
            line.idle += 1
            line.step *= FURTHER
            line.done = line.idle >= IDLE
        else:
            self._shorten(axis)

    def _shorten(self, axis: int) -> None:
        line = self._lines[axis]
        line.step *= SMALLER if line.won else -SMALLER
        coarse = self._axes[axis].integer and not self._axes[axis].log
        line.done = not line.won and (abs(line.step) < self._finest[axis] or (coarse and abs(line.step) < 0.5))
        line.won = False

    def _put_together(self, probes: list[Probe]) -> None:
        whole = next((probe.point for probe in probes if probe.axis is None), self.best)
        moved = {probe.axis: probe.point[probe.axis] for probe in probes if probe.axis is not None}
        point = tuple(moved.get(axis, place) for axis, place in enumerate(whole))
        if point not in self._seen:
            self._together = point

    def _next(self, taken: set[int]) -> int | None:
        """The axis to move along; None when there is none left."""
        while self._again:
            axis = self._again.pop(0)
            if axis not in taken and not self._lines[axis].done:
                return axis
        live = [axis for axis, line in enumerate(self._lines) if not line.done and axis not in taken]
        if not live:
            return None
        if self._groups is not None:
            axis = self._groups.pick(live, self._rng)
            self._lines[axis].step *= self._groups.scale(axis)
            return axis
        self._queue = [axis for axis in self._queue if axis in live]
        if not self._queue:
            self._queue = [live[int(index)] for index in self._rng.permutation(len(live))]
        return self._queue.pop()

    def _point(self, axis: int) -> Point | None:
        """The next new point along an axis; None when none is left there."""
        kind, line, here = self._axes[axis], self._lines[axis], self.best[axis]
        if kind.options:
            return self._other_option(axis)
        while not line.done:
            step = line.step
            if kind.integer and not kind.log and abs(step) < 1:
                step = 1.0 if step > 0 else -1.0
            point = self._with(axis, kind.at(here + step))
            if point not in self._seen:
                return point
            self._shorten(axis)
        return None

    def _other_option(self, axis: int) -> Point | None:
        options = range(len(self._axes[axis].options))
        new = [point for option in options if (point := self._with(axis, float(option))) not in self._seen]
        if not new:
            self._lines[axis].done = True
            return None
        return new[int(self._rng.integers(len(new)))]

    def _with(self, axis: int, place: float) -> Point:
        return (*self.best[:axis], place, *self.best[axis + 1 :])
