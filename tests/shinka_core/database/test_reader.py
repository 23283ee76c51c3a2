"""Reading a record beside the process that writes it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import EvolutionReader
from shinka_core.database.records import Position
from shinka_core.errors import DatabaseError
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.program import GenerationState
from shinka_core.progress import Progress
from shinka_core.record import Recorded, replay
from tests.shinka_core.database.fresh import fresh_database
from tests.shinka_core.database.test_programs import opened, program, unit
from tests.support.folding import RUN
from tests.support.prefect import ROOT

SETTINGS = {"num_islands": 3, "archive_size": 5, "migration_rate": 0.3, "migration_interval": 5}


async def test_a_reader_follows_a_run_and_comes_to_what_it_came_to(tmp_path: Path, database_url: str | None) -> None:
    url = None if database_url is None else await fresh_database(database_url)
    options = {"database": url or "e.sqlite", "folder": str(tmp_path), "settings": SETTINGS, "seed": 3}
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.support.folding", json.dumps(options)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert writer.stdout is not None
    for _ in range(8):
        writer.stdout.readline()
    config = DatabaseConfig(**SETTINGS)
    followed, whole = (Population(3, search_of(config).archive, seed=3) for _ in range(2))
    progress, position, seen = Progress(100_000), Position(), 0
    programs: list[str] = []
    async with EvolutionReader.open(url or tmp_path / "e.sqlite", RUN) as reader:
        for _ in range(6):
            async for record in reader.programs(after=len(programs)):
                programs.append(record.id)
                assert record.sequence == len(programs)
            async for event in reader.events(position):
                followed.apply(event)
                progress.apply(event)
            assert len(followed) >= len(programs)
            assert followed.ids[: len(programs)] == programs
            assert len(followed) > seen, "it goes on meanwhile"
            seen = len(followed)
            while int(json.loads(writer.stdout.readline())["key"].split()[0]) <= seen:
                pass
        writer.kill()
        writer.communicate()
        async for event in reader.events(position):
            followed.apply(event)
            progress.apply(event)
        replay([event async for event in reader.events()], whole)
        assert followed.ids == whole.ids
        assert followed.elites == whole.elites
        assert [list(one) for one in followed.view().islands] == [list(one) for one in whole.view().islands]
        generations = [generation async for generation in reader.generations()]
        failed = [generation for generation in generations if generation.failure is not None]
        assert len(failed) == progress.failures.total()
        assert all(one.failure is not None and one.failure.reason == "x" for one in failed)
        calls = [call async for call in reader.calls()]
        assert progress.cost == pytest.approx(sum(call.cost for call in calls))
        assert calls[0].answer is None


async def test_a_reader_tells_all_that_is_recorded(tmp_path: Path, database_url: str | None) -> None:
    name = f"read-{uuid.uuid4().hex}"
    async with opened(tmp_path, database_url) as db:
        await db.begin(name, seed=7, settings={})
        seed = program(0, instance_scores={"a": 1.0, "b": 0.5}, features={"size": 3.0}, text_feedback="fine")
        await db.journal.claim(0)
        await db.add(seed, unit(0))
        child = program(1, 2.0, parent=seed, inspiration_ids=(seed.id,), advice_id="advice-1", island=1)
        await db.journal.claim(1)
        db.journal.write(
            1,
            GenerationState.PATCHED,
            0,
            0,
            {"candidate": {"files": [["", "x = 1", "python"]], "name": "n", "description": "", "diff": ""}},
            0.5,
        )
        await db.add(child, unit(1))
        async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", name) as reader:
            first, second = [record async for record in reader.programs(columns=["text_feedback"])]
            assert (first.id, first.instance_scores, first.features) == (seed.id, {"a": 1.0, "b": 0.5}, {"size": 3.0})
            assert first.texts == {"text_feedback": "fine"}
            assert (second.parent_id, second.advice_id, second.instance_scores) == (seed.id, "advice-1", {})
            assert [record.id async for record in reader.programs(after=1)] == [child.id]
            assert (await reader.source(child.id)).files[0].text == child.code
            assert (await reader.source(child.id)).digest == second.source
            assert [(one.id, one.parent_id, one.inspirations) async for one in reader.lineage()] == [
                (seed.id, None, ()),
                (child.id, seed.id, (seed.id,)),
            ]
            (step,) = await reader.steps(1)
            assert (step.step, step.payload["candidate"]["files"]) == ("patched", [["", "x = 1", "python"]])
            events = [event async for event in reader.events() if isinstance(event, Recorded)]
            assert events[0].instance_scores == {"a": 1.0, "b": 0.5}
            assert [event.text for event in events] == [seed.source.key, child.source.key]
            with pytest.raises(DatabaseError, match="has no program 'nobody'"):
                await reader.source("nobody")
            with pytest.raises(ValueError, match=r"columns=\['code'\].*description"):
                [record async for record in reader.programs(columns=["code"])]
        for wrong, message in ((f"{name}x", f"has no evolution '{name}x'"),):
            with pytest.raises(DatabaseError, match=message):
                async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", wrong):
                    pass


async def test_a_results_folder_is_enough(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("one", seed=7, settings={})
        await db.add(program(0), None)
    (tmp_path / "run.yaml").write_text('{"name": "one", "database": "e.sqlite"}\n')
    async with EvolutionReader.open(tmp_path) as reader:
        assert reader.name == "one"
        assert [record.sequence async for record in reader.programs()] == [1]


async def test_what_is_not_there_is_told_and_not_made(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "none.sqlite"):
        with pytest.raises(DatabaseError, match="is not there; name the results folder"):
            async with EvolutionReader.open(where):
                pass
    assert not list(tmp_path.iterdir())
    async with opened(tmp_path) as db:
        for name in ("one", "two"):
            await db.begin(name, seed=7, settings={})
    with pytest.raises(DatabaseError, match="holds the evolutions 'one', 'two'; choose one"):
        async with EvolutionReader.open(tmp_path / "e.sqlite"):
            pass


@pytest.mark.skipif(os.geteuid() == 0, reason="to the superuser nothing is read-only")
async def test_a_folder_that_is_read_only_can_be_read(tmp_path: Path) -> None:
    await _written(tmp_path)
    tmp_path.chmod(0o500)
    try:
        async with EvolutionReader.open(tmp_path / "e.sqlite") as reader:
            assert [record.sequence async for record in reader.programs()] == [1]
    finally:
        tmp_path.chmod(0o700)


async def test_a_reader_cannot_write(tmp_path: Path, database_url: str | None) -> None:
    name = await _written(tmp_path, database_url)
    async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", name) as reader:

        async def write(connection: Any) -> None:
            await connection.exec_driver_sql("DELETE FROM island_members")

        with pytest.raises(DatabaseError, match=r"read-?only|cannot be written"):
            await asyncio.wait_for(reader._store.read(write), 30)


async def _written(folder: Path, url: str | None = None) -> str:
    name = f"written-{uuid.uuid4().hex}"
    async with opened(folder, url) as db:
        await db.begin(name, seed=7, settings={})
        await db.add(program(0), None)
    return name
