"""A seed program that gave no result is evaluated again when its evolution is taken up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.program import Failure, GenerationState
from tests.shinka_core.database.test_programs import opened, program

NO_RESULT: dict[str, Any] = {"score": None, "error": "no module named 'data'"}


async def begun(folder: Path, url: str | None, name: str, *, seed: dict[str, Any] | None, later: bool = False) -> None:
    async with opened(folder, url) as database:
        await database.begin(name, seed=0, settings={})
        await database.journal.claim(0)
        await database.journal.write(0, GenerationState.SUBMITTED, 0, 0, {"job": "1"}, 0.1)
        if seed is None:
            await database.journal.fail(0, Failure("query", "rate_limited", "429"))
        else:
            await database.add(program(0, **seed), None)
        if later:
            await database.journal.claim(1)
            await database.add(program(1), None)
        await database.finish("stopped")


@pytest.mark.parametrize("seed", [None, NO_RESULT])
async def test_it_is_forgotten_with_all_its_steps(
    tmp_path: Path, database_url: str | None, seed: dict[str, Any] | None
) -> None:
    name = f"failed-{seed is None}"
    await begun(tmp_path, database_url, name, seed=seed)
    async with opened(tmp_path, database_url) as database:
        await database.resume(name)
        assert len(database) == 0
        assert await database.journal.final() == {}
        claim = await database.journal.claim(0)
        assert (claim.state, claim.steps) == (GenerationState.STARTED, {})
        await database.add(program(0, 2.0), None)
        best = await database.best()
        assert best is not None
        assert best.score == 2.0


@pytest.mark.parametrize(
    ("seed", "later"),
    [
        ({"score": 1.0}, False),
        ({"score": None, "public_metrics": {"violations": 3}}, False),  # wrong, but measured: models can mend it
        (NO_RESULT, True),
    ],
)
async def test_one_that_gave_a_result_or_has_children_stays(
    tmp_path: Path, database_url: str | None, seed: dict[str, Any], later: bool
) -> None:
    name = f"kept-{len(seed)}-{later}"
    await begun(tmp_path, database_url, name, seed=seed, later=later)
    async with opened(tmp_path, database_url) as database:
        await database.resume(name)
        assert len(database) == 1 + later
        assert 0 in await database.journal.final()
