"""Who is chosen, who is kept, who is near and who migrates, on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shinka_core.database import AsyncProgramDatabase
from tests.shinka_core.database.test_programs import name, opened, program, sample, unit


async def test_sampling_repeats_itself_from_the_same_population(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        await db.add(program(0), None)
        for number in range(1, 20):
            await db.add(program(number, float(number), island=number % 2), None)
        first = [await sample(db, 50, attempt) for attempt in range(5)]
        again = [await sample(db, 50, attempt) for attempt in range(5)]
    assert [s.seed for s in first] == [s.seed for s in again]
    assert len({s.parent.id for s in first}) > 1
    for sampling in first:
        assert sampling.parent.id not in {program.id for program in sampling.inspirations}
        scores = [program.score or 0.0 for program in sampling.inspirations]
        assert scores == sorted(scores)


async def test_without_a_correct_program_the_incorrect_one_is_to_be_fixed(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        await db.add(program(0, None, error="bad"), None)
        sampling = await sample(db, 1)
    assert sampling.patch_type == "fix"
    assert sampling.inspirations == ()


async def test_concurrent_proposals_spread_over_equal_parents(tmp_path: Path) -> None:
    async with opened(tmp_path, num_islands=1) as db:
        await db.begin("run", seed=7, settings={})
        for number in range(4):
            await db.add(program(number), None)
        parents = [(await sample(db, number)).parent.id for number in range(100, 140)]
    assert all(6 <= parents.count(parent) <= 14 for parent in set(parents))
    assert len(set(parents)) == 4


async def test_the_archive_keeps_the_best(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url, archive_size=3) as db:
        await db.begin(run, seed=7, settings={})
        for number, score in enumerate([1.0, 5.0, 2.0, 4.0, 3.0]):
            await db.add(program(number, score), None)
        view = db._population.view()
        assert view.scores[view.elites].tolist() == [5.0, 4.0, 3.0]
    async with opened(tmp_path, database_url, archive_size=3) as db:
        await db.resume(run)
        assert db._population.view().elites.tolist() == view.elites.tolist()


async def test_nearest_looks_at_its_own_island_and_the_seed_is_on_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        seed, child = program(0), program(1, island=1)
        await db.add(seed, unit(0))
        await db.add(child, unit(1))
        assert await db.nearest(0, unit(0)) == [(seed.id, pytest.approx(1.0, abs=1e-5))]
        assert await db.nearest(1, unit(1)) == [(child.id, pytest.approx(1.0, abs=1e-5))]
        assert (await db.nearest(0, unit(1)))[0][0] == seed.id
        assert [found for found, _ in await db.nearest(1, unit(1), 5)] == [child.id, seed.id]


async def migrated(db: AsyncProgramDatabase, run: str, upto: int = 10) -> set[int]:
    """Fills island 0 with programs that score their number; returns who lives on island 1 then."""
    await db.begin(run, seed=7, settings={})
    for number in range(upto + 1):
        await db.add(program(number, float(number), island=0), unit(number))
    return await residents(db, run, 1)


async def residents(db: AsyncProgramDatabase, run: str, island: int) -> set[int]:
    """Generations of an island's programs, as the table has them."""
    query = (
        "SELECT p.generation FROM island_members m JOIN programs p ON p.id = m.program_id "
        "WHERE m.evolution = :run AND m.island = :island"
    )
    async with db._engine.connect() as connection:
        return {row.generation for row in await connection.execute(text(query), {"run": run, "island": island})}


@pytest.mark.parametrize(
    ("fields", "least", "most"),
    [
        ({"migration_rate": 1.0}, {*range(10)}, {*range(10)}),
        ({"migration_rate": 1.0, "island_elitism": False}, {*range(11)}, {*range(11)}),
        ({"migration_rate": 0.5}, {0}, {*range(10)}),
        ({"migration_rate": 0.0}, {0}, {0}),
        ({"migration_rate": 1.0, "migration_interval": 11}, {0}, {0}),
    ],
)
async def test_migration_copies_the_share_that_was_asked_for_and_never_the_best(
    tmp_path: Path, database_url: str | None, fields: dict[str, Any], least: set[int], most: set[int]
) -> None:
    run = name()
    settings = {"migration_interval": 10} | fields
    async with opened(tmp_path, database_url, **settings) as db:
        there = await migrated(db, run)
        assert least <= there <= most
        if settings["migration_rate"] == 0.5:
            assert len(there - {0}) in (5, 6), "half of eleven, of whom the seed program lives there already"
        assert await residents(db, run, 0) == {*range(11)}, "copied, not moved"
        codes = [(await db.by_generation(number)).id for number in sorted(there)]  # type: ignore[union-attr]
        assert [(await db.nearest(1, unit(number)))[0] for number in sorted(there)] == [
            (program_id, pytest.approx(1.0, abs=1e-5)) for program_id in codes
        ], "novelty on the other island knows who came"
    async with opened(tmp_path, database_url, **settings) as db:
        await db.resume(run)
        assert {
            (await db.get(db._population.ids[row])).generation for row in db._population.islands[1].members
        } == there
