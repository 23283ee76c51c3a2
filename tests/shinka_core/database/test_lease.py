"""One owner at a time, on whatever machine; and one that was only asleep finds that it is not the owner any more."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from shinka_core.database import lease, ownership
from shinka_core.database.ownership import this_process
from shinka_core.errors import DatabaseUnavailableError, EvolutionExistsError, OwnershipLostError
from shinka_core.program import Failure
from tests.shinka_core.database.test_order import ask
from tests.shinka_core.database.test_programs import name, opened, program
from tests.support.prefect import ROOT


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.2)
    monkeypatch.setattr(lease, "SILENT", 1.5)
    monkeypatch.setattr(lease, "LOOK_AGAIN", 0.05)


def elsewhere() -> str:
    """The mark of a process in another container of this machine: same number, same start."""
    return json.dumps(json.loads(this_process()) | {"processes": "pid:[1]", "host": "other", "token": "t"})


@contextmanager
def seen_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What this process is to itself, as a process in another container would have it."""
    with monkeypatch.context() as patch:
        machine = ownership._machine()
        patch.setattr(ownership, "_machine", lambda: machine | {"processes": "pid:[2]"})
        yield


async def test_a_live_owner_elsewhere_is_respected_by_its_signs_of_life(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as owner:
        await owner.begin(run, seed=7, settings={})
        with seen_from_elsewhere(monkeypatch):
            async with opened(tmp_path, database_url) as other:
                with pytest.raises(EvolutionExistsError, match=f"process {os.getpid()} on .* sign of life"):
                    await other.resume(run)
        await owner.journal.claim(1)
        assert owner.lost is None


@pytest.mark.slow
async def test_one_that_has_gone_silent_is_waited_for_and_then_taken_for_gone(
    tmp_path: Path, database_url: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
    for silence, waits in ((0.0, True), (3600.0, False), (-86_400.0, True)):  # a clock that was set back by a day
        async with opened(tmp_path, database_url) as db:
            seen = "(julianday('now') - 2440587.5) * 86400.0" if database_url is None else "extract(epoch from now())"
            query = f"UPDATE evolutions SET owner = :owner, seen_at = {seen} - :silence WHERE name = :run"
            await ask(db, query, owner=elsewhere(), silence=silence, run=run)
            caplog.clear()
            started = asyncio.get_running_loop().time()
            await db.resume(run)
            took = asyncio.get_running_loop().time() - started
            assert (took > 1.0) is waits
            assert ("which cannot be seen from here; waiting" in caplog.text) is waits
            await db.journal.claim(1)


async def test_an_owner_that_ends_while_it_is_waited_for_is_not_waited_for_longer(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "SILENT", 60.0)
    monkeypatch.setattr(lease, "BEAT", 60.0)
    run = name()
    async with opened(tmp_path, database_url) as owner:
        await owner.begin(run, seed=7, settings={})
        with seen_from_elsewhere(monkeypatch):
            async with opened(tmp_path, database_url) as other:
                taking = asyncio.create_task(other.resume(run))
                await asyncio.sleep(0.3)
                await owner.__aexit__(None, None, None)
                async with asyncio.timeout(5):
                    await taking


@pytest.mark.slow
async def test_who_was_taken_for_gone_writes_nothing_any_more_and_is_told(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT", 60.0)
    run, told = name(), list[DatabaseUnavailableError]()
    async with opened(tmp_path, database_url) as sleeper:
        await sleeper.begin(run, seed=7, settings={})
        await sleeper.add(program(0), None)
        await sleeper.journal.claim(1)
        sleeper.when_lost(told.append)
        with seen_from_elsewhere(monkeypatch):
            async with opened(tmp_path, database_url) as heir:
                await heir.resume(run)
                await heir.journal.claim(1)
                for write in (
                    sleeper.add(program(1, 9.0), None),
                    sleeper.journal.claim(2),
                    sleeper.journal.fail(1, Failure("query", "x", "")),
                ):
                    with pytest.raises(OwnershipLostError, match="taken"):
                        await write
                assert len(told) == 1
                assert sleeper.lost is told[0]
                assert len(sleeper) == 1
                await sleeper.finish("stopped")
                await sleeper.__aexit__(None, None, None)
                await heir.add(program(1, 2.0), None)
                assert (await heir.summary()).best_score == 2.0
                [(owner, state)] = await ask(heir, "SELECT owner, state FROM evolutions WHERE name = :run", run=run)
                assert (owner, state) == (heir._mark, "running"), "the sleeper gave back nothing that is not its own"


async def test_a_sleeper_finds_out_by_its_own_sign_of_life(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, told = name(), asyncio.Event()
    async with opened(tmp_path, database_url) as sleeper, opened(tmp_path, database_url) as heir:
        await sleeper.begin(run, seed=7, settings={})
        sleeper.when_lost(lambda _error: told.set())
        await ask(heir, "UPDATE evolutions SET owner = :mark WHERE name = :run", mark=elsewhere(), run=run)
        async with asyncio.timeout(5):
            await told.wait()


SLEEPER = """
import asyncio, sys
from pathlib import Path
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase, lease
from shinka_core.errors import OwnershipLostError
lease.BEAT = 0.2
async def main():
    async with AsyncProgramDatabase(DatabaseConfig(db_path=sys.argv[1]), sys.argv[2]) as db:
        await db.begin(sys.argv[3], seed=1, settings={})
        lost = asyncio.Event()
        db.when_lost(lambda error: (print(f"lost: {error}", flush=True), lost.set()))
        print("begun", flush=True)
        await lost.wait()
        try:
            await db.journal.claim(1)
        except OwnershipLostError:
            print("refused", flush=True)
asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_driver_that_was_suspended_and_replaced_stops_when_it_wakes(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = name()
    sleeper = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, database_url or "e.sqlite", str(tmp_path), run],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert sleeper.stdout is not None
    try:
        assert await asyncio.to_thread(sleeper.stdout.readline) == "begun\n"
        async with opened(tmp_path, database_url) as heir:
            with pytest.raises(EvolutionExistsError, match=f"being run by process {sleeper.pid}"):
                await heir.resume(run)
            sleeper.send_signal(signal.SIGSTOP)
            with seen_from_elsewhere(monkeypatch):
                await heir.resume(run)
            sleeper.send_signal(signal.SIGCONT)
            assert "is not this process's any more" in await asyncio.to_thread(sleeper.stdout.readline)
            assert await asyncio.to_thread(sleeper.stdout.readline) == "refused\n"
            assert await asyncio.to_thread(sleeper.wait, 10) == 0
            await heir.journal.claim(1)
    finally:
        with suppress(ProcessLookupError):
            sleeper.kill()
        sleeper.wait()


async def test_of_many_that_resume_at_once_one_gets_it(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
    seen = asyncio.Barrier(4)

    async def resume() -> str:
        async with opened(tmp_path, database_url) as db:
            await seen.wait()
            try:
                await db.resume(run)
            except EvolutionExistsError as error:
                return str(error)
            await seen.wait() if seen.n_waiting else await asyncio.sleep(0.5)
            return ""

    outcomes = await asyncio.gather(*(resume() for _ in range(4)))
    assert sorted(map(bool, outcomes)) == [False, True, True, True], outcomes


async def test_of_many_that_begin_at_once_one_gets_the_name(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    seen = asyncio.Barrier(4)

    async def begin() -> str:
        async with opened(tmp_path, database_url) as db:
            await seen.wait()
            try:
                await db.begin(run, seed=7, settings={})
            except EvolutionExistsError as error:
                return str(error)
            await db.journal.claim(1)
            return ""

    outcomes = await asyncio.gather(*(begin() for _ in range(4)))
    assert sorted(map(bool, outcomes)) == [False, True, True, True], outcomes
    assert all("is already in the database" in outcome for outcome in outcomes if outcome)


async def test_the_same_process_may_take_up_what_it_closed_and_not_what_it_has_open(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        async with opened(tmp_path, database_url) as other:
            with pytest.raises(EvolutionExistsError, match="being run by this process"):
                await other.resume(run)
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        await db.finish("finished")
        [(owner, state)] = await ask(db, "SELECT owner, state FROM evolutions WHERE name = :run", run=run)
        assert (owner, state) == (db._mark, "finished")
    async with opened(tmp_path, database_url) as db:
        [(owner,)] = await ask(db, "SELECT owner FROM evolutions WHERE name = :run", run=run)
        assert owner == ""


@pytest.mark.slow
async def test_signs_of_life_are_given_while_nothing_is_written_and_only_then(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        query = "SELECT commits FROM evolutions WHERE name = :run"
        await asyncio.sleep(0.9)
        [(idle,)] = await ask(db, query, run=run)
        assert 2 <= idle <= 5
        for number in range(20):
            await db.journal.claim(number)
            await asyncio.sleep(0.02)
        [(busy,)] = await ask(db, query, run=run)
        assert 20 <= busy - idle <= 21
