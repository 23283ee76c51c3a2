"""Going, paused, stopping: what each of them lets begin."""

from __future__ import annotations

import asyncio
import time

import pytest

from shinka_core.control import RunControl, RunState
from shinka_core.errors import RunStoppedError


async def test_in_a_pause_what_is_new_waits_and_what_is_in_flight_does_not() -> None:
    control = RunControl()
    assert await control.going()
    control.pause("by a test")
    assert (control.state, control.paused, control.stopping) == (RunState.PAUSED, True, False)
    control.check()
    waiting = asyncio.create_task(control.wait())
    await asyncio.sleep(0.02)
    assert not waiting.done()
    control.resume("by a test")
    await waiting
    assert control.state is RunState.GOING


async def test_each_who_paused_has_to_resume() -> None:
    control = RunControl()
    control.pause("a")
    control.pause("b")
    control.pause("a")
    control.resume("a")
    control.resume("nobody")
    assert control.paused
    assert list(control.pauses) == ["b"]
    control.resume("b")
    assert not control.paused


async def test_a_stop_ends_a_pause_and_its_first_reason_stays() -> None:
    control = RunControl()
    control.pause("by a test")
    waiting = asyncio.create_task(control.wait())
    await asyncio.sleep(0)
    control.stop("the money is spent")
    control.stop("interrupted", interrupted=True)
    with pytest.raises(RunStoppedError, match="the money is spent"):
        await waiting
    control.pause("again")
    assert (control.state, control.reason) == (RunState.STOPPING, "the money is spent")
    assert not await control.going()
    assert (control.outage, control.interrupted) == (False, True)
    with pytest.raises(RunStoppedError, match="the money is spent"):
        control.check()


async def test_a_stop_is_seen_at_once_by_who_waits_for_some_time() -> None:
    control, started = RunControl(), time.monotonic()
    await control.check_for(0.0)
    await control.check_uninterrupted_for(0.02)
    waiting = [asyncio.create_task(wait(60.0)) for wait in (control.check_for, control.check_uninterrupted_for)]
    await asyncio.sleep(0)
    control.stop("the money is spent")
    with pytest.raises(RunStoppedError):
        await waiting[0]
    await asyncio.sleep(0.02)
    assert not waiting[1].done(), "nobody has interrupted it"
    control.stop("interrupted", interrupted=True)
    with pytest.raises(RunStoppedError):
        await waiting[1]
    assert time.monotonic() - started < 10


def test_whoever_listens_is_told_of_every_change_and_of_each_stop_once() -> None:
    control, told = RunControl(), []
    control.listen(lambda change, why: told.append((change, why)))
    control.pause("a")
    control.resume("a")
    control.close("its target is reached")
    control.close("again")
    control.stop("by hand")
    control.stop("again")
    assert told == [
        ("paused", "a"),
        ("resumed", "a"),
        ("closing", "its target is reached"),
        ("stopping", "by hand"),
    ]
