"""The program database on real SQLite and real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase, values
from shinka_core.database.rows import select_programs
from shinka_core.database.schema import ProgramRow
from shinka_core.errors import DatabaseError, EvolutionExistsError, SchemaVersionError
from shinka_core.llm.question import CallKey, Question
from shinka_core.population.search import Choice
from shinka_core.program import (
    Answer,
    Evaluation,
    Failure,
    GenerationContext,
    GenerationState,
    Program,
    Purpose,
    new_program_id,
)
from shinka_core.source import Source
from tests.shinka_core.database.fresh import fresh_database

# Two islands, both as likely, whatever the defaults: what is stored is looked at here, not who is chosen.
PLAIN: dict[str, Any] = {
    "num_islands": 2,
    "island_selection_strategy": "uniform",
    "parent_selection_strategy": "weighted",
    "inspiration_share": 1.0,
}


def opened(tmp_path: Path, url: str | None = None, **fields: Any) -> AsyncProgramDatabase:
    return AsyncProgramDatabase(DatabaseConfig(db_path=url or "e.sqlite", **PLAIN | fields), tmp_path)


def unit(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
    return vector / np.linalg.norm(vector)


def program(
    generation: int, score: float | None = 1.0, *, island: int = 0, parent: Program | None = None, **fields: Any
) -> Program:
    values: dict[str, Any] = {"correct": score is not None, "source": Source.of(f"x = {generation}", "python")} | fields
    return Program(
        id=new_program_id(),
        generation=generation,
        island=island,
        score=score,
        parent_id=parent.id if parent else None,
        **values,
    )


async def sample(db: AsyncProgramDatabase, number: int, attempt: int = 0):
    def pull(rng: np.random.Generator, choice: Choice) -> tuple[str, str]:
        return "fix" if choice.broken else "diff", f"model-{rng.integers(2)}"

    return await db.sample(GenerationContext("run", number, 7), attempt, pull)


def name() -> str:
    return f"run-{uuid.uuid4().hex}"


async def test_a_program_comes_back_as_it_was_stored(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={"a": 1})
        seed, other = program(0), program(1, 1.5)
        await db.journal.claim(0)
        await db.add(seed, unit(0))
        await db.add(other, unit(1))
        child = program(
            2, 2.5, parent=seed, island=1, inspiration_ids=(other.id, seed.id), patch_type="cross", diff="d",
            public_metrics={"a": [1, {"b": None}]}, private_metrics={"c": 1}, text_feedback="füß\n", cost=0.25,
        )  # fmt: skip
        assert await db.add(child, unit(2))
        assert await db.by_generation(2) == child
        assert (await db.best()) is not None
        assert (await db.best()).id == child.id  # type: ignore[union-attr]


async def test_a_generation_has_one_program_however_often_it_is_stored(
    tmp_path: Path, database_url: str | None
) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        assert await db.add(program(0), None)
        assert not await db.add(program(0, 9.0), None)
        assert len(db) == 1


async def test_scores_that_are_not_finite_never_enter_selection(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        good = program(0, 1.0)
        await db.add(good, None)
        for number, score in enumerate([float("nan"), float("inf"), float("-inf")], start=1):
            await db.add(program(number, score, public_metrics={"m": score}), None)
        assert (await db.best()).id == good.id  # type: ignore[union-attr]
        for number in range(10, 40):
            assert (await sample(db, number)).parent.id == good.id


async def test_a_resumed_run_knows_everything_again(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    question = Question(CallKey(2, Purpose.PROPOSAL, 0, 1), "m", "s", "u", 1)
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(0)
        seed = program(0)
        await db.add(seed, unit(0))
        await db.journal.claim(1)
        await db.journal.fail(1, Failure("patch", "syntax_error", "line 1"))
        await db.journal.claim(2)
        sampling = await sample(db, 2)
        await db.journal.write(2, GenerationState.SAMPLED, 0, 0, values.dump_sampling(sampling), 0.1)
        await db.calls.answered(question, Answer("text", "m", cost=0.5, cut="length"))
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        assert (await db.journal.final()).keys() == {0, 1}
        closed = await db.journal.claim(1)
        assert (closed.state, closed.failure) == (
            GenerationState.FAILED,
            Failure("patch", "syntax_error", "line 1"),
        )
        claim = await db.journal.claim(2)
        assert (claim.state, claim.failure) == (GenerationState.SAMPLED, None)
        stored = claim.find(GenerationState.SAMPLED, 0, 0)
        assert stored is not None
        assert await values.load_sampling(stored, db) == sampling
        answer = await db.calls.find(question.key)
        assert answer is not None
        assert (answer.text, answer.cost, answer.replayed, answer.cut) == ("text", 0.5, True, "length")
        assert await db.nearest(0, unit(0)) == [(seed.id, pytest.approx(1.0, abs=1e-5))]
        summary = await db.summary()
        assert (summary.programs, summary.cost, summary.failures) == (1, 0.5, {"patch: syntax_error": 1})


async def test_evaluations_keep_their_shape_through_the_journal(tmp_path: Path) -> None:
    evaluation = Evaluation(1.5, True, {"a": float("nan")}, {}, "text", "", "", 2.0)
    back = values.load_evaluation(values.dump_evaluation(evaluation))
    assert back.public_metrics == {"a": None}
    assert (back.score, back.seconds) == (1.5, 2.0)


async def test_a_taken_name_is_refused_with_the_remedy(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
    async with opened(tmp_path, database_url) as db:
        with pytest.raises(EvolutionExistsError, match="--resume"):
            await db.begin(run, seed=7, settings={})
        with pytest.raises(DatabaseError, match="no evolution"):
            await db.resume("another")


async def test_a_run_that_another_process_has_open_is_refused(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, time\n"
        "from shinka_core.config import DatabaseConfig\n"
        "from shinka_core.database import AsyncProgramDatabase\n"
        "async def main():\n"
        "    async with AsyncProgramDatabase(DatabaseConfig(db_path='e.sqlite'), sys.argv[1]) as db:\n"
        "        await db.begin('run', seed=1, settings={})\n"
        "        print('open', flush=True); time.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline().strip() == "open"
    async with opened(tmp_path) as db:
        with pytest.raises(EvolutionExistsError, match=f"process {other.pid}"):
            await db.resume("run")
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert (await db.resume("run")).seed == 1


async def test_what_was_written_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, signal, sys\n"
        "from shinka_core.config import DatabaseConfig\n"
        "from shinka_core.database import AsyncProgramDatabase\n"
        "from shinka_core.program import GenerationState\n"
        "async def main():\n"
        "    async with AsyncProgramDatabase(DatabaseConfig(db_path='e.sqlite'), sys.argv[1]) as db:\n"
        "        await db.begin('run', seed=1, settings={})\n"
        "        await db.journal.claim(1)\n"
        "        await db.journal.write(1, GenerationState.PATCHED, 0, 0, {'k': 'v'}, 0.0)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == -signal.SIGKILL
    async with opened(tmp_path) as db:
        await db.resume("run")
        assert (await db.journal.claim(1)).find(GenerationState.PATCHED, 0, 0) == {"k": "v"}


async def test_a_hundred_writers_at_once_lose_nothing(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        await db.add(program(0), unit(0))

        async def live(number: int) -> None:
            await db.journal.claim(number)
            await db.journal.write(number, GenerationState.EVALUATED, 0, 0, {}, 0.0)
            await db.add(program(number, float(number)), unit(number))

        await asyncio.gather(*(live(number) for number in range(1, 101)))
        assert (await db.journal.final()).keys() == set(range(1, 101))
        assert (await db.summary()).programs == 101


async def test_one_bad_write_does_not_take_its_neighbours_along(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        orphan = program(5, parent=program(99))
        outcomes = await asyncio.gather(
            *(db.journal.claim(number) for number in range(10)), db.add(orphan, None), return_exceptions=True
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["Claim"] * 10 + ["DatabaseError"]
        assert len(db) == 0


async def test_a_database_file_is_private(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    assert stat.S_IMODE(os.stat(tmp_path / "e.sqlite").st_mode) == 0o600


async def test_a_damaged_file_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "e.sqlite").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(DatabaseError, match="restore a copy"):
        async with opened(tmp_path):
            pass


async def test_a_newer_schema_and_foreign_tables_are_refused(tmp_path: Path) -> None:
    async with opened(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        connection.execute("UPDATE shinka_schema SET version_num = '9999'")
    with pytest.raises(SchemaVersionError, match="newer version"):
        async with opened(tmp_path):
            pass
    with sqlite3.connect(tmp_path / "foreign.sqlite") as connection:
        connection.execute("CREATE TABLE programs (id TEXT)")
    with pytest.raises(SchemaVersionError, match="another db_path"):
        async with AsyncProgramDatabase(DatabaseConfig(db_path="foreign.sqlite"), tmp_path):
            pass


async def test_a_database_of_before_goes_by_the_new_name_of_its_version(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        connection.execute("ALTER TABLE shinka_schema RENAME TO alembic_version")
    async with opened(tmp_path) as db:
        await db.begin("other", seed=7, settings={})
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        assert connection.execute("SELECT name FROM evolutions ORDER BY 1").fetchall() == [("other",), ("run",)]
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall() == []


async def test_another_program_in_the_same_database_keeps_its_own_version(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('91e2b8f3d6a4')")
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
    with sqlite3.connect(tmp_path / "e.sqlite") as connection:
        assert connection.execute("SELECT * FROM alembic_version").fetchall() == [("91e2b8f3d6a4",)]


async def test_many_that_open_a_new_database_at_once_all_get_it(tmp_path: Path, database_url: str | None) -> None:
    url = await fresh_database(database_url) if database_url else "e.sqlite"

    async def use(name: str) -> int:
        async with AsyncProgramDatabase(DatabaseConfig(db_path=url), tmp_path) as db:
            await db.begin(name, seed=7, settings={})
            return len(db)

    assert await asyncio.gather(*(use(f"run-{number}") for number in range(8))) == [0] * 8


async def test_a_password_never_reaches_an_error() -> None:
    with pytest.raises(DatabaseError) as caught:
        async with AsyncProgramDatabase(DatabaseConfig(db_path="postgresql://me:hunter2@127.0.0.1:1/none")):
            pass
    assert "hunter2" not in str(caught.value)


async def test_the_hot_queries_use_indexes(tmp_path: Path) -> None:
    async with opened(tmp_path) as db, db._engine.connect() as connection:
        for query in (
            str(select_programs().where(ProgramRow.id.in_(["a", "b"])).compile(compile_kwargs={"literal_binds": True})),
            "SELECT id FROM programs WHERE evolution = 'r' AND source_key = 'd' ORDER BY sequence",
            "SELECT id FROM programs WHERE evolution = 'r' AND generation = 3",
            "SELECT state FROM generations WHERE evolution = 'r' AND number = 3",
            "SELECT payload FROM generation_steps WHERE evolution = 'r' AND generation = 3",
            "SELECT answer FROM model_calls JOIN model_call_texts ON model_call_texts.id = texts "
            "WHERE evolution = 'r' AND generation = 3 AND purpose = 'proposal' "
            "AND attempt = 0 AND turn = 0 AND status = 'answered'",
        ):
            plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))).all()
            assert all("USING" in str(row[-1]) and "SCAN" not in str(row[-1]) for row in plan), (query, plan)
