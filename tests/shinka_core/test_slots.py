"""Slots are handed over at once, in order, and can be resized."""

from __future__ import annotations

import asyncio

from shinka_core.control import RunControl
from shinka_core.slots import Slots


async def test_no_more_are_held_than_there_are_and_waiters_come_in_order() -> None:
    slots = Slots("proposals", 2)
    order: list[int] = []
    peak = 0

    async def work(number: int) -> None:
        nonlocal peak
        async with slots.hold():
            order.append(number)
            peak = max(peak, slots.held)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(work(number) for number in range(10)))
    assert order == list(range(10))
    assert peak == 2
    assert (slots.held, slots.waiting) == (0, 0)
    assert slots.busy_seconds > 0.05


async def test_a_cancelled_holder_gives_its_slot_back() -> None:
    slots = Slots("proposals", 1)

    async def forever() -> None:
        async with slots.hold():
            await asyncio.sleep(600)

    task = asyncio.create_task(forever())
    await asyncio.sleep(0)
    assert slots.held == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert slots.held == 0


async def test_more_slots_let_waiters_in_at_once() -> None:
    slots = Slots("proposals", 1)
    running = asyncio.Event()

    async def second() -> None:
        async with slots.hold():
            running.set()

    async with slots.hold():
        task = asyncio.create_task(second())
        await asyncio.sleep(0)
        assert slots.waiting == 1
        slots.resize(2)
        await asyncio.wait_for(running.wait(), 5)
    await task


async def test_no_slot_is_given_out_in_a_pause() -> None:
    control = RunControl()
    slots = Slots("proposals", 1, gate=control)
    began: list[int] = []

    async def work(number: int) -> None:
        async with slots.hold():
            began.append(number)
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(work(number))
        await asyncio.sleep(0.01)
        control.pause("by a test")
        await asyncio.sleep(0.2)
        assert began == [0], "the one in flight ended, and no other began"
        assert slots.held == 0
        control.resume("by a test")
    assert sorted(began) == [0, 1, 2]


async def test_whoever_goes_on_comes_before_all_but_the_first_of_those_who_begin() -> None:
    slots = Slots("evaluations", 1)
    order: list[str] = []

    async def work(name: str, *, ahead: bool) -> None:
        async with slots.hold(ahead=ahead):
            order.append(name)

    async with asyncio.TaskGroup() as group, slots.hold():
        for number in range(4):
            group.create_task(work(str(number), ahead=False))
        await asyncio.sleep(0.01)
        group.create_task(work("trial", ahead=True))
        await asyncio.sleep(0.01)
        assert slots.waiting == 5
    assert order == ["0", "trial", "1", "2", "3"]


async def test_a_waiter_that_is_cancelled_holds_up_nobody() -> None:
    slots = Slots("evaluations", 1)

    async def work() -> None:
        async with slots.hold():
            pass

    async with slots.hold():
        tasks = [asyncio.create_task(work()) for _ in range(3)]
        await asyncio.sleep(0.01)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.sleep(0.01)
        assert slots.waiting == 1
    await asyncio.wait_for(tasks[2], 5)
    assert slots.held == 0
