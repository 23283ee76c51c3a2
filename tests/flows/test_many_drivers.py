"""Several drivers on one evolution, each a process of its own: nothing is done twice or left out, and nothing overspent."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path
from typing import Any

import pytest

from shinka_core.errors import ConfigError
from tests.shinka_core.database.fresh import fresh_database
from tests.support.joining import runner
from tests.support.model_server import ModelServer, Script
from tests.support.postgres import Postgres
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, Records, settings_for


class Drivers:
    """Starts drivers on one evolution, and reads what they leave."""

    def __init__(self, folder: Path, url: str, server: ModelServer, api: str, home: Path, **options: Any) -> None:
        self.options: dict[str, Any] = {
            "name": "shared",
            "database": url,
            "url": server.url,
            "task": str(TASK),
            **options,
        }
        self._folder, self._url = folder, url
        self._environment = environment_for(api, home)
        self._started = 0

    def given(self, **options: Any) -> dict[str, Any]:
        """What the next driver is told: on a server of databases each has a results folder of its own."""
        self._started += 1
        results = self._folder / ("all" if not self._url else f"driver-{self._started}")
        return {"results": str(results)} | self.options | options

    async def start(self, **options: Any) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.joining", json.dumps(self.given(**options)),
            cwd=ROOT, env=self._environment, stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        try:
            return await asyncio.to_thread(Records(self._folder / "all", self._url), query)
        except Exception as error:
            if "no such table" in str(error) or "does not exist" in str(error) or "unable to open" in str(error):
                return []
            raise

    async def until(self, programs: int, seconds: float = 200) -> None:
        async with asyncio.timeout(seconds):
            while len(await self.rows("SELECT id FROM programs")) < programs:
                await asyncio.sleep(0.25)


async def end_of(process: Process) -> dict[str, Any]:
    """What a driver says at its end."""
    async with asyncio.timeout(300):
        output = (await process.communicate())[0].decode()
    assert process.returncode == 0, output
    assert "Traceback" not in output, output
    return json.loads(output.splitlines()[-1])


@pytest.fixture
async def url(database_url: str | None) -> str:
    return "" if database_url is None else await fresh_database(database_url)


async def see_that_all_is_done_once(drivers: Drivers, generations: int) -> None:
    """Every generation has ended, once, and the orders have no holes."""
    numbers = [row[0] for row in await drivers.rows("SELECT number FROM generations ORDER BY number")]
    assert numbers == list(range(generations + 1))
    ends = [row[0] for row in await drivers.rows("SELECT sequence FROM generations ORDER BY sequence")]
    assert ends == list(range(1, generations + 2))
    programs = [row[0] for row in await drivers.rows("SELECT sequence FROM programs ORDER BY sequence")]
    assert programs == list(range(1, len(programs) + 1))
    assert await drivers.rows("SELECT state, owner FROM evolutions") == [("finished", "")]
    assert await drivers.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]


@pytest.mark.slow
async def test_drivers_that_start_together_share_the_work_and_come_to_the_same(
    tmp_path: Path, url: str, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(latency=0.3)) as server:
        drivers = Drivers(tmp_path, url, server, prefect_api, prefect_home, generations=50)
        told = await asyncio.gather(*[end_of(await drivers.start()) for _ in range(2)])
        await see_that_all_is_done_once(drivers, 50)
        assert told[0]["digest"] == told[1]["digest"]
        assert [one["ended"] for one in told] == [51, 51]
        answered, paid = (
            await drivers.rows(
                "SELECT count(*) FILTER (WHERE status = 'answered'), count(*) FROM model_calls "
                "WHERE status = 'answered' OR cost > 0"
            )
        )[0]
        # What is given up when the run ends may have been answered.
        assert answered <= server.outcomes["answered"] <= paid, "nothing was asked twice"
        spent = sorted(one["spent"] for one in told)
        (ledger, proposals) = (
            await drivers.rows("SELECT sum(cost), sum(cost) FILTER (WHERE purpose = 'proposal') FROM model_calls")
        )[0]
        assert spent[1] == pytest.approx(ledger)
        # Whoever leaves first does not hear of a question for an idea that the other is still asking.
        assert spent[0] > proposals - 1e-9
        shares = await drivers.rows("SELECT commits FROM drivers ORDER BY commits")
        assert len(shares) == 2
        assert shares[0][0] > 30, "one of them did it all: nothing was tried"
        seeds = await drivers.rows("SELECT count(*) FROM generation_steps WHERE generation = 0 AND step = 'submitted'")
        assert seeds == [(1,)]


@pytest.mark.slow
async def test_what_a_killed_driver_was_at_is_done_by_the_other_and_nothing_is_paid_twice(
    tmp_path: Path, url: str, prefect_api: str, prefect_home: Path
) -> None:
    # A file is mostly shared on one machine, a server by several; which of them it is has no part in who sees whom.
    seen = not url
    async with ModelServer(Script(latency=0.3)) as server:
        drivers = Drivers(
            tmp_path, url, server, prefect_api, prefect_home, generations=60, lease=15.0, processes=True, budget=50.0
        )
        machines: list[dict[str, str]] = [{}, {}] if seen else [{"machine": "a"}, {"machine": "b"}]
        first, second = [await drivers.start(**machine) for machine in machines]
        await drivers.until(25)
        first.kill()
        await first.communicate()
        open_then = await drivers.rows("SELECT count(*) FROM claims WHERE NOT done AND generation > 0")
        told = await end_of(second)
        await see_that_all_is_done_once(drivers, 60)
        assert told["ended"] == 61
        assert open_then[0][0] > 0
        states = sorted(row[0] for row in await drivers.rows("SELECT state FROM drivers"))
        assert states == ["left", "lost"]
        (answered,) = (await drivers.rows("SELECT count(*) FROM model_calls WHERE status = 'answered'"))[0]
        booked = await drivers.rows("SELECT reason, generation FROM model_calls WHERE status = 'failed' AND cost > 0")
        lost = sum(reason == "driver_lost" for reason, _ in booked)
        assert lost <= 5, f"four proposals and a question for an idea were on their way at most: {booked}"
        again = server.outcomes["answered"] - answered
        # Besides those, what the other gave up when the run ended.
        assert again <= len(booked), f"an answer is not in the ledger, as what it can have cost: {booked}"
        assert len(booked) - lost <= 1


@pytest.mark.slow
async def test_drivers_stay_within_one_budget(tmp_path: Path, url: str, prefect_api: str, prefect_home: Path) -> None:
    async with ModelServer(Script(latency=0.2)) as server:
        limit = 0.06  # some 50 answers at 0.0011 dollars
        drivers = Drivers(tmp_path, url, server, prefect_api, prefect_home, generations=200, budget=limit)
        told = await asyncio.gather(*[end_of(await drivers.start()) for _ in range(2)])
        assert all("max_api_costs=0.06 dollars is used up" in one["stopped"] for one in told)
        (spent,) = (await drivers.rows("SELECT sum(cost) FROM model_calls"))[0]
        assert spent <= limit
        assert spent > 0.8 * limit
        assert round(spent / 0.0011) == server.outcomes["answered"]
        assert await drivers.rows("SELECT count(*) FROM reservations WHERE state = 'held'") == [(0,)]


@pytest.mark.slow
async def test_a_driver_that_comes_later_has_the_others_settings_and_is_refused_with_others(
    tmp_path: Path, url: str, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(latency=0.3)) as server:
        drivers = Drivers(tmp_path, url, server, prefect_api, prefect_home, generations=60)
        first = await drivers.start()
        await drivers.until(5)
        with settings_for(prefect_api, prefect_home):
            with pytest.raises(ConfigError, match="num_generations=70, and the others have 60; leave that out"):
                await runner(drivers.given(generations=70)).run()
            late = [asyncio.create_task(runner(drivers.given(width=2)).run()) for _ in range(2)]
            found = await asyncio.gather(*late, return_exceptions=True)
        refused = [one for one in found if isinstance(one, ConfigError)]
        assert len(refused) == 1
        assert "this process takes part in evolution 'shared' already" in str(refused[0])
        await end_of(first)
        await see_that_all_is_done_once(drivers, 60)


@pytest.mark.slow
@pytest.mark.postgres
async def test_a_driver_that_was_asleep_for_too_long_stops_and_the_others_have_its_generations(
    tmp_path: Path, postgres: Postgres, prefect_api: str, prefect_home: Path
) -> None:
    # Not on a SQLite file, which a process that sleeps in the middle of a commit keeps locked.
    url = await fresh_database(postgres.url)
    async with ModelServer(Script(latency=0.3)) as server:
        drivers = Drivers(tmp_path, url, server, prefect_api, prefect_home, generations=60, lease=5.0)
        first, second = [await drivers.start(machine=machine) for machine in "ab"]
        await drivers.until(20)
        first.send_signal(signal.SIGSTOP)
        told = await end_of(second)
        first.send_signal(signal.SIGCONT)
        late = await end_of(first)
        assert "heard nothing of this one for more than 5 s" in late["stopped"]
        await see_that_all_is_done_once(drivers, 60)
        assert told["ended"] == 61
