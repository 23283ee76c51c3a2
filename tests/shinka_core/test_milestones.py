"""What of a run is worth an event, and that nothing is told twice."""

from __future__ import annotations

import pytest

from shinka_core.control import RunControl
from shinka_core.milestones import Milestone, Milestones
from shinka_core.program import Failure
from shinka_core.record import Called, Ended, Event
from tests.shinka_core.test_run_limits import scored


def told(events: list[Event], *, before: list[Event] = [], budget: float | None = None) -> list[Milestone]:  # noqa: B006
    found: list[Milestone] = []
    milestones = Milestones(budget, stagnation=3)
    for event in before:
        milestones.apply(event)
    milestones.listen(found.append, RunControl())
    for event in events:
        milestones.apply(event)
    return found


def kinds(found: list[Milestone]) -> list[str]:
    return [milestone.kind.value for milestone in found]


def test_each_better_program_is_told_once_and_the_seed_program_is_not() -> None:
    history: list[Event] = [
        scored(0, 1.0),
        scored(1, 0.5),
        scored(2, 3.0),
        scored(3, 3.0),
        scored(4, 9.0, correct=False),
    ]
    (best,) = told(history)
    assert best.figures == {
        "score": 3.0, "previous": 1.0, "generation": 2, "program": "p2", "generations": 3, "spent": 0.0,
    }  # fmt: skip
    assert told([], before=history) == []
    assert kinds(told([scored(5, 4.0)], before=history)) == ["best"]


def test_a_standstill_is_told_once_until_something_is_better_again() -> None:
    failed = Ended(2, Failure("query", "refused", ""))
    idle: list[Event] = [scored(0, 1.0), scored(1, 1.0), failed, scored(3, 0.5)]
    (standstill,) = told(idle)
    assert standstill.figures | {"spent": 0.0} == {
        "without": 3, "score": 1.0, "generation": 0, "generations": 4, "spent": 0.0,
    }  # fmt: skip
    more: list[Event] = [scored(4, 0.5), scored(5, 2.0), *(scored(number, 0.5) for number in (6, 7, 8))]
    assert kinds(told(more, before=idle)) == ["best", "stagnation"]


@pytest.mark.parametrize(("before", "after"), [(0.0, ["budget"]), (0.79, ["budget"]), (0.8, [])])
def test_the_budget_is_told_once_when_four_fifths_of_it_are_used(before: float, after: list[str]) -> None:
    calls: list[Event] = [
        Called(1, "proposal", "m", 0.5),
        Called(1, "proposal", "m", 0.4),
        Called(1, "proposal", "m", 0.1),
    ]
    assert kinds(told(calls, before=[Called(0, "proposal", "m", before)], budget=1.0)) == after
    assert kinds(told(calls, before=[Called(0, "proposal", "m", before)])) == []


def test_an_outage_is_told_with_its_reason_and_no_other_stop_is() -> None:
    found: list[Milestone] = []
    for outage in (False, True):
        milestones, control = Milestones(None, None), RunControl()
        milestones.listen(found.append, control)
        control.stop("the models gave no answer", outage=outage)
        control.stop("once more", outage=outage)
    assert kinds(found) == ["outage"]
    assert found[0].figures["reason"] == "the models gave no answer"


def test_the_end_is_told_of_a_run_that_has_come_to_it_and_did_something() -> None:
    found: list[Milestone] = []
    milestones = Milestones(None, None)
    milestones.apply(scored(0, 1.0))
    milestones.listen(found.append, RunControl())
    milestones.over("")
    assert found == [], "there was nothing left to do"
    milestones.apply(scored(1, 0.5))
    milestones.over("interrupted")
    assert found == []
    milestones.over("")
    assert kinds(found) == ["finished"]
    assert (found[0].figures["score"], found[0].figures["generation"]) == (1.0, 0)


def test_several_drivers_tell_the_same_by_the_same_key() -> None:
    history: list[Event] = [scored(0, 1.0), *(scored(number, 1.0 + number % 4) for number in range(1, 12))]
    history.insert(5, Called(3, "proposal", "m", 0.9))
    one, other = told(history, budget=1.0), told(history[4:], before=history[:4], budget=1.0)
    keys = [milestone.key for milestone in one]
    assert kinds(one) == ["best", "best", "best", "budget", "stagnation"]
    assert all(keys)
    assert len(set(keys)) == len(keys)
    assert [milestone.key for milestone in other] == keys[-len(other) :]
    # Another evolution of the same name has another seed program.
    elsewhere: list[Event] = [scored(99, 1.0), *history[1:]]
    assert not set(keys) & {milestone.key for milestone in told(elsewhere, budget=1.0)}
