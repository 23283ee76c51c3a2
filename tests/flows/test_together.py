"""What one driver of several takes up from another that is gone, it knows all answers to: none is asked for twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows import together
from flows.together import turn_for_periodic_steps, turn_for_seeds
from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.together import PERIODIC_STEPS, SEEDS
from shinka_core.llm.question import CallKey, Question
from shinka_core.periodic import Named
from shinka_core.program import NO_GENERATION, Answer, Purpose
from tests.shinka_core.database.test_together import sharing


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAKE_UP", "LOOK_AGAIN"):
        monkeypatch.setattr(together, name, 0.05)


class Step:
    """Is taken up by another driver."""

    def __init__(self) -> None:
        self.opened = 0

    def due(self, recorded: int) -> bool:
        return False

    async def open(self, run: Any) -> None:
        self.opened += 1

    async def run_at(self, run: Any, recorded: int) -> None: ...


def run_of(database: AsyncProgramDatabase, *steps: Step) -> Any:
    """As much of a run as is asked for."""
    return SimpleNamespace(
        database=database, control=RunControl(), periodics=tuple(Named("ideas", step) for step in steps)
    )


async def answer(database: AsyncProgramDatabase, key: CallKey) -> None:
    await database.calls.answered(Question(key, "m", "", "?", seed=0), Answer("paid for", "m", cost=0.5))


async def test_a_periodic_step_is_taken_up_with_what_it_was_answered(tmp_path: Path, database_url: str | None) -> None:
    async with sharing(tmp_path, database_url) as (_, (one, other)):
        assert one.together is not None
        claim = await one.together.claims.take(PERIODIC_STEPS)
        assert claim is not None
        await one.journal.begin_periodic("ideas", 11, again=True)
        step, begun = Step(), asyncio.Event()

        async def begin() -> None:
            begun.set()

        async with turn_for_periodic_steps(run_of(other, step), begin):
            await asyncio.sleep(0.3)  # it has looked more than once by then, and seen no end
            key = CallKey(NO_GENERATION, Purpose.IDEA, 11, 0)
            await answer(one, key)
            assert not begun.is_set()
            await one.together.claims.release(claim)
            async with asyncio.timeout(30):
                await begun.wait()
            assert step.opened == 1
            found = await other.calls.find(key)
            assert found is not None
            assert found.text == "paid for"


async def test_seed_programs_are_taken_up_with_what_was_answered_for_them(
    tmp_path: Path, database_url: str | None
) -> None:
    async with sharing(tmp_path, database_url) as (_, (one, other)):
        assert one.together is not None
        claim = await one.together.claims.take(SEEDS)
        assert claim is not None
        await one.journal.claim(1)
        key = CallKey(1, Purpose.PROPOSAL, 0, 0)

        async def take_up() -> bool:
            async with turn_for_seeds(run_of(other)) as mine:
                return mine and await other.calls.find(key) is not None

        taken_up = asyncio.create_task(take_up())
        await asyncio.sleep(0.3)
        await answer(one, key)
        await one.together.claims.release(claim)
        async with asyncio.timeout(30):
            assert await taken_up
