"""What to evaluate next, given what is known: a pure function of the settings and of the evaluations so far.

So a resumed run comes to the same plan from what its journal holds, and no finished evaluation is made again: all
that are known count, also those which the settings of today would not ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shinka_core.config.evaluation import Judging, Stage
from shinka_core.evaluating.aggregate import at_stage, below, of_repeats, scores_of, usable
from shinka_core.evaluating.early_stop import EarlyStop
from shinka_core.program import Evaluation, Trial


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage; the only one has no name where there are no stages.

    Attributes:
        most: Evaluations in it at most.
        continue_above: Score above which a candidate goes on; None: any.
        last: Whether its score is the candidate's.
    """

    name: str = ""
    most: int = 1
    continue_above: float | None = None
    last: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """How candidates are judged.

    Attributes:
        stages: At least one.
    """

    stages: tuple[StagePlan, ...] = (StagePlan(),)
    early_stop: EarlyStop = field(default_factory=EarlyStop)

    def next(self, seen: Mapping[Trial, Evaluation], bar: float | None) -> Trial | Evaluation:
        """The evaluation to make next, or what all of them come to.

        Args:
            seen: What is known of the candidate.
            bar: The score with which a candidate is compared in the last stage, or None.
        """
        seconds = 0.0
        for stage in self.stages:
            runs = _runs(stage, seen)
            against = bar if stage.last else stage.continue_above
            if not runs or not self._ended(stage, runs, against):
                return Trial(stage.name, len(runs), against if stage.most > 1 else None)
            outcome = of_repeats(runs) if stage.most > 1 else runs[0]
            seconds += outcome.seconds
            if not stage.last and usable(outcome):
                if stage.continue_above is None or (outcome.score or 0.0) > stage.continue_above:
                    continue
                outcome = below(outcome, stage.name, stage.continue_above)
            outcome = at_stage(outcome, stage.name, last=stage.last) if stage.name else outcome
            return replace(outcome, seconds=seconds)
        raise AssertionError("the last stage ends it")

    def _ended(self, stage: StagePlan, runs: list[Evaluation], against: float | None) -> bool:
        return not usable(runs[-1]) or self.early_stop.settled(scores_of(runs), stage.most, against)


def plan_of(job: Judging) -> Plan:
    """The plan that the settings ask for."""
    early_stop = EarlyStop(job.early_stop, job.min_repeats, job.early_stop_confidence)
    if not job.stages:
        return Plan((StagePlan(most=job.repeats),), early_stop)
    end = len(job.stages) - 1
    stages = [_stage(stage, job.repeats, last=position == end) for position, stage in enumerate(job.stages)]
    return Plan(tuple(stages), early_stop)


def _stage(stage: Stage, repeats: int, *, last: bool) -> StagePlan:
    most = stage.repeats or (repeats if last else 1)
    return StagePlan(stage.name, most, stage.continue_above, last)


def _runs(stage: StagePlan, seen: Mapping[Trial, Evaluation]) -> list[Evaluation]:
    """The known evaluations of a stage without a hole, up to the first that is not correct."""
    runs: list[Evaluation] = []
    while (found := seen.get(Trial(stage.name, len(runs)))) is not None:
        runs.append(found)
        if not usable(found):
            break
    return runs
