"""What ends a run before its last generation: each limit alone, what it lets begin, and what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from shinka_core.config import EvolutionConfig
from shinka_core.control import RunControl, RunState
from shinka_core.errors import RunStoppedError
from shinka_core.program import ONLY, TRIALS, Trial
from shinka_core.progress import Progress
from shinka_core.record import Recorded
from shinka_core.run_limits import RunLimits
from shinka_core.slots import Slots


def limits(**fields: Any) -> RunLimits:
    return RunLimits(EvolutionConfig(**fields), Progress(total=10))


def scored(generation: int, score: float | None, *, correct: bool = True) -> Recorded:
    return Recorded(generation + 1, f"p{generation}", generation, 0, (0,), score, correct, None)


def test_patience_counts_programs_since_the_best_correct_or_not() -> None:
    found = limits(patience=3)
    for number, score in enumerate([1.0, 0.5, 2.0, 2.0, None, 1.0]):
        assert found.reached() == ""
        found.apply(scored(number, score, correct=score is not None))
    assert found.reached() == "patience=3 is used up: none better than 2 of generation 2 among the last 3 programs"
    found.apply(scored(6, 2.5))
    assert found.reached() == "", "one that was in flight is better after all"


def test_patience_ends_also_when_nothing_is_ever_correct() -> None:
    found = limits(patience=2)
    for number in range(3):
        assert found.reached() == ""
        found.apply(scored(number, 5.0, correct=False))
    assert "no correct program among the last 2" in found.reached()


def test_a_target_counts_correct_programs_alone_and_may_be_negative() -> None:
    found = limits(target_score=-1.5)
    found.apply(scored(0, -2.0))
    found.apply(scored(1, 3.0, correct=False))
    assert found.reached() == ""
    found.apply(scored(2, -1.5))
    assert found.reached() == "target_score=-1.5 is reached: -1.5 in generation 2"


def test_time_is_that_of_all_sessions() -> None:
    found = limits(max_time="1:00")
    found.seconds_before = 59.0
    assert found.reached() == ""
    found.seconds_before = 60.0
    assert found.reached() == "max_time=1:00 is used up: 60 s over all sessions of the run"


async def test_the_clock_closes_a_run_in_which_nothing_happens() -> None:
    found, control = limits(max_time=0.05), RunControl()
    async with found.watched(control):
        assert await control.going()
        async with asyncio.timeout(5):
            while control.state is not RunState.CLOSING:
                await asyncio.sleep(0.01)
    assert "max_time=0.05" in control.reason


async def test_no_proposal_begins_for_which_there_may_be_no_evaluation() -> None:
    found, control = limits(max_evaluations=3), RunControl()
    async with found.watched(control):
        await found.room(0)
        found.started(0, ONLY)
        found.over(0)
        await found.room(1)
        await found.room(2)
        third = asyncio.create_task(found.room(3))
        await asyncio.sleep(0.01)
        assert not third.done(), "two are owed, and two are left"
        found.over(1)  # came to nothing, so its evaluation is free
        await third
        found.started(2, Trial(f"{TRIALS}0.0.0"))
        assert not control.stopping
        found.started(2, ONLY)
        assert control.reason == "max_evaluations=3 is used up: 3 evaluations were started"
        await asyncio.wait_for(found.room(4), 5)  # waits for nothing when the run has come to its end


async def test_whoever_is_in_flight_goes_on_when_a_run_closes_and_nobody_else_begins() -> None:
    control = RunControl()
    slots = Slots("proposals", 1, gate=control)
    async with slots.hold() as slot:
        waiting = asyncio.create_task(one(slots))
        await asyncio.sleep(0)
        control.close("the target is reached")
        control.close("the time is over")
        control.check()
        slot.give_back()
        await slot.take()  # as after a review
    with pytest.raises(RunStoppedError, match="the target is reached"):
        await waiting
    async with slots.hold(begun=True):
        assert (control.state, control.stopping, control.stopped) == (RunState.CLOSING, True, False)
    control.stop("interrupted", interrupted=True)
    assert (control.state, control.reason, control.closing) == (RunState.STOPPING, "interrupted", False)
    with pytest.raises(RunStoppedError, match="interrupted"):
        control.check()


async def one(slots: Slots) -> None:
    async with slots.hold():
        pytest.fail("nothing begins any more")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("patience", 0, "greater than or equal to 1"),
        ("max_evaluations", 0, "greater than or equal to 1"),
        ("target_score", float("nan"), "finite number"),
        ("max_time", 0, "max_time=0.0 must be longer than 0 seconds"),
        ("max_time", "soon", "max_time='soon' is neither seconds nor"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_its_name(field: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        EvolutionConfig(**{field: value})
    assert field in str(refused.value)
