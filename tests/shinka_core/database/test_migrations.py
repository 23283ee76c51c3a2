"""The migrations lead to the tables of the code, and keep all that real databases of earlier versions hold."""

from __future__ import annotations

import base64
import json
import sqlite3
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase, lease, look_up
from shinka_core.database.address import address_of
from shinka_core.database.engine import create_engine
from shinka_core.database.migrate import alembic_config
from shinka_core.database.prepare import _references_unchecked  # pyright: ignore[reportPrivateUsage]
from shinka_core.database.reader import TEXTS, EvolutionReader
from shinka_core.database.schema import REVISION, VERSION_TABLE, Base
from shinka_core.errors import SchemaVersionError
from shinka_core.population.search import Choice
from shinka_core.program import GenerationContext, GenerationState, Program, new_program_id
from shinka_core.record import Recorded
from shinka_core.source import Source
from tests.shinka_core.database.old_schema import first_schema_file
from tests.support.old_databases import REVISIONS, old_database, text_of

NAMES = ("packing", "numbers")
OF_THE_MACHINE = ("/work" + "/", "/root" + "/", "/opt" + "/pypi", "file" + "://")


def test_the_migrations_lead_to_exactly_the_tables_of_the_code() -> None:
    with sa.create_engine("sqlite://").begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        assert (
            compare_metadata(
                MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}), Base.metadata
            )
            == []
        )


def test_the_newest_migration_is_the_one_new_databases_are_stamped_with() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == REVISION


def test_every_migration_can_be_taken_back(tmp_path: Path) -> None:
    first_schema_file(tmp_path / "e.sqlite", {"one": 3})
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'e.sqlite'}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        command.downgrade(alembic_config(connection), "0001")
        command.upgrade(alembic_config(connection), "head")
        rows = connection.execute(sa.text("SELECT generation, sequence FROM programs ORDER BY sequence"))
        assert rows.all() == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize("kind", ["sqlite", "sql"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_the_old_databases_name_no_machine(revision: str, kind: str) -> None:
    held = text_of(revision, kind)
    assert not [path for path in OF_THE_MACHINE if path.encode() in held]


async def rows_of(database: str, query: str) -> list[tuple[Any, ...]]:
    if "://" not in database:
        with sqlite3.connect(database) as connection:
            return connection.execute(query).fetchall()
    connection = await asyncpg.connect(database)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def old_content(database: str) -> dict[str, Any]:
    """All that the tables of the first version hold, whatever version they are of."""
    programs = await rows_of(
        database,
        "SELECT id, evolution, generation, island, language, score, correct, parent_id, name, patch_type, model, cost, "
        "evaluation_seconds, code, description, diff, text_feedback, error, public_metrics, private_metrics, embedding "
        "FROM programs ORDER BY id",
    )
    steps = await rows_of(
        database,
        "SELECT evolution, generation, step, attempt, turn, seconds, payload FROM generation_steps ORDER BY 1, 2, 3, 4, 5",
    )
    return {
        "programs": [(*row[:18], json.loads(row[18]), json.loads(row[19]), row[20]) for row in programs],
        "steps": [(*row[:6], json.loads(row[6])) for row in steps],
        "calls": [
            (*row[:-1], json.loads(row[-1]))
            for row in await rows_of(
                database,
                "SELECT id, evolution, generation, purpose, attempt, turn, model, status, reason, input_tokens, "
                "output_tokens, cost, seconds, answer, error, messages FROM model_calls ORDER BY id",
            )
        ],
        "generations": await rows_of(
            database, "SELECT evolution, number, state, failure_step, failure_reason FROM generations ORDER BY 1, 2"
        ),
        "inspirations": await rows_of(
            database, "SELECT program_id, position, inspiration_id FROM program_inspirations ORDER BY 1, 2"
        ),
        "members": await rows_of(database, "SELECT evolution, island, program_id FROM island_members ORDER BY 1, 2, 3"),
    }


def as_before(payload: dict[str, Any]) -> dict[str, Any]:
    """An outcome as it was when candidates were one text: its language was not said."""
    if "candidate" not in payload:
        return payload
    told = dict(payload["candidate"])
    ((path, code, language),) = told.pop("files")
    assert (path, language) == ("", "python")
    return {"candidate": told | {"code": code}}


async def new_content(database: str) -> dict[str, Any]:
    """The same as readers see it."""
    found: dict[str, Any] = {"programs": [], "steps": [], "calls": [], "generations": [], "inspirations": []}
    for name in NAMES:
        async with EvolutionReader.open(database, name) as reader:
            vectors = {e.program_id: e.embedding async for e in reader.events() if isinstance(e, Recorded)}
            async for program in reader.programs(columns=TEXTS):
                told, vector = program.texts, vectors[program.id]
                found["programs"].append((
                    program.id, name, program.generation, program.island, program.language, program.score,
                    program.correct, program.parent_id, program.name, program.patch_type, program.model, program.cost,
                    program.evaluation_seconds, (await reader.source(program.id)).files[0].text, told["description"],
                    told["diff"], told["text_feedback"], told["error"], told["public_metrics"],
                    told["private_metrics"], None if vector is None else vector.tobytes(),
                ))  # fmt: skip
            async for generation in reader.generations():
                why = generation.failure
                found["generations"].append(
                    (
                        name,
                        generation.number,
                        generation.state.value,
                        why.step if why else "",
                        why.reason if why else "",
                    )
                )
                for step in await reader.steps(generation.number):
                    found["steps"].append(
                        (
                            name,
                            generation.number,
                            step.step,
                            step.attempt,
                            step.turn,
                            step.seconds,
                            as_before(step.payload),
                        )
                    )
            async for call in reader.calls(texts=True):
                assert call.messages is not None
                found["calls"].append((
                    call.id, name, call.generation, call.purpose, call.attempt, call.turn, call.model, call.status,
                    call.reason, call.usage.input_tokens, call.usage.output_tokens, call.cost, call.seconds,
                    call.answer, call.error, [{"role": role, "content": content} for role, content in call.messages],
                ))  # fmt: skip
            async for descent in reader.lineage():
                found["inspirations"] += [
                    (descent.id, place, other) for place, other in enumerate(descent.inspirations)
                ]
    found = {kind: sorted(rows, key=lambda row: row[:5]) for kind, rows in found.items()}
    members = await rows_of(database, "SELECT evolution, island, program_id FROM island_members ORDER BY 1, 2, 3")
    return found | {"members": members}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_all_that_an_old_database_holds_is_there_after_its_migration(
    tmp_path: Path, database_url: str | None, revision: str
) -> None:
    database = await old_database(revision, tmp_path, database_url)
    before = await old_content(database)
    assert len(before["programs"]) > 40
    assert {row[2] for row in before["generations"]} >= {"recorded", "failed", "submitted", "sampled"}
    with pytest.raises(SchemaVersionError, match=f"'{revision}'.*resume the run"):
        async with EvolutionReader.open(database, "packing"):
            pass
    assert await old_content(database) == before, "a reader changes nothing"
    async with AsyncProgramDatabase(DatabaseConfig(db_path=database)):
        pass
    after = await new_content(database)
    for kind, rows in before.items():
        assert after[kind] == sorted(rows, key=lambda row: row[:5]), kind
    codes = {row[13] for row in before["programs"]}
    codes |= {row[6]["candidate"]["code"] for row in before["steps"] if "candidate" in row[6]}
    assert await rows_of(database, "SELECT count(*) FROM sources") == [(len(codes),)], "every text once"
    assert await rows_of(database, "SELECT evolution, island, origin FROM islands ORDER BY 1, 2") == [
        ("numbers", 0, "initial"), ("numbers", 1, "initial"), ("packing", 0, "initial"), ("packing", 1, "initial"),
    ]  # fmt: skip


async def test_what_was_asked_at_a_price_nobody_knew_has_an_unknown_cost_after_the_migration(
    tmp_path: Path, database_url: str | None
) -> None:
    database = await old_database("0004", tmp_path, database_url)
    engine = create_engine(address_of(database, tmp_path))
    async with engine.connect() as connection, _references_unchecked(connection), connection.begin():
        await connection.run_sync(lambda it: command.upgrade(alembic_config(it), "0009"))
        for statement in (
            """UPDATE sessions SET settings = '{"prices": {"unknown": null, "known": {}}}'""",
            "UPDATE model_calls SET cost = 0, model = CASE WHEN generation <= 5 THEN 'unknown' ELSE 'known' END",
            "UPDATE model_calls SET input_tokens = 0, output_tokens = 0 WHERE generation = 5",
        ):
            await connection.execute(sa.text(statement))
    await engine.dispose()
    async with AsyncProgramDatabase(DatabaseConfig(db_path=database)):
        pass
    unknown = "SELECT DISTINCT generation FROM {} WHERE cost IS NULL AND evolution = 'numbers' ORDER BY 1"
    assert {row[0] for row in await rows_of(database, unknown.format("model_calls"))} == {1, 2, 3, 4}
    assert {row[0] for row in await rows_of(database, unknown.format("programs"))} <= {1, 2, 3, 4}
    async with EvolutionReader.open(database, "numbers") as reader:
        summary = await reader.summary()
        known = [call.cost async for call in reader.calls() if call.cost is not None]
    assert summary.cost == pytest.approx(sum(known))
    assert set(summary.unpriced) == {"unknown"}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_old_database_is_looked_at_before_it_is_migrated(
    tmp_path: Path, database_url: str | None, revision: str
) -> None:
    database = await old_database(revision, tmp_path, database_url)
    config = DatabaseConfig(db_path=database)
    before = await look_up(config, tmp_path, "numbers")
    async with AsyncProgramDatabase(config):
        pass
    after = await look_up(config, tmp_path, "numbers")
    assert before == after
    assert before is not None
    assert before.seed is not None
    assert before.seed.code.startswith("# EVOLVE-BLOCK-START")


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_killed_run_of_an_old_version_goes_on(
    tmp_path: Path, database_url: str | None, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "SILENT", 0.0)  # its owner is gone; the clock of this machine may be before its end
    database = await old_database(revision, tmp_path, database_url)
    payloads = {row[:5]: row[6] for row in (await old_content(database))["steps"] if row[0] == "numbers"}
    config = DatabaseConfig(db_path=database, num_islands=2, archive_size=6, migration_interval=8, migration_rate=0.2)
    async with AsyncProgramDatabase(config) as db:
        await db.resume("numbers")
        stored, final = len(db), await db.journal.final()
        open_ones = [number for number in range(1, max(final)) if number not in final]
        assert open_ones
        for number in [*open_ones, *range(max(final) + 1, max(final) + 6)]:
            claim = await db.journal.claim(number)
            for (step, attempt, turn), payload in claim.steps.items():
                assert as_before(payload) == payloads["numbers", number, step.value, attempt, turn]
            sampling = await db.sample(GenerationContext("numbers", number, 3), 9, _pull)
            code = f"{sampling.parent.code}# {number}\n"
            program = Program(
                id=new_program_id(), generation=number, source=Source.of(code, "python"), island=sampling.island,
                score=-0.1 * number, correct=True, parent_id=sampling.parent.id, model="small",
            )  # fmt: skip
            vector = np.random.default_rng(number).standard_normal(db.embedding_width or 0).astype(np.float32)
            assert await db.add(program, vector / np.linalg.norm(vector))
        elites = [db._population.ids[position] for position in db._population.elites]
        ids = list(db._population.ids)
        assert len(db) == stored + len(open_ones) + 5
    async with AsyncProgramDatabase(config) as db:
        await db.resume("numbers")
        assert db._population.ids == ids
        assert [db._population.ids[position] for position in db._population.elites] == elites
        assert (await db.by_generation(number)) == program


def _pull(_rng: np.random.Generator, _choice: Choice) -> tuple[str, str]:
    return "diff", "small"


def test_what_a_journal_holds_comes_back_when_a_migration_is_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "e.sqlite"
    file.write_bytes(text_of("0004", "sqlite"))
    query = "SELECT {} FROM {} ORDER BY 1, 2, 3, 4, 5"
    columns = {
        "programs": "evolution, generation, id, code, description, error, embedding, public_metrics",
        "generation_steps": "evolution, generation, step, attempt, turn, seconds",
        "model_calls": "evolution, id, messages, answer, error",
    }
    with sqlite3.connect(file) as connection:
        before = {table: connection.execute(query.format(names, table)).fetchall() for table, names in columns.items()}
        steps = connection.execute("SELECT evolution, generation, step, attempt, turn, payload FROM generation_steps")
        payloads = {row[:5]: json.loads(row[5]) for row in steps}
    with sa.create_engine(f"sqlite:///{file}").begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        command.downgrade(alembic_config(connection), "0004")
    with sqlite3.connect(file) as connection:
        assert {
            table: connection.execute(query.format(names, table)).fetchall() for table, names in columns.items()
        } == before
        steps = connection.execute("SELECT evolution, generation, step, attempt, turn, payload FROM generation_steps")
        assert {row[:5]: json.loads(row[5]) for row in steps} == payloads
    assert any(base64.b64decode(payload["embedding"]) for payload in payloads.values() if payload.get("embedding"))
    assert GenerationState.JUDGED.value in {place[2] for place in payloads}
