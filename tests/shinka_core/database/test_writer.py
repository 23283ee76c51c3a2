"""Writes of many generations in one commit: their order, and one bad one among them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.own_words import explain, own_words
from shinka_core.database.schema import InspirationRow, IslandMemberRow, table_of
from shinka_core.database.steps import STEP
from shinka_core.database.writer import Rows
from shinka_core.errors import DatabaseError, DatabaseUnavailableError
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, GenerationState, Purpose
from tests.shinka_core.database.test_programs import name, opened, program, unit
from tests.support.postgres import Postgres
from tests.support.wire import Wire, wire_to

MEMBER = insert(table_of(IslandMemberRow))
INSPIRATION = insert(table_of(InspirationRow))


async def test_what_is_not_waited_for_is_durable_before_what_is(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(1)
        waiting = [db.journal.write(1, GenerationState.SAMPLED, attempt, 0, {}, 0.0) for attempt in range(5)]
        question = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "s", "u", 1)
        await db.calls.answered(question, Answer("text", "m"))
        assert all(write.done() for write in waiting)
        assert len((await db.journal.claim(1)).steps) == 5


async def test_rows_that_refer_to_each_other_may_come_in_any_order_within_a_commit(
    tmp_path: Path, database_url: str | None
) -> None:
    async with opened(tmp_path, database_url, num_islands=2) as db:
        await db.begin(name(), seed=7, settings={})
        await db.journal.claim(0)
        await db.journal.claim(1)
        await db.add(seed := program(0), unit(0))
        child = program(1, parent=seed, inspiration_ids=(seed.id,))
        member = {"evolution": db._evolution, "island": 1, "program_id": child.id}
        async with asyncio.TaskGroup() as group:
            group.create_task(db.journal.claim(2))  # what comes meanwhile shares the next commit
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            early = db._writer.post(Rows(MEMBER, member))
            group.create_task(db.add(child, unit(1)))
        await early
        async with db._engine.connect() as connection:
            query = text("SELECT count(*) FROM island_members WHERE program_id = :id")
            assert await connection.scalar(query, {"id": child.id}) == 2


async def test_one_bad_row_fails_alone(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        await db.journal.claim(1)
        good = [db.journal.write(1, GenerationState.PATCHED, attempt, 0, {"k": 1}, 0.0) for attempt in range(3)]
        bad = db._writer.post(Rows(INSPIRATION, {"program_id": "none", "position": 0, "inspiration_id": "none"}))
        after = db.journal.write(1, GenerationState.PATCHED, 9, 0, {"k": 1}, 0.0)
        with pytest.raises(DatabaseError):
            await bad
        await asyncio.gather(*good, after)
        assert len((await db.journal.claim(1)).steps) == 4


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"in": value}
    return value


async def broken(_connection: AsyncConnection) -> None:
    raise ZeroDivisionError("a bug")


async def no_such_table(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT * FROM nowhere"))


@pytest.mark.parametrize(
    ("guilty", "told"),
    [
        ({"payload": nested(5_000)}, "recursion"),
        ({"turn": 2**70}, ""),
        ({"turn": "no number"}, ""),
        ({"step": b"bytes"}, ""),
        ({"seconds": None}, ""),
        ({"evolution": "of nobody"}, ""),
        (broken, "ZeroDivisionError"),
        (no_such_table, "nowhere"),
    ],
    ids=["nested", "huge", "text-for-a-number", "bytes-for-text", "none", "orphan", "bug", "statement"],
)
async def test_whatever_is_wrong_with_one_row_it_fails_alone_and_the_writer_goes_on(
    tmp_path: Path, database_url: str | None, guilty: Any, told: str
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        for number in range(1, 6):
            await db.journal.claim(number)
        first = db.journal.write(1, GenerationState.PATCHED, 9, 0, {}, 0.0)  # those behind it share a commit
        await asyncio.sleep(0)
        good = [db.journal.write(number, GenerationState.PATCHED, 0, 0, {"k": number}, 0.0) for number in range(1, 5)]
        if callable(guilty):
            bad = asyncio.ensure_future(db._writer.write(guilty))
            await asyncio.sleep(0)
        else:
            row = {
                "evolution": run, "generation": 5, "step": "patched", "attempt": 0, "turn": 0, "payload": {},
                "seconds": 0.0,
            }  # fmt: skip
            bad = db._writer.post(Rows(STEP, row | guilty))
        question = Question(CallKey(3, Purpose.PROPOSAL, 0, 0), "m", "s", "u", 1)
        paid = asyncio.ensure_future(db.calls.answered(question, Answer("paid", "m", cost=1.0)))
        if guilty == {"turn": "no number"} and database_url is None:
            await bad  # SQLite takes it
        else:
            with pytest.raises(DatabaseError, match=told or "database "):
                await bad
        await asyncio.gather(first, *good, paid)
        await db.journal.claim(6)
        assert (await db.summary()).cost == 1.0
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        for number in range(1, 5):
            assert (await db.journal.claim(number)).find(GenerationState.PATCHED, 0, 0) == {"k": number}


async def test_closing_never_raises_for_a_row_that_nobody_asked_about(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        db._writer.post(Rows(INSPIRATION, {"program_id": "none", "position": 0, "inspiration_id": "none"}))
        waiting = asyncio.ensure_future(db._writer.write(broken))
        await asyncio.sleep(0)
    with pytest.raises(DatabaseError, match="a bug"):
        await waiting


async def test_who_waits_when_the_loop_ends_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.begin(name(), seed=7, settings={})
        held = asyncio.Event()

        async def hold(_connection: AsyncConnection) -> None:
            held.set()
            await asyncio.sleep(60)

        under_way = asyncio.ensure_future(db._writer.write(hold))
        await held.wait()
        behind = db._writer.post()
        assert db._writer._drain is not None
        db._writer._drain.cancel()
        for future in (under_way, behind):
            with pytest.raises(asyncio.CancelledError):
                await future
        await db.journal.claim(1)


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.postgres
async def test_a_commit_whose_receipt_is_lost_is_stored_once_and_is_no_failure(postgres: Postgres, count: int) -> None:
    async with wire_to(postgres.port) as wire, opened(Path("."), through(postgres, wire)) as db:
        run = name()
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(1)
        wire.lose_receipt_of = b"COMMIT"
        if count == 1:
            claim = await db.journal.claim(2)
            assert (claim.number, claim.state) == (2, GenerationState.STARTED)
        else:
            questions = [Question(CallKey(1, Purpose.PROPOSAL, 0, turn), "m", "s", "u", 1) for turn in range(count)]
            await asyncio.gather(*(db.calls.answered(question, Answer("t", "m", cost=1.0)) for question in questions))
            for question in questions:
                assert await db.calls.find(question.key) is not None
            assert (await db.summary()).cost == count
        assert wire.lost == 1
        await db.journal.claim(3)
        assert db.lost is None


@pytest.mark.slow
@pytest.mark.postgres
async def test_the_receipt_of_a_program_is_lost_and_it_is_one_program(postgres: Postgres) -> None:
    async with wire_to(postgres.port) as wire, opened(Path("."), through(postgres, wire)) as db:
        wire.lose_receipt_of = b"COMMIT"
        run = name()
        await db.begin(run, seed=7, settings={})
        assert wire.lost == 1, "of the evolution itself"
        await db.journal.claim(0)
        wire.lose_receipt_of = b"COMMIT"
        assert await db.add(program(0), None)
        assert (wire.lost, len(db), (await db.summary()).programs) == (2, 1, 1)
    async with wire_to(postgres.port) as wire, opened(Path("."), through(postgres, wire)) as db:
        wire.lose_receipt_of = b"COMMIT"
        await db.resume(run)
        assert (wire.lost, len(db)) == (1, 1)


@pytest.mark.slow
@pytest.mark.postgres
async def test_a_server_that_falls_silent_is_asked_anew(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    async with wire_to(postgres.port) as wire, opened(Path("."), through(postgres, wire)) as db:
        await db.begin(name(), seed=7, settings={})
        monkeypatch.setattr(db._store, "_silence", 0.5)
        wire.silent = True
        writing, reading = asyncio.ensure_future(db.journal.claim(1)), asyncio.ensure_future(db.summary())
        await asyncio.sleep(1.2)
        assert not writing.done()
        assert not reading.done()
        wire.silent = False
        assert (await writing).number == 1
        assert (await reading).programs == 0


async def test_a_database_that_is_away_is_waited_for_as_long_as_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One patience for all that waits in a row, and for the attempts of a task: they do not add up."""
    async with opened(tmp_path) as db:
        await db.begin("run", seed=7, settings={})
        monkeypatch.setattr(db._store, "patience", 1.0)

        async def away(_attempt: object) -> None:
            raise DatabaseUnavailableError("it is away")

        monkeypatch.setattr(db._writer, "_commit", away)
        started = time.monotonic()
        for number in range(5):
            with pytest.raises(DatabaseUnavailableError, match=r"waited \d s for it") as caught:
                await db.journal.claim(number)
            assert not caught.value.retryable
        monkeypatch.setattr(db._store, "patience", 60.0)

        async def unreadable(_connection: AsyncConnection) -> None:
            raise DatabaseUnavailableError("it is away")

        with pytest.raises(DatabaseUnavailableError):
            await db._store.read(unreadable)  # as for the summary of a run that has just given up
        assert 0.9 < time.monotonic() - started < 3.0


def through(postgres: Postgres, wire: Wire) -> str:
    return postgres.url.replace(f":{postgres.port}/", f":{wire.port}/")


class ServerError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"state {sqlstate}")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "passes"),
    [
        ("57P01", True),  # admin_shutdown
        ("57P03", True),  # cannot_connect_now: it is starting up
        ("53100", True),  # disk_full
        ("53300", True),  # too_many_connections
        ("40P01", True),  # deadlock_detected
        ("40001", True),  # serialization_failure
        ("55P03", True),  # lock_not_available
        ("08006", True),  # connection_failure
        ("58030", True),  # io_error
        ("23505", False),  # unique_violation
        ("22021", False),  # character_not_in_repertoire
        ("42P01", False),  # undefined_table
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_what_passes_at_postgres_is_waited_for_and_what_stays_is_told(
    sqlstate: str, passes: bool, wrapped: bool
) -> None:
    error: Exception = ServerError(sqlstate)
    if wrapped:
        error = DBAPIError("SELECT 1", {}, error)
    assert isinstance(explain(error, "database postgresql://me@host/db"), DatabaseUnavailableError) is passes
    with pytest.raises(DatabaseError), own_words("database postgresql://me@host/db"):
        raise error


def test_an_error_that_is_not_of_the_database_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), own_words("database x"):
        _ = 1 / 0
