"""Tuning without a model: the literals of the parent are moved one after the other, and what helps is kept.

Every trial is an evaluation through the user's evaluator, written into the journal before its score is used; a
resumed tuner reads its trials back and comes to the same place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.edit import Rules, apply_patch, compose_diff
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.errors import PatchError
from shinka_core.operators.protocol import OPERATORS, Bench
from shinka_core.operators.tune_literals import Literals, find_literals
from shinka_core.operators.tune_search import LineSearch, Point, Probe
from shinka_core.operators.tune_tables import Tables, tables_of
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.source import Source, SourceFile
from shinka_core.source_text import plain

NAME = "tune"
# Programs up to which literals are looked for on the event loop.
SMALL_PROGRAM = 20_000
# Changes that a description tells one by one.
TOLD = 8
NOTHING = "no literal to tune: no number, boolean or hinted choice inside an EVOLVE-BLOCK"


@OPERATORS.register(NAME)
@dataclass(frozen=True, slots=True)
class Tune:
    """Line search over the literals that matter; the candidate is the best program it has seen besides the parent.

    Attributes:
        trials: Evaluations for one candidate, at most; `max_trials` and `max_trial_share` may allow fewer.
        patience: Trials after which it stops early when they have not gained what as many evaluations of others gain
            (`Sampling.usual_gain`), or nothing at all where that is not known.
        at_once: Trials that may run at the same time; each one after the first learns less.
        fresh: Probability that first steps are drawn over a decade below the usual ones.
        corrections: Probability that of a parent that was tuned already not the literals are moved again, but
            corrections of what single turns of its loops compute; in Python alone.
    """

    trials: Annotated[int, Field(ge=1)] = 60
    patience: Annotated[int, Field(ge=1)] = 20
    at_once: Annotated[int, Field(ge=1)] = 1
    fresh: Annotated[float, Field(ge=0, le=1)] = 0.5
    corrections: Annotated[float, Field(ge=0, le=1)] = 0.7

    async def propose(self, sampling: Sampling, bench: Bench) -> Candidate | Failure:
        """The best of what was tried, or why there is nothing; without evaluations left, one step untried."""
        rng = bench.rng()
        work = await _work(rng, sampling, bench.limit, self.corrections)
        if work is None:
            return Failure("propose", "nothing_to_tune", NOTHING)
        score = sampling.parent.score
        search = LineSearch(
            work.space.axes,
            -np.inf if score is None else score,
            rng,
            _steps(rng, work.space, self.fresh),
            work.space.groups,
        )
        course = _Course(min(self.trials, bench.left), self.patience, sampling.usual_gain or 0.0)
        while course.goes_on and (probes := search.ask(min(self.at_once, course.left))):
            told = await self._evaluated(work, bench, probes, course.made)
            before = search.score
            search.tell(told)
            course.saw(told, search.score - before if np.isfinite(before) else search.score > before)
        if course.best is not None:
            return work.candidate(course.best[1].point, course.told(score))
        if course.made:
            return Failure("propose", "nothing_runs", f"none of {course.made} trials was correct")
        probes = search.ask()
        return (
            work.candidate(probes[0].point, "not tried") if probes else Failure("propose", "nothing_to_tune", NOTHING)
        )

    async def _evaluated(
        self, work: _Work, bench: Bench, probes: Sequence[Probe], first: int
    ) -> list[tuple[Probe, float | None]]:
        """The scores of probes, evaluated together; all of them have ended when it returns or raises."""

        async def one(number: int, probe: Probe) -> float | None:
            candidate = work.candidate(probe.point, "")
            if isinstance(candidate, Failure):
                return None  # too large, or no program any more
            return _score(await bench.evaluate(candidate.source, number))

        if len(probes) == 1:
            return [(probes[0], await one(first, probes[0]))]
        made = await asyncio.gather(*(one(first + n, probe) for n, probe in enumerate(probes)), return_exceptions=True)
        for outcome in made:
            if isinstance(outcome, BaseException):
                raise outcome
        return [
            (probe, score) for probe, score in zip(probes, made, strict=True) if not isinstance(score, BaseException)
        ]


class _Course:
    """How far the trials of one candidate have come."""

    def __init__(self, most: int, patience: int, usual: float) -> None:
        self.made = 0
        self.best: tuple[float, Probe] | None = None
        self._most, self._patience, self._usual = most, patience, usual
        # Trials since they last had gained what was to be expected of them, and their gain.
        self._since, self._gained = 0, 0.0

    @property
    def left(self) -> int:
        return self._most - self.made

    @property
    def goes_on(self) -> bool:
        return self.left > 0 and self._since < self._patience

    def saw(self, told: Sequence[tuple[Probe, float | None]], gain: float) -> None:
        """Takes note of trials that have ended, and of what they gained together."""
        self.made += len(told)
        self._since += len(told)
        self._gained += gain
        if gain > 0 and self._gained >= self._usual * self._since:
            self._since, self._gained = 0, 0.0
        for probe, score in told:
            if score is not None and (self.best is None or score > self.best[0]):
                self.best = score, probe

    def told(self, before: float | None) -> str:
        """In words."""
        assert self.best is not None, "asked for when there is one"
        trials = f"{self.made} trial{'s' * (self.made != 1)}"
        return f"{trials}: {'none' if before is None else f'{before:.6g}'} -> {self.best[0]:.6g}"


@dataclass(frozen=True, slots=True)
class _Work:
    """One file of the parent, and what of it is moved."""

    parent: Source
    file: SourceFile
    space: Literals | Tables
    limit: int

    def candidate(self, point: Point, outcome: str) -> Candidate | Failure:
        """The program at a point, or why there is none."""
        moved = self.space.changes(point)
        changes = [f"{name} {before} -> {after}" for name, before, after in moved[:TOLD]]
        if len(moved) > TOLD:
            changes.append(f"{len(moved) - TOLD} more")
        description = f"tuned: {', '.join(changes)}" + (f" ({outcome})" if outcome else "")
        name = "_".join(["tuned", *(re.sub(r"\W+", "_", one[0]).strip("_") for one in moved[:3])])
        code = self.space.written(point)
        answer = compose_diff(self.file.text, code, name, description, self.file.language, self.file.path)
        try:
            return apply_patch("diff", answer, self.parent, rules=Rules(self.limit))
        except PatchError as error:
            return Failure("propose", error.reason, str(error))


async def _work(rng: np.random.Generator, sampling: Sampling, limit: int, corrections: float) -> _Work | None:
    """A file of the parent with what is to be moved in it; of several that have any, one is drawn."""
    parent = sampling.parent.source
    files = evolvable_files(parent.with_texts(lambda file: plain(file.text)))
    tables = sampling.parent.patch_type == NAME and rng.random() < corrections

    def search() -> list[tuple[SourceFile, Literals | Tables]]:
        if tables:
            found = [(file, tables_of(rng, file.text)) for file in files if file.language == "python"]
            if kept := [(file, space) for file, space in found if space is not None]:
                return list(kept)
        literals = [(file, Literals(file.text, find_literals(file.text, file.language))) for file in files]
        return [(file, space) for file, space in literals if space.literals]

    found = search() if parent.length < SMALL_PROGRAM else await asyncio.to_thread(search)
    if not found:
        return None
    file, space = found[0] if len(found) == 1 else found[int(rng.integers(len(found)))]
    return _Work(parent, file, space, limit)


def _steps(rng: np.random.Generator, space: Literals | Tables, fresh: float) -> list[float]:
    """First steps: those of the axes, or smaller ones, so that a program tuned before is looked at more closely."""
    closer = isinstance(space, Literals) and rng.random() < fresh
    scale = 10.0 ** rng.uniform(-1.0, 0.0) if closer else 1.0
    return [axis.step * (1.0 if axis.options else scale) for axis in space.axes]


def _score(evaluation: Evaluation) -> float | None:
    return evaluation.score if evaluation.correct else None
