"""How many islands a run begins with, where its settings do not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.config.database import islands_for, with_islands
from shinka_core.run import open_run
from tests.shinka_core.test_resume_settings import make_task, settings


@pytest.mark.parametrize(
    ("generations", "islands"), [(1, 1), (100, 1), (299, 1), (300, 2), (500, 3), (600, 4), (10**6, 4)]
)
def test_as_many_as_there_is_time_for(generations: int, islands: int) -> None:
    assert islands_for(generations) == islands
    assert with_islands(DatabaseConfig(), generations).num_islands == islands


def test_each_seed_program_has_one() -> None:
    assert [with_islands(DatabaseConfig(), 100, seeds).num_islands for seeds in (1, 3, 9)] == [1, 3, 4]


def test_what_is_given_stays_and_what_is_derived_is_not_said_to_be_given() -> None:
    assert with_islands(DatabaseConfig(num_islands=7), 100).num_islands == 7
    assert with_islands(DatabaseConfig(islands=[{}, {}]), 100).num_islands == 2  # type: ignore[list-item]
    counted = with_islands(DatabaseConfig(), 100)
    assert "num_islands" not in counted.model_fields_set
    assert counted.island_selection_strategy == DatabaseConfig().island_selection_strategy


async def test_a_run_keeps_its_islands_when_it_is_made_longer(tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")

    def of(generations: int) -> Any:
        return settings(tmp_path / "r", task, evolve={"num_generations": generations})

    async with open_run(of(310)) as run:
        assert run.settings.database.num_islands == 2
    async with open_run(of(900), resume=True) as run:
        assert run.settings.database.num_islands == 2
