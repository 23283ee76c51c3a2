"""Islands come and go while a run goes on, and are there again when it is resumed."""

from __future__ import annotations

import asyncio
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


@pytest.mark.parametrize(
    ("origin", "founder"),
    [
        ("best", 3), ("bootstrap", 0), pytest.param("initial", 0, marks=pytest.mark.slow),
        pytest.param("fresh_best", 3, marks=pytest.mark.slow),
    ],
)  # fmt: skip
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
        lived = islands_of(db)
    async with opened(tmp_path, num_islands=4, island_selection_strategy=halving) as db:
        await db.resume("run")
        assert islands_of(db) == lived
        assert {(await sample(db, number)).island for number in range(100, 120)} == {1}
        told = (await db.summary()).islands
        assert [island.retired_after is None for island in told] == [False, True, False, False]
        assert {island.retired for island in told} == {"", "given up by the selection of islands"}


async def sample_at(db: AsyncProgramDatabase, number: int, progress: float) -> None:
    from shinka_core.program import GenerationContext

    await db.sample(GenerationContext("run", number, 7), 0, lambda _rng, _choice: ("diff", "m"), progress=progress)


@pytest.mark.parametrize(("origin", "founder"), [("bootstrap", 0), ("fresh_best", 3)])
async def test_on_a_fresh_island_nothing_of_the_others_is_shown_and_nobody_comes_there(
    tmp_path: Path, origin: str, founder: int
) -> None:
    settings: dict[str, Any] = {
        "stagnation_threshold": 5, "max_islands": 3, "island_origin": origin, "enforce_island_separation": False,
        "num_archive_inspirations": 3, "migration_strategy": {"name": "broadcast", "best": 1}, "migration_interval": 2,
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
        assert all(generations <= {founder, 12} for generations in there)
        assert any(3 in generations for generations in elsewhere)
        assert {one.parent.generation for one in shown if one.island == 2} <= {founder, 12}
        assert islands_of(db)[2][3] == [founder, 12]
        assert 3 in islands_of(db)[0][3], "where others are not alone, the best is copied"


async def test_programs_that_are_recorded_at_once_make_one_island(tmp_path: Path) -> None:
    async with opened(tmp_path, stagnation_threshold=5, max_islands=9, islands=[{}, {"parents": "rank"}]) as db:
        await db.begin("run", seed=7, settings={})
        await stagnating(db, 8)
        for number in range(8, 20):
            await db.journal.claim(number)
        await asyncio.gather(*(db.add(program(number, 0.5), unit(number)) for number in range(8, 20)))
        assert len(islands_of(db)) == 3
        assert [island.settings.get("entry") for island in await db.islands()] == [0, 1, 0]
        assert db.entry_of(2) == 0
    async with opened(tmp_path, stagnation_threshold=5, max_islands=9, islands=[{}, {"parents": "rank"}]) as db:
        await db.resume("run")
        assert db.entry_of(2) == 0


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
