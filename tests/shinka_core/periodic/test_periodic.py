"""Periodic steps: when they are due, how often they begin, and the digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shinka.testing import PeriodicContract
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.beginnings import Beginning
from shinka_core.errors import ConfigError
from shinka_core.periodic import PERIODICS, Periodic, periodics_of
from shinka_core.periodic.digest import append


class TestDigest(PeriodicContract):
    def periodic(self) -> Periodic:
        return PERIODICS.create({"name": "digest", "every": 3})


def test_steps_have_names_of_their_own() -> None:
    found = periodics_of(["digest", {"name": "digest", "every": 2}, {"name": "digest", "every": 5}])
    assert [named.name for named in found] == ["digest", "digest-2", "digest-3"]
    assert [[number for number in range(11) if named.step.due(number)] for named in found] == [
        [10], [2, 4, 6, 8, 10], [5, 10],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("diggest", "periodic: there is no periodic step 'diggest'; did you mean 'digest'?"),
        ({"name": "digest", "every": 0}, "every=0"),
        ("json:JSONDecoder", "has no method 'due'"),
    ],
)
def test_a_step_that_is_none_is_told(spec: Any, words: str) -> None:
    with pytest.raises(ConfigError) as told:
        periodics_of([spec])
    assert words in str(told.value)


async def test_a_step_begins_once_for_a_number_whatever_process_asks(tmp_path: Path, database_url: str | None) -> None:
    config = DatabaseConfig() if database_url is None else DatabaseConfig(db_path=database_url)
    name = f"periodic-{tmp_path.name}"
    async with AsyncProgramDatabase(config, tmp_path) as database:
        await database.begin(name, seed=0, settings={})
        assert await database.journal.begin_periodic("digest", 10)
        assert not await database.journal.begin_periodic("digest", 10)
        assert await database.journal.begin_periodic("digest", 20)
        assert await database.journal.begin_periodic("digest-2", 10)
    async with AsyncProgramDatabase(config, tmp_path) as database:
        await database.resume(name)
        assert not await database.journal.begin_periodic("digest", 20)
        assert await database.journal.begin_periodic("digest", 30)


async def test_what_is_taken_up_begins_again_until_it_has_ended(tmp_path: Path, database_url: str | None) -> None:
    config = DatabaseConfig() if database_url is None else DatabaseConfig(db_path=database_url)
    name = f"periodic-{tmp_path.name}"
    async with AsyncProgramDatabase(config, tmp_path) as database:
        await database.begin(name, seed=0, settings={})
        assert await database.journal.begin_periodic("ideas", 10, again=True)
        assert await database.journal.begin_periodic("ideas", 12, again=True)
        await database.journal.end_periodic("ideas", 12, "no answer")
    async with AsyncProgramDatabase(config, tmp_path) as database:
        await database.resume(name)
        assert await database.journal.beginnings("ideas") == [Beginning(10), Beginning(12, True, "no answer")]
        assert not await database.journal.begin_periodic("ideas", 10)
        assert await database.journal.begin_periodic("ideas", 10, again=True)
        assert not await database.journal.begin_periodic("ideas", 12, again=True)
        await database.journal.end_periodic("ideas", 10)
        assert not await database.journal.begin_periodic("ideas", 10, again=True)
        assert await database.journal.beginnings("digest") == []


def test_a_line_that_a_kill_has_cut_off_stays_alone(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    append(path, '{"a": 1}')
    path.write_bytes(path.read_bytes() + b'{"half')
    append(path, '{"a": 2}')
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in (lines[0], lines[2])] == [{"a": 1}, {"a": 2}]
