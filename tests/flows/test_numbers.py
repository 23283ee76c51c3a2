"""Whoever finds nothing left to do knows all that the others have done."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.numbers import Claimed
from shinka_core.control import RunControl
from shinka_core.database import together
from tests.shinka_core.database.test_programs import program, unit
from tests.shinka_core.database.test_together import sharing, state


async def test_the_last_ends_of_the_others_are_known_before_it_is_over(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sharing(tmp_path, database_url) as (_, (one, other)):
        monkeypatch.setattr(together, "FOLLOW", 1_000.0)  # from its next look on, nobody looks by itself
        assert one.together is not None
        assert other.together is not None
        for driver in (one.together, other.together):
            driver.expect(1, 2)
        for number in (1, 2):
            claim = await one.together.claims.next()
            assert claim is not None
            assert claim.number == number
            await one.journal.claim(number)
        mine = Claimed(other.together, RunControl())
        await other.together.follow()
        parent = await one.by_generation(0)
        for number in (1, 2):
            await one.add(program(number, float(number), parent=parent), unit(number))
        assert await mine.take() is None
        assert not mine.more
        assert other.ended == 3
        assert state(other) == state(one)
