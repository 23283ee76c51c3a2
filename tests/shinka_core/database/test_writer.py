"""Writes of many generations in one commit: their order, and one bad one among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shinka_core.database import store, writer
from shinka_core.database.own_words import explain, own_words
from shinka_core.database.schema import InspirationRow, IslandMemberRow, table_of
from shinka_core.database.writer import Rows
from shinka_core.errors import DatabaseError, DatabaseUnavailableError
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, GenerationState, Purpose
from tests.shinka_core.database.test_programs import name, opened, program, unit

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


async def test_a_group_whose_receipt_was_lost_is_stored_once_and_is_no_failure(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.01)
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        await db.journal.claim(1)
        commit, lost = db._writer._commit, []

        async def committing(attempt: writer._Attempt) -> None:
            known = db._writer._lease.commits
            await commit(attempt)
            if not lost and len(attempt.group) > 1:
                lost.append(len(attempt.group))
                db._writer._lease.commits = known
                raise DatabaseUnavailableError("the connection was lost after the commit")

        monkeypatch.setattr(db._writer, "_commit", committing)
        first = db.journal.write(1, GenerationState.PATCHED, 0, 0, {"k": 0}, 0.0)  # those behind it share a commit
        await asyncio.gather(
            first, *(db.journal.write(1, GenerationState.PATCHED, n, 0, {"k": n}, 0.0) for n in (1, 2, 3))
        )
        assert lost
        assert len((await db.journal.claim(1)).steps) == 4


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
