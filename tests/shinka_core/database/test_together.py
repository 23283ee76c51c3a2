"""Several drivers share one evolution: one record, the same population for all, and nobody writes who was given up."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from shinka_core.database import AsyncProgramDatabase, drivers, look_up, ownership, together
from shinka_core.database.following import read_all
from shinka_core.errors import (
    DatabaseUnavailableError,
    EvolutionExistsError,
    EvolutionTakenMeanwhileError,
    OwnershipLostError,
)
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, Purpose
from shinka_core.progress import Progress
from tests.shinka_core.database.test_order import ask
from tests.shinka_core.database.test_programs import name, opened, program, unit
from tests.support.postgres import Postgres

MOVING: dict[str, Any] = {"num_islands": 3, "archive_size": 4, "migration_rate": 0.4, "migration_interval": 4}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "FOLLOW", 0.1)


@asynccontextmanager
async def sharing(
    folder: Path, url: str | None, count: int = 2, **settings: Any
) -> AsyncGenerator[tuple[str, list[AsyncProgramDatabase]]]:
    """An evolution with a seed program that so many drivers share."""
    run = name()
    async with AsyncExitStack() as stack:
        every = [await stack.enter_async_context(opened(folder, url, **settings)) for _ in range(count)]
        await every[0].begin(run, seed=7, settings={}, shares=True)
        await every[0].share()
        for other in every[1:]:
            await other.join(run)
        await every[0].journal.claim(0)
        await every[0].add(program(0), unit(0))
        yield run, every


def state(database: AsyncProgramDatabase) -> dict[str, Any]:
    """All of a population that decides."""
    population = database._population
    view, stats = population.view(), population.stats()
    return {
        "ids": view.ids,
        "scores": view.scores.tolist(),
        "children": view.children.tolist(),
        "islands": [members.tolist() for members in view.islands],
        "retired": [island.retired for island in population.islands],
        "made": [(island.made, island.origin) for island in population.islands],
        "elites": view.elites.tolist(),
        "embeddings": view.embeddings.tolist(),
        "failures": [failures.tolist() for failures in stats.failures],
        "ended": population.ended,
    }


async def settled(*every: AsyncProgramDatabase) -> None:
    for database in every:
        assert database.together is not None
        await database.together.follow(thorough=True)


async def test_what_one_records_is_in_the_others_population(tmp_path: Path, database_url: str | None) -> None:
    async with sharing(tmp_path, database_url) as (_, (one, other)):
        first = program(1, 2.0, parent=await one.by_generation(0))
        await one.journal.claim(1)
        await one.add(first, unit(1))
        async with asyncio.timeout(60):
            while len(other) < 2:
                await asyncio.sleep(0.02)
        assert (await other.best()).id == first.id  # type: ignore[union-attr]
        await other.journal.claim(2)
        await other.journal.fail(2, Failure("query", "refused", "no"))
        await settled(one)
        assert one.ended == other.ended == 3
        assert state(one) == state(other)


async def test_programs_of_several_drivers_at_once_make_one_population(
    tmp_path: Path, database_url: str | None
) -> None:
    async with sharing(tmp_path, database_url, 3, **MOVING) as (run, every):
        await settled(*every)
        progress = [Progress(100) for _ in every]
        for database, counted in zip(every, progress, strict=True):
            database.folds.add(counted)
        rng = np.random.default_rng(1)

        async def live(database: AsyncProgramDatabase, number: int) -> None:
            await asyncio.sleep(rng.random() * 0.3)
            await database.journal.claim(number)
            question = Question(CallKey(number, Purpose.PROPOSAL, 0, 0), "m", "", "?", seed=0)
            await database.calls.answered(question, Answer("x", "m", cost=0.25))
            if number % 7 == 0:
                await database.journal.fail(number, Failure("patch", "no_code", ""))
                return
            parent = await database.get(database._population.ids[-1])
            score = float(rng.random())
            await database.add(program(number, score, island=number % 3, parent=parent), unit(number))

        await asyncio.gather(*(live(every[number % 3], number) for number in range(1, 61)))
        await settled(*every)
        assert state(every[0]) == state(every[1]) == state(every[2])
        assert [(one.correct, one.best_score, one.cost, one.finished) for one in progress] == [
            (progress[0].correct, progress[0].best_score, 15.0, 60)
        ] * 3
        rows = await ask(every[0], "SELECT sequence FROM programs WHERE evolution = :run ORDER BY sequence", run=run)
        assert [row[0] for row in rows] == list(range(1, 61 - 8 + 1))
        ends = await ask(every[0], "SELECT sequence FROM generations WHERE evolution = :run ORDER BY 1", run=run)
        assert [row[0] for row in ends] == list(range(1, 62))
        moved = "SELECT count(*) FROM island_members WHERE evolution = :run AND after > 0"
        assert (await ask(every[0], moved, run=run))[0][0] > 5, "nothing moved: nothing was tried"
        async with opened(tmp_path, database_url, **MOVING) as late:
            await late.join(run)
            assert state(late) == state(every[0]), "read back it is the same"


async def test_islands_that_one_makes_and_retires_are_so_for_all(tmp_path: Path, database_url: str | None) -> None:
    spawning = {
        "num_islands": 2, "stagnation_threshold": 6, "max_islands": 4, "migration_interval": 5, "migration_rate": 0.3,
        "archive_size": 4,
    }  # fmt: skip
    async with sharing(tmp_path, database_url, 2, **spawning) as (_, (one, other)):
        for number in range(1, 60):
            database = (one, other)[number % 2]
            await database.journal.claim(number)
            await database.add(program(number, 1.0 / number, island=number % 2), unit(number))
        await settled(one, other)
        assert state(one) == state(other)
        assert len(one._population.islands) > 2, "none was made: nothing was tried"


async def test_a_commit_that_fails_leaves_no_trace_in_anybodys_population(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sharing(tmp_path, database_url, 2, **MOVING) as (_, (one, other)):
        for number in range(1, 4):
            await one.journal.claim(number)
            await one.add(program(number, 1.0 + number, island=number % 3), unit(number))
        await settled(one, other)
        begin, broken = one._store.begin, [0]

        @asynccontextmanager
        async def breaking() -> AsyncGenerator[Any]:
            async with begin() as connection:
                yield connection
                if broken[0] == 0:
                    broken[0] = 1
                    await other_records()
                    raise DatabaseUnavailableError("cut off before the commit")

        async def other_records() -> None:
            """Another's program comes before, as soon as this transaction is given up: it waits for it."""
            recording.append(asyncio.create_task(other.add(program(9, 9.0, island=1), unit(9))))

        recording: list[asyncio.Task[bool]] = []
        await other.journal.claim(9)
        await one.journal.claim(4)
        monkeypatch.setattr(one._store, "begin", breaking)
        assert await one.add(program(4, 0.5, island=1), unit(4))  # the fourth: moves follow from it, or from the other
        assert await asyncio.gather(*recording) == [True]
        await settled(one, other)
        assert state(one) == state(other)
        async with opened(tmp_path, database_url, **MOVING) as late:
            await late.join(one._evolution)
            assert state(late) == state(one)


async def test_a_receipt_that_was_lost_counts_once(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sharing(tmp_path, database_url) as (run, (one, other)):
        begin, broken = one._store.begin, [0]

        @asynccontextmanager
        async def breaking() -> AsyncGenerator[Any]:
            async with begin() as connection:
                yield connection
            if broken[0] == 0:
                broken[0] = 1
                raise DatabaseUnavailableError("the connection was lost while committing")

        await one.journal.claim(1)
        monkeypatch.setattr(one._store, "begin", breaking)
        assert await one.add(program(1, 2.0), unit(1))
        await settled(one, other)
        assert state(one) == state(other)
        assert len(one) == 2
        assert await ask(one, "SELECT count(*) FROM programs WHERE evolution = :run", run=run) == [(2,)]


def elsewhere(mark: str) -> str:
    """The mark of a driver on another machine, of which nothing can be seen."""
    return json.dumps(json.loads(mark) | {"boot": "another", "host": "other"})


@pytest.mark.slow
async def test_one_that_is_silent_is_given_up_and_writes_nothing_more(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drivers, "LEASE", 5.0)
    monkeypatch.setattr(ownership, "known_to_be_gone", lambda _: False)
    async with sharing(tmp_path, database_url) as (run, (one, other)):
        assert one.together is not None
        assert other.together is not None
        for database in (one, other):
            database.together.expect(1, 5)  # type: ignore[union-attr]
        mine, theirs = await one.together.claims.next(), await other.together.claims.next()
        assert mine is not None
        assert theirs is not None
        assert (mine.number, theirs.number) == (1, 2)
        held = await other.together.money.reserve(2, 0.75, limit=1.0, purpose="proposal", model="m")
        assert held is not None
        assert await one.together.money.reserve(1, 0.5, limit=1.0) is None, "it is held by the other"
        other.together._following.cancel()  # asleep, as far as the others can tell
        async with asyncio.timeout(60):
            while (taken := await one.together.claims.next()) is None or not taken.taken_over:
                await asyncio.sleep(0.05)
        assert taken.number == 2
        with pytest.raises(OwnershipLostError, match="heard nothing of this one for more than 5 s"):
            await other.journal.claim(2)
        assert isinstance(other.lost, OwnershipLostError)
        booked = await ask(
            one, "SELECT generation, cost, status, reason FROM model_calls WHERE evolution = :run", run=run
        )
        assert booked == [(2, 0.75, "failed", "driver_lost")], "what it held counts as spent"
        assert (await one.together.money.funds()).held == 0.0
        assert await other.together.money.reserve(2, 0.1, limit=1.0) is not None, "it does not know yet"
        async with asyncio.timeout(60):
            while (await one.together.money.funds()).held:
                await asyncio.sleep(0.05)
        assert (await one.together.money.funds()).spent == pytest.approx(0.85)


@pytest.mark.slow
@pytest.mark.postgres
async def test_one_that_says_nothing_in_the_middle_of_a_commit_keeps_the_others_for_a_moment_only(
    tmp_path: Path, postgres: Postgres
) -> None:
    async with sharing(tmp_path, postgres.url) as (_, (one, other)):
        silent, goes_on, tries = asyncio.Event(), asyncio.Event(), [0]

        async def cut_off(_: Any) -> int:
            tries[0] += 1
            if tries[0] == 1:
                silent.set()
                await goes_on.wait()
            return tries[0]

        writing = asyncio.create_task(one._writer.write(cut_off))
        await silent.wait()
        began = time.monotonic()
        await other.journal.claim(5)
        assert time.monotonic() - began < 15
        goes_on.set()
        assert await writing == 2, "it was done again"
        assert one.lost is None


async def test_one_that_leaves_gives_its_generations_back_at_once(tmp_path: Path, database_url: str | None) -> None:
    async with sharing(tmp_path, database_url, 1) as (run, (one,)):
        assert one.together is not None
        one.together.expect(1, 3)
        async with opened(tmp_path, database_url) as other:
            await other.join(run)
            assert other.together is not None
            other.together.expect(1, 3)
            claim = await other.together.claims.next()
            assert claim is not None
            assert claim.number == 1
            assert await one.together.claims.held_by_others()
            await other.finish("stopped")
        claims = [await one.together.claims.next() for _ in range(4)]
        assert [claim and (claim.number, claim.taken_over) for claim in claims] == [
            (1, True), (2, False), (3, False), None,
        ]  # fmt: skip
        assert not await one.together.claims.held_by_others()
        assert await ask(one, "SELECT state FROM evolutions WHERE name = :run", run=run) == [("running",)]


async def test_those_who_end_at_the_same_moment_end_the_run(tmp_path: Path, database_url: str | None) -> None:
    for state in ("finished", "stopped"):
        async with sharing(tmp_path, database_url) as (run, every):
            await asyncio.gather(*(one.finish(state) for one in every))
        async with opened(tmp_path, database_url) as late:
            told = "SELECT state, owner FROM evolutions WHERE name = :run"
            assert await ask(late, told, run=run) == [(state, "")]
            left = "SELECT count(*) FROM sessions WHERE evolution = :run AND ended_at IS NULL"
            assert await ask(late, left, run=run) == [(0,)]


async def test_the_last_one_leaves_it_to_a_single_run_or_to_others(tmp_path: Path, database_url: str | None) -> None:
    async with sharing(tmp_path, database_url) as (run, (one, _)):
        async with opened(tmp_path, database_url) as single:
            with pytest.raises(EvolutionExistsError, match=r"is being run by .*take part in it \(--join\)"):
                await single.resume(run)
        known = await look_up(one._config, tmp_path, run)
        assert known is not None
        assert known.shared
        assert known.owner
        assert not known.in_vain
        last = state(one)
    known = await look_up(one._config, tmp_path, run)
    assert known is not None
    assert not known.shared
    assert not known.owner
    async with opened(tmp_path, database_url) as single:
        await single.resume(run)
        assert state(single) == last
        async with opened(tmp_path, database_url) as late:
            with pytest.raises(EvolutionTakenMeanwhileError):
                await late.join(run)
        sessions = await ask(
            single, "SELECT number, ended_at IS NULL FROM sessions WHERE evolution = :run ORDER BY number", run=run
        )
        assert [(row[0], bool(row[1])) for row in sessions] == [(1, False), (2, True)]


async def test_one_that_opens_it_on_another_machine_is_waited_for_while_it_is_heard_of(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as first:
        with monkeypatch.context() as there:
            there.setattr(ownership, "_machine", lambda: {"boot": "another", "processes": ""})
            await first.begin(run, seed=1, settings={}, shares=True)
        known = await look_up(first._config, tmp_path, run)
        assert known is not None
        assert known.about_to_share
        assert f"process {os.getpid()} on " in known.owner
        await first._writer.write(
            lambda connection: connection.execute(
                text("UPDATE evolutions SET seen_at = seen_at - 25 WHERE name = :run"), {"run": run}
            )
        )
        silent = await look_up(first._config, tmp_path, run)
        assert silent is not None
        assert not silent.about_to_share
        assert not silent.owner


async def test_a_generation_that_is_taken_over_has_its_answers(tmp_path: Path, database_url: str | None) -> None:
    async with sharing(tmp_path, database_url) as (_, (one, other)):
        key = CallKey(3, Purpose.PROPOSAL, 0, 0)
        await one.journal.claim(3)
        await one.calls.answered(Question(key, "m", "", "?", seed=0), Answer("paid for", "m", cost=0.5))
        assert await other.calls.find(key) is None
        assert other.together is not None
        await other.together.take_over(3)
        found = await other.calls.find(key)
        assert found is not None
        assert (found.text, found.replayed) == ("paid for", True)


async def test_the_whole_record_is_read_as_of_one_moment_beside_those_who_write(
    tmp_path: Path, database_url: str | None
) -> None:
    async with sharing(tmp_path, database_url, 1, **MOVING) as (run, (one,)):

        async def write() -> None:
            for number in range(1, 80):
                await one.journal.claim(number)
                await one.add(program(number, 1.0, island=number % 3), unit(number))

        writing = asyncio.create_task(write())
        looks = 0
        while not writing.done():
            events, place = await read_all(one._store, run, 3)
            ended = sum(type(event).__name__ in ("Recorded", "Ended") for event in events)
            assert ended == place.ends
            looks += 1
        await writing
        assert looks > 3
