"""Several drivers on one evolution: no generation is claimed twice, and no dollar is spent twice."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.address import address_of
from shinka_core.database.claims import Claims
from shinka_core.database.reservations import Funds, Reservations
from shinka_core.database.shared import Separately
from shinka_core.database.store import Store
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, Purpose
from tests.support.prefect import ROOT


@asynccontextmanager
async def evolution(
    folder: Path, url: str | None
) -> AsyncGenerator[tuple[AsyncProgramDatabase, Store, dict[str, Any]]]:
    """A database with an evolution, a second way into it, and what drivers have to know of both."""
    name = f"shared-{uuid.uuid4().hex}"
    options = {"database": url or "e.sqlite", "folder": str(folder), "evolution": name}
    async with AsyncProgramDatabase(DatabaseConfig(db_path=options["database"]), folder) as database:
        await database.begin(name, seed=1, settings={})
        store = Store(address_of(options["database"], folder))
        await store.open()
        yield database, store, options
        await store.close()


def drive(options: dict[str, Any]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.drivers", json.dumps(options)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def together(*processes: subprocess.Popen[str]) -> list[list[dict[str, Any]]]:
    """Lets them begin at the same moment; returns what each of them said."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=100)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [[json.loads(line) for line in lines] for lines in said]


@pytest.mark.slow
async def test_two_processes_claim_every_generation_once_and_again_what_was_given_back(
    tmp_path: Path, database_url: str | None
) -> None:
    async with evolution(tmp_path, database_url) as (_, _, options):
        last = 150
        said = together(*(drive(options | {"what": "claims", "owner": who, "generations": last}) for who in "ab"))
        first = Counter(claim["number"] for claims in said for claim in claims if not claim["again"])
        again = Counter(claim["number"] for claims in said for claim in claims if claim["again"])
        assert first == Counter(range(last + 1))
        assert again == Counter(range(0, last + 1, 3))
        assert all(len(claims) > 10 for claims in said), "one of them did it all: nothing was tried"


@pytest.mark.slow
async def test_a_claim_of_a_process_that_was_killed_is_taken_over_when_its_lease_ends(
    tmp_path: Path, database_url: str | None
) -> None:
    async with evolution(tmp_path, database_url) as (_, store, options):
        dead = drive(options | {"what": "claims", "owner": "a", "generations": 5, "lease": 3.0, "hang": 2})
        assert dead.stdin is not None
        assert dead.stdout is not None
        dead.stdin.write("\n")
        dead.stdin.flush()
        while json.loads(dead.stdout.readline())["number"] != 2:
            pass
        dead.kill()
        dead.communicate()
        mine = Claims(Separately(store), options["evolution"], "b", 2, lease=60.0)
        assert (await mine.next()) is None, "it is held still"
        claim = None
        while claim is None:
            claim = await mine.next()
        assert (claim.number, claim.owner, claim.taken_over) == (2, "b", True)
        others = Claims(Separately(store), options["evolution"], "a", 2)
        assert not await others.renew(claim.__class__(2, "a", 0.0)), "it is not his any more"
        assert not await others.release(claim.__class__(2, "a", 0.0))
        assert await mine.renew(claim)


async def test_a_claim_that_is_given_back_is_the_next_ones_at_once(tmp_path: Path, database_url: str | None) -> None:
    async with evolution(tmp_path, database_url) as (_, store, options):
        mine, other = (Claims(Separately(store), options["evolution"], who, 3) for who in "ab")
        claim, second = await mine.next(), await other.next()
        assert claim is not None
        assert second is not None
        assert (claim.number, second.number) == (0, 1)
        assert await mine.release(claim)
        again = await other.next()
        assert again is not None
        assert (again.number, again.owner, again.taken_over) == (0, "b", True)
        assert await other.release(again, done=True)
        assert [(await mine.next()).number for _ in range(2)] == [2, 3]  # type: ignore[union-attr]
        assert await mine.next() is None


async def test_what_a_single_driver_left_open_is_claimed_first(tmp_path: Path, database_url: str | None) -> None:
    async with evolution(tmp_path, database_url) as (database, store, options):
        for number in (0, 1, 2, 4):
            await database.journal.claim(number)
        await database.journal.fail(0, Failure("x", "y", ""))
        await database.journal.fail(2, Failure("x", "y", ""))
        mine = Claims(Separately(store), options["evolution"], "a", 6)
        found = [await mine.next() for _ in range(5)]
        assert [claim and (claim.number, claim.taken_over) for claim in found] == [
            (1, True), (3, True), (4, True), (5, False), (6, False),
        ]  # fmt: skip
        # One that the journal closes is over, whatever its claim says.
        assert found[0] is not None
        assert await mine.release(found[0])
        await database.journal.fail(1, Failure("x", "y", ""))
        assert await mine.next() is None


@pytest.mark.slow
async def test_two_processes_never_hold_more_than_the_limit(tmp_path: Path, database_url: str | None) -> None:
    async with evolution(tmp_path, database_url) as (database, store, options):
        question = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "", "?", seed=0)
        await database.calls.answered(question, Answer("x", "m", cost=19.5))
        said = together(*(drive(options | {"what": "money", "limit": 80.0}) for _ in range(2)))
        assert sum(map(len, said)) == 60
        assert all(said)
        money = Reservations(store, options["evolution"])
        assert await money.funds() == Funds(spent=19.5, held=60.0)


async def test_money_that_is_given_back_or_abandoned_can_be_set_aside_again(
    tmp_path: Path, database_url: str | None
) -> None:
    async with evolution(tmp_path, database_url) as (_, store, options):
        money = Reservations(store, options["evolution"])
        held = await money.reserve(1, 3.0, limit=4.0)
        assert held is not None
        assert await money.reserve(2, 2.0, limit=4.0) is None
        assert await money.renew(held)
        assert await money.close(held)
        assert not await money.close(held)
        assert not await money.renew(held)
        gone = await Reservations(store, options["evolution"], lease=-1.0).reserve(3, 4.0, limit=4.0)
        assert gone is not None
        assert await money.reserve(4, 4.0, limit=4.0) is not None
        with pytest.raises(ValueError, match="dollars=nan"):
            await money.reserve(5, float("nan"), limit=4.0)
