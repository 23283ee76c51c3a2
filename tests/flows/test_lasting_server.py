"""`python -m flows.server`: a server that stays after the runs that found it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.orchestrator.server.lease import LOG_NAME
from flows.server import database_url
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from tests.flows.test_server import User, alive
from tests.support import local_http
from tests.support.postgres import Postgres
from tests.support.prefect import ROOT, assert_no_fault, free_port, own_home, wait_until_up


def lasting(*arguments: str, home: Path) -> subprocess.Popen[bytes]:
    log = (home / LOG_NAME).open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "flows.server", *arguments], cwd=ROOT, env=own_home(home), stdout=log, stderr=log
        )


@pytest.mark.slow
def test_a_lasting_server_is_found_by_runs_of_its_home_and_stays_after_them(tmp_path: Path) -> None:
    port = free_port()
    server = lasting("--port", str(port), home=tmp_path)
    url = f"http://127.0.0.1:{port}/api"
    wait_until_up(url, server)
    user = User(own_home(tmp_path))
    assert user.url() == url
    user.leave()
    time.sleep(1)
    assert alive(url)
    assert f"export PREFECT_API_URL={url}" in (tmp_path / LOG_NAME).read_text()
    assert local_http.post(f"{url}/events/filter", json={}).json()["total"] >= 0

    second = lasting("--port", str(free_port()), home=tmp_path)
    assert second.wait(timeout=180) == 2
    server.terminate()
    assert server.wait(timeout=90) == 0
    assert_no_fault(tmp_path / LOG_NAME)


@pytest.mark.slow
@pytest.mark.postgres
def test_a_lasting_server_on_postgres_in_the_database_of_the_programs(tmp_path: Path, postgres: Postgres) -> None:
    async def open_programs() -> None:
        async with AsyncProgramDatabase(DatabaseConfig(db_path=postgres.url), tmp_path):
            pass

    asyncio.run(open_programs())
    port = free_port()
    server = lasting("--port", str(port), "--database", postgres.url, home=tmp_path)
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_until_up(url, server)
        pools = local_http.post(f"{url}/work_pools/filter", json={})
        assert pools.status_code == 200
        assert not (tmp_path / "prefect.db").exists()
    finally:
        server.terminate()
        assert server.wait(timeout=90) == 0
    assert_no_fault(tmp_path / LOG_NAME)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgresql://me@db/prefect", "postgresql+asyncpg://me@db/prefect"),
        ("postgresql+asyncpg://me@db/prefect", "postgresql+asyncpg://me@db/prefect"),
        ("/somewhere/prefect.db", "sqlite+aiosqlite:////somewhere/prefect.db"),
    ],
)
def test_the_database_is_named_as_people_name_it(given: str, url: str) -> None:
    assert database_url(given) == url
