"""What is evaluated next, as a function of what is known: settings in, trials and one judgement out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.config import LocalJobConfig
from shinka_core.evaluating.faults import fault_of
from shinka_core.evaluating.plan import Plan, plan_of
from shinka_core.program import Evaluation, Trial
from tests.support.generated import fewer

TWO = [{"name": "quick", "continue_above": 0.5}, {"name": "full"}]


def scored(score: float | None, **more: Any) -> Evaluation:
    return Evaluation(**({"score": score, "correct": True, "seconds": 1.0} | more))


def plan(**job: Any) -> Plan:
    return plan_of(LocalJobConfig(**job))


def go(chosen: Plan, evaluate: Any, bar: float | None = None) -> tuple[list[Trial], Evaluation]:
    """Follows a plan to its end."""
    seen: dict[Trial, Evaluation] = {}
    while isinstance(step := chosen.next(seen, bar), Trial):
        assert step not in seen, "nothing is evaluated twice"
        seen[step] = evaluate(step)
    return list(seen), step


def test_without_stages_and_repeats_the_evaluation_is_the_judgement_as_it_is() -> None:
    evaluation = scored(1.0, public_metrics={"a": 1}, text_feedback="t")
    assert go(plan(), lambda _: evaluation) == ([Trial()], evaluation)


def test_a_candidate_goes_on_above_the_threshold_and_its_score_is_the_last_stage_s() -> None:
    trials, judgement = go(plan(stages=TWO), lambda trial: scored({"quick": 0.51, "full": 0.1}[trial.stage]))
    assert [trial.stage for trial in trials] == ["quick", "full"]
    assert (judgement.score, judgement.correct, judgement.seconds) == (0.1, True, 2.0)
    assert judgement.public_metrics == {"evaluation_stage": "full"}


@pytest.mark.parametrize("score", [0.5, -3.0])
def test_one_at_or_below_the_threshold_has_reached_a_stage_and_has_no_score_that_could_beat_others(
    score: float,
) -> None:
    trials, judgement = go(plan(stages=TWO), lambda _: scored(score, text_feedback="why"))
    assert trials == [Trial("quick")]
    assert (judgement.score, judgement.correct, judgement.reason) == (None, False, "below_threshold")
    assert judgement.public_metrics == {"evaluation_stage": "quick", "evaluation_stage_score": score}
    assert "the stage 'quick' gave" in judgement.error
    assert "above 0.5" in judgement.error
    assert judgement.text_feedback == "why"
    assert fault_of(judgement) is None, "there is nothing to mend"


def test_one_that_fails_in_a_stage_keeps_that_stage_s_error() -> None:
    failing = Evaluation(None, False, error="boom", reason="crashed", seconds=2.0)
    trials, judgement = go(plan(stages=TWO), lambda _: failing)
    assert trials == [Trial("quick")]
    assert (judgement.error, judgement.reason, judgement.score) == ("boom", "crashed", None)
    assert judgement.public_metrics == {"evaluation_stage": "quick"}


def test_repeats_are_averaged_number_by_number() -> None:
    runs = [
        scored(1.0, public_metrics={"speed": 2, "kind": "a", "deep": {"x": 1.0}, "odd": 1}, private_metrics={"p": 1.0}),
        scored(4.0, public_metrics={"speed": 4, "kind": "b", "deep": {"x": 3.0}}, private_metrics={"p": 2.0}),
        scored(4.0, public_metrics={"speed": 6, "kind": "c", "deep": {"x": 5.0}, "new": 1}, private_metrics={"p": 6.0}),
    ]
    trials, judgement = go(plan(repeats=3), lambda trial: runs[trial.repeat])
    assert trials == [Trial("", 0), Trial("", 1), Trial("", 2)]
    assert (judgement.score, judgement.seconds) == (3.0, 3.0)
    assert judgement.public_metrics == {
        "speed": 4.0, "kind": "c", "deep": {"x": 3.0}, "new": 1, "evaluation_repeats": 3,
        "evaluation_score_std": pytest.approx(3**0.5),
    }  # fmt: skip
    assert judgement.private_metrics == {"p": 3.0}


def test_one_repeat_that_fails_stands_for_all_and_ends_them() -> None:
    runs = [scored(1.0), scored(2.0), Evaluation(0.0, False, error="now and then", reason="not_correct")]
    trials, judgement = go(plan(repeats=9), lambda trial: runs[trial.repeat])
    assert len(trials) == 3
    assert (judgement.correct, judgement.error) == (False, "now and then")
    assert judgement.public_metrics["evaluation_repeats"] == 3


def test_repeats_belong_to_the_last_stage_unless_a_stage_says_otherwise() -> None:
    trials, _ = go(plan(stages=TWO, repeats=2), lambda _: scored(1.0))
    assert [str(trial) for trial in trials] == [" quick", " full", " full run 2"]
    noisy = [{"name": "quick", "continue_above": 0.5, "repeats": 3}, {"name": "full", "repeats": 1}]
    trials, _ = go(plan(stages=noisy, repeats=2), lambda _: scored(1.0))
    assert [str(trial) for trial in trials] == [" quick", " quick run 2", " quick run 3", " full"]


def test_early_stops_compare_with_the_threshold_in_a_stage_and_with_the_bar_in_the_last() -> None:
    noisy = [{"name": "quick", "continue_above": 0.5, "repeats": 10}, {"name": "full", "repeats": 10}]
    chosen = plan(stages=noisy, early_stop="bayesian")

    def evaluate(trial: Trial) -> Evaluation:
        assert trial.against == {"quick": 0.5, "full": 100.0}[trial.stage]
        return scored(1.0 + 0.01 * trial.repeat)

    trials, judgement = go(chosen, evaluate, bar=100.0)
    assert len([trial for trial in trials if trial.stage == "quick"]) < 10
    assert judgement.public_metrics["evaluation_repeats"] < 10
    assert judgement.correct, "worse than the bar is still a program with a score"


EVALUATIONS = st.builds(
    lambda score, correct: Evaluation(score, correct, reason="" if correct else "not_correct", seconds=1.0),
    st.floats(-10, 10),
    st.sampled_from([True, True, True, False]),
)


@fewer(40, in_ci=50)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.none() | st.floats(-5, 5)), min_size=1, max_size=4
    ),
    st.integers(1, 6),
    st.sampled_from(["none", "confidence_interval", "bayesian", "hybrid"]),
    st.none() | st.floats(-5, 5),
    st.data(),
)  # fmt: skip
def test_whatever_is_known_a_plan_ends_where_it_would_have_ended_anyway(
    stages: list[tuple[int, float | None]], repeats: int, rule: Any, bar: float | None, data: st.DataObject
) -> None:
    """A resume with any prefix of the evaluations makes exactly the others, and judges alike."""
    given_stages = [
        {"name": f"s{number}", "repeats": most, "continue_above": above if number < len(stages) - 1 else None}
        for number, (most, above) in enumerate(stages)
    ]
    many = max(repeats, *(most for most, _ in stages)) > 2
    chosen = plan(stages=given_stages, repeats=repeats, early_stop=rule if many else "none", min_repeats=2)
    outcomes: dict[Trial, Evaluation] = {}

    def evaluate(trial: Trial) -> Evaluation:
        return outcomes.setdefault(trial, data.draw(EVALUATIONS))

    trials, judgement = go(chosen, evaluate, bar)
    assert len(trials) <= sum(most for most, _ in stages)
    for known in range(len(trials) + 1):
        seen = {trial: outcomes[trial] for trial in trials[:known]}
        step = chosen.next(seen, bar)
        assert step == (trials[known] if known < len(trials) else judgement)
    reached = judgement.public_metrics["evaluation_stage"]
    assert (judgement.score is not None) <= (reached == given_stages[-1]["name"]), "a score is one of the last stage"
    assert not judgement.correct or reached == given_stages[-1]["name"]
    assert judgement.seconds == len(trials)


@pytest.mark.parametrize(
    ("evaluation", "fault"),
    [
        (scored(1.0), None),
        (Evaluation(None, False, reason="crashed"), "crash"),
        (Evaluation(None, False, reason="killed"), "crash"),
        (Evaluation(None, False, reason="no_result"), "crash"),
        (Evaluation(None, False, reason="timeout"), "timeout"),
        (Evaluation(0.0, False, error="overlap of circles 3 and 4", reason="not_correct"), "incorrect"),
        (Evaluation(0.0, False, error='Traceback (most recent call last):\n  File "x.py", line 1\nE', reason="not_correct"), "crash"),
        (Evaluation(0.0, False, error='  File "program.py", line 7, in f\nZeroDivisionError', reason="not_correct"), "crash"),
        (Evaluation(None, False, reason="forged"), None),
        (Evaluation(None, False, reason="too_much_memory"), None),
        (Evaluation(None, False, reason="terminated"), None),
    ],
)  # fmt: skip
def test_what_did_not_run_is_told_from_what_is_merely_wrong(evaluation: Evaluation, fault: str | None) -> None:
    assert fault_of(evaluation) == fault
