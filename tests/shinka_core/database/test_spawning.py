"""Islands come and go while a run goes on, and are there again when it is resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.known import look_up
from shinka_core.errors import ConfigError
from shinka_core.population.settings import search_of, spawning_of
from tests.shinka_core.database.test_programs import name, opened, program, sample, unit


async def stagnating(db: AsyncProgramDatabase, programs: int) -> None:
    """Every program but the third is as good as the seed program."""
    for number in range(programs):
        await db.journal.claim(number)
        await db.add(program(number, 9.0 if number == 3 else 1.0, island=number % 2), unit(number))


def islands_of(db: AsyncProgramDatabase) -> list[tuple[str, int, bool, list[int]]]:
    return [(i.origin, i.made, i.retired, i.members.tolist()) for i in db._population.islands]


@pytest.mark.parametrize(("origin", "founder"), [("initial", 0), ("best", 3), ("bootstrap", 0)])
async def test_a_run_that_stagnates_gets_a_new_island(
    tmp_path: Path, database_url: str | None, origin: str, founder: int
) -> None:
    run, settings = name(), {"stagnation_threshold": 5, "island_cooldown": 4, "max_islands": 4, "island_origin": origin}
    async with opened(tmp_path, database_url, **settings) as db:
        await db.begin(run, seed=7, settings={})
        await stagnating(db, 20)
        lived = islands_of(db)
        assert [(made, members[0]) for _, made, _, members in lived] == [(0, 0), (0, 0), (9, founder), (13, founder)]
        assert [kind for kind, *_ in lived] == ["initial", "initial", origin, origin]
        drawn = {(await sample(db, number)).island for number in range(100, 140)}
        assert drawn == {0, 1, 2, 3}
    async with opened(tmp_path, database_url, **settings) as db:
        await db.resume(run)
        assert islands_of(db) == lived
    known = await look_up(DatabaseConfig(db_path=database_url or "e.sqlite"), tmp_path, run)
    assert known is not None
    assert known.islands == 2, "those that came later are no reason to refuse num_islands"


async def test_at_the_most_islands_a_new_one_takes_the_place_of_the_worst(tmp_path: Path) -> None:
    settings = {"stagnation_threshold": 5, "island_cooldown": 4, "max_islands": 2, "replace_worst_island": True}
    async with opened(tmp_path, **settings) as db:
        await db.begin("run", seed=7, settings={})
        await stagnating(db, 11)
        assert [retired for _, _, retired, _ in islands_of(db)] == [True, False, False]
        assert {(await sample(db, number)).island for number in range(100, 140)} == {1, 2}
    async with opened(tmp_path, **settings) as db:
        await db.resume("run")
        assert [retired for _, _, retired, _ in islands_of(db)] == [True, False, False]


async def test_halving_retires_what_it_gives_up(tmp_path: Path) -> None:
    halving: dict[str, Any] = {"name": "halving", "keep": [2, 1], "at": [0.25, 0.5]}
    async with opened(tmp_path, num_islands=4, island_selection_strategy=halving) as db:
        await db.begin("run", seed=7, settings={})
        await stagnating(db, 8)
        for progress, living in ((0.1, 4), (0.3, 2), (0.6, 1)):
            number = len(db)
            await db.journal.claim(number)
            await sample_at(db, number, progress)
            await db.add(program(number, 2.0, island=0), unit(number))
            assert sum(not retired for _, _, retired, _ in islands_of(db)) == living
        assert not islands_of(db)[1][2], "the third program, which is the best, was made there"


async def sample_at(db: AsyncProgramDatabase, number: int, progress: float) -> None:
    from shinka_core.program import GenerationContext

    await db.sample(GenerationContext("run", number, 7), 0, lambda _rng, _choice: ("diff", "m"), progress=progress)


async def test_on_a_bootstrapped_island_nothing_of_the_others_is_shown(tmp_path: Path) -> None:
    settings = {
        "stagnation_threshold": 5, "max_islands": 3, "island_origin": "bootstrap", "enforce_island_separation": False,
        "num_archive_inspirations": 3,
    }  # fmt: skip
    async with opened(tmp_path, **settings) as db:
        await db.begin("run", seed=7, settings={})
        await stagnating(db, 12)
        await db.journal.claim(12)
        await db.add(program(12, 0.5, island=2), unit(12))
        shown = [await sample(db, number) for number in range(100, 160)]
        there = [{program.generation for program in one.inspirations} for one in shown if one.island == 2]
        elsewhere = [{program.generation for program in one.inspirations} for one in shown if one.island == 0]
        assert there
        assert all(generations <= {0, 12} for generations in there)
        assert any(3 in generations for generations in elsewhere)


def test_settings_that_cannot_work_together_are_refused_before_anything_is_spent() -> None:
    few = DatabaseConfig(num_islands=6, stagnation_threshold=10)
    with pytest.raises(ConfigError, match="max_islands=5 is less than num_islands=6"):
        spawning_of(few, search_of(few).islands)
    halving = DatabaseConfig(island_selection_strategy="halving", stagnation_threshold=10)
    with pytest.raises(ConfigError, match="'halving' gives islands up"):
        spawning_of(halving, search_of(halving).islands)


async def test_an_archive_that_needs_more_than_there_is_says_so(tmp_path: Path) -> None:
    archive: Any = {"name": "map_elites", "features": ["no_such_thing"]}
    async with opened(tmp_path, archive_strategy=archive) as db:
        await db.begin("run", seed=7, settings={})
        await db.add(program(0), None)
        with pytest.raises(ConfigError, match="no_such_thing"):
            db.check_archive()
