"""How far an evolution came, and when: scores and the running best over generations, time and dollars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.records import CallRecord, ProgramRecord
from shinka_core.errors import ConfigError
from shinka_core.report.times import Session, at_work, stamps

Over = Literal["generation", "programs", "seconds", "dollars"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Programs in the order in which they were recorded, and the best so far; arrays `(n,)`.

    Attributes:
        ids: Of the programs.
        generation: That made each.
        score: NaN where there is none.
        correct: Whether the evaluator accepted it.
        best: Highest score of a correct program up to there; NaN before the first.
        seconds: For which the evolution was at work by then.
        dollars: What all calls up to then cost, as far as that is known.
    """

    ids: tuple[str, ...]
    generation: NDArray[np.int64]
    score: NDArray[np.float64]
    correct: NDArray[np.bool_]
    best: NDArray[np.float64]
    seconds: NDArray[np.float64]
    dollars: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def improved(self) -> NDArray[np.int64]:
        """Indices of the programs that were better than every one before, the first correct one among them."""
        before = np.concatenate([[-np.inf], np.nan_to_num(self.best[:-1], nan=-np.inf)])
        return np.flatnonzero(np.nan_to_num(self.best, nan=-np.inf) > before)

    def over(self, axis: Over) -> NDArray[np.float64]:
        """Where each program stands on an axis; on that of generations, programs stand where they ended.

        Raises:
            ConfigError: There is no such axis.
        """
        if axis not in get_args(Over):
            raise ConfigError(f"over={axis!r} is no axis; choose one of {', '.join(get_args(Over))}")
        if axis == "programs":
            return np.arange(1, len(self) + 1, dtype=np.float64)
        return getattr(self, axis).astype(np.float64)

    def steps(self, axis: Over) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The running best as a function of an axis: points in its order, and the best up to each; NaN before the first.

        Programs end in another order than their generations have, so the best at a generation is that of all
        generations up to it.
        """
        x = self.over(axis)
        order = np.argsort(x, kind="stable")
        scores = np.where(self.correct, self.score, np.nan)[order]
        return x[order], _running_best(scores)


def progress(
    programs: Sequence[ProgramRecord], calls: Sequence[CallRecord] = (), sessions: Sequence[Session] = ()
) -> Progress:
    """What was recorded as a course.

    Args:
        programs: In the order of `sequence`; a seed program that was replaced counts no more.
        calls: Without them nothing has cost anything.
        sessions: When each began and ended; without them pauses between sessions count as work.
    """
    programs = [program for program in programs if program.generation >= 0]
    score = np.array([np.nan if one.score is None else one.score for one in programs], dtype=np.float64)
    correct = np.array([one.correct for one in programs], dtype=np.bool_)
    times = stamps(one.created_at for one in programs)
    return Progress(
        ids=tuple(one.id for one in programs),
        generation=np.array([one.generation for one in programs], dtype=np.int64),
        score=score,
        correct=correct,
        best=_running_best(np.where(correct, score, np.nan)),
        seconds=at_work(times, sessions),
        dollars=_spent(times, calls),
    )


def _running_best(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.fmax.accumulate(scores) if len(scores) else scores


def _spent(times: NDArray[np.float64], calls: Sequence[CallRecord]) -> NDArray[np.float64]:
    """What calls that ended up to each time cost, in US dollars."""
    ended = stamps(call.created_at for call in calls)
    order = np.argsort(ended, kind="stable")
    costs = np.array([call.cost or 0.0 for call in calls], dtype=np.float64)[order]
    total = np.concatenate([[0.0], np.cumsum(costs)])
    return total[np.searchsorted(ended[order], times, side="right")]
