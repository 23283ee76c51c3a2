"""Several evaluations of one candidate as one: repeats by their mean, stages by the one that was reached.

What an evaluation says of itself beside the evaluator's own words stands in its public metrics, so that the record
tells it, and models see it:

    evaluation_stage        the stage that was reached, where there are stages
    evaluation_stage_score  the score there, of a candidate that did not come to the last stage
    evaluation_repeats      evaluations that were made in it, where there may be several
    evaluation_score_std    standard deviation of their scores (n - 1)
    evaluation_copied_from  generation of the program with the same text whose result it is

A score is a score of the last stage: scores of different stages do not compare. So a candidate that is stopped
before has none, is not correct, and is no parent and no elite while others came further; its error says which
stage it came to and what would have led on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from statistics import stdev
from typing import Any

from shinka_core.program import Evaluation

STAGE = "evaluation_stage"
STAGE_SCORE = "evaluation_stage_score"
REPEATS = "evaluation_repeats"
SCORE_STD = "evaluation_score_std"
COPIED_FROM = "evaluation_copied_from"

BELOW_THRESHOLD = "below_threshold"


def of_repeats(runs: Sequence[Evaluation]) -> Evaluation:
    """The mean of correct evaluations, number by number; texts are the last one's.

    One that is not correct stands for all: a program that fails now and then is not correct.

    Args:
        runs: At least one; only the last may be incorrect.
    """
    last, scores = runs[-1], scores_of(runs)
    told: dict[str, Any] = {REPEATS: len(runs)}
    if len(scores) > 1 and math.isfinite(spread := stdev(scores)):
        told[SCORE_STD] = spread
    seconds = math.fsum(run.seconds for run in runs)
    if not usable(last):
        return replace(last, public_metrics=last.public_metrics | told, seconds=seconds)
    means = {
        field.name: _mean_of([getattr(run, field.name) for run in runs])
        for field in fields(Evaluation)
        if isinstance(getattr(last, field.name), dict)
    }
    merged = replace(last, score=mean(scores), seconds=seconds, **means)
    return replace(merged, public_metrics=merged.public_metrics | told)


def at_stage(evaluation: Evaluation, stage: str, *, last: bool) -> Evaluation:
    """The judgement of a candidate that went as far as that stage."""
    told: dict[str, Any] = {STAGE: stage}
    if last:
        return replace(evaluation, public_metrics=evaluation.public_metrics | told)
    if evaluation.score is not None:
        told[STAGE_SCORE] = evaluation.score
    return replace(evaluation, score=None, correct=False, public_metrics=evaluation.public_metrics | told)


def below(evaluation: Evaluation, stage: str, threshold: float) -> Evaluation:
    """One whose score does not lead on to the next stage, and why."""
    why = f"the stage {stage!r} gave {evaluation.score:.6g}; only a score above {threshold:.6g} leads on to the next stage"
    return replace(evaluation, correct=False, error=why, reason=BELOW_THRESHOLD)


def usable(evaluation: Evaluation) -> bool:
    """Whether it may be one of several: correct, with a score."""
    return evaluation.correct and evaluation.score is not None


def scores_of(runs: Sequence[Evaluation]) -> list[float]:
    """The scores of the usable ones, in order."""
    return [run.score for run in runs if usable(run) and run.score is not None]


def mean(numbers: Sequence[float]) -> float:
    """The mean of finite numbers, however large."""
    return math.fsum(number / len(numbers) for number in numbers)


def _mean_of(values: list[Any]) -> Any:
    """Numbers by their mean, mappings key by key, anything else as it was last."""
    last = values[-1]
    if all(isinstance(value, dict) for value in values):
        merged: dict[str, Any] = {}
        for key, value in last.items():
            merged[key] = _mean_of([one[key] for one in values]) if all(key in one for one in values) else value
        return merged
    if all(_is_number(value) for value in values):
        return last if all(value == last for value in values) else mean([float(value) for value in values])
    return last


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
