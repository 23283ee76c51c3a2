"""Our own server: it is there while anyone uses it, comes back when it is killed, and is never somebody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_API_AUTH_STRING,
    PREFECT_SERVER_API_BASE_PATH,
    PREFECT_SERVER_API_PORT,
    temporary_settings,
)

from flows.orchestrator.server.find import prefect_server
from flows.orchestrator.server.lease import LOG_NAME, LockedFile, Place
from flows.orchestrator.server.probe import PrefectServer, Refused, probe
from flows.orchestrator.server.process import Serving, bind
from shinka import AsyncEvolutionRunner, EvolutionConfig
from shinka.launch import LocalJobConfig
from shinka_core.errors import ConfigError
from tests.support import local_http
from tests.support.prefect import ROOT, SCRIPT, assert_no_fault, free_port, own_home

EXAMPLE = ROOT / "examples" / "circle_packing"
ENDS_WITHIN = 15.0  # a loaded machine's; on a quiet one it takes two seconds


@contextmanager
def at_home(home: Path, settings: dict[Any, Any] | None = None) -> Iterator[Place]:
    """Settings of a run without a configured server, in this process."""
    home.mkdir(exist_ok=True)
    updates = {PREFECT_HOME: home, PREFECT_SERVER_API_PORT: free_port()} | (settings or {})
    with temporary_settings(updates, restore_defaults={PREFECT_API_URL}):
        yield Place(home)
    assert_no_fault(home / LOG_NAME)


def gone(place: Place) -> bool:
    """Whether the server ends, in its own time."""
    return eventually(lambda: not place.serving())


def eventually(what: Callable[[], bool], seconds: float = ENDS_WITHIN) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False


def alive(url: str) -> bool:
    try:
        return local_http.get(f"{url}/health", timeout=5).text == "true"
    except httpx.HTTPError:
        return False


class User:
    """A process that uses the server of a home until it is told to leave."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def url(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> str:
        """Leaves; returns what it was told."""
        return self.process.communicate(timeout=180)[1]


@pytest.mark.slow
def test_runs_that_start_at_once_share_one_server_which_outlives_whoever_started_it(tmp_path: Path) -> None:
    environment = own_home(tmp_path)
    users = [User(environment) for _ in range(3)]
    urls = {user.url() for user in users}
    place = Place(tmp_path)
    state = place.state()
    assert state is not None
    assert urls == {state.url}

    users[0].leave()
    users[1].process.kill()
    users[1].leave()
    time.sleep(1.5)  # more than the server needs to see that it is not wanted
    assert alive(state.url)
    assert place.state() == state

    users[2].leave()
    assert gone(place)
    assert_no_fault(tmp_path / LOG_NAME)


@pytest.mark.slow
async def test_two_runners_in_one_program_run_to_their_ends(tmp_path: Path) -> None:
    def runner(name: str, generations: int) -> AsyncEvolutionRunner:
        return AsyncEvolutionRunner(
            EvolutionConfig(
                init_program_path=str(EXAMPLE / "initial.py"), num_generations=generations,
                results_dir=str(tmp_path / name), embedding_model=None,
            ),
            LocalJobConfig(eval_program_path=str(EXAMPLE / "evaluate.py")),
            name=name, max_proposal_jobs=2, verbose=False,
        )  # fmt: skip

    before = dict(os.environ)
    with at_home(tmp_path / "home") as place:
        short, long = await asyncio.gather(runner("short", 1).run(), runner("long", 6).run())
        assert gone(place)
    assert (short.programs, long.programs) == (2, 7)
    assert dict(os.environ) == before
    with closing(sqlite3.connect(tmp_path / "home" / "prefect.db")) as database:
        (unfinished,) = database.execute(
            "SELECT count(*) FROM task_run WHERE name != 'generations' AND state_type != 'COMPLETED'"
        ).fetchone()
    assert unfinished == 0  # the last events were written down as well


@pytest.mark.slow
async def test_a_killed_server_is_started_again_on_its_port_and_the_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    told: list[str] = []
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            gaps.append(time.monotonic() - before)

    ticking = asyncio.create_task(tick())
    with at_home(tmp_path) as place:
        async with prefect_server(told.append) as url:
            assert max(gaps) < 1.5, "the caller's event loop stood still"
            state = place.state()
            assert state is not None
            os.kill(state.pid, signal.SIGKILL)
            for _ in range(600):
                if any("back after" in line for line in told):
                    break
                await asyncio.sleep(0.1)
            assert alive(url), told
            async with get_client() as client:
                assert str(client.api_url).rstrip("/") == url
        assert gone(place)
    ticking.cancel()
    assert sum("starting it again" in line for line in told) == 1


@pytest.mark.slow
async def test_a_server_that_cannot_be_started_again_is_told_with_the_reason(tmp_path: Path) -> None:
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with at_home(tmp_path) as place:
        async with prefect_server(lambda line: None, on_lost=lost.set_result):
            state = place.state()
            assert state is not None
            os.kill(state.pid, signal.SIGKILL)
            while (other := bind(Serving(None, port=state.port, only_that_port=True))) is None:
                await asyncio.sleep(0.01)
            other.listen()
            with closing(other):
                assert f"port {state.port}" in await asyncio.wait_for(lost, 180)


@pytest.mark.slow
async def test_a_signal_to_the_whole_service_lets_the_server_outlive_its_users(tmp_path: Path) -> None:
    with at_home(tmp_path) as place:
        async with prefect_server(lambda line: None) as url:
            state = place.state()
            assert state is not None
            os.kill(state.pid, signal.SIGTERM)
            await asyncio.sleep(1)
            assert alive(url)
        assert gone(place)


@pytest.mark.slow
def test_ctrl_c_while_the_server_starts_ends_the_run_at_once(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "flows/evolve.py", str(EXAMPLE), "--results", str(tmp_path / "r")], cwd=ROOT,
        env=own_home(tmp_path / "home", PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    for line in run.stdout:
        if "starting one" in line:
            break
    told = time.monotonic()
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=180)
    assert time.monotonic() - told < 5
    assert run.returncode == 130
    assert gone(Place(tmp_path / "home"))


@pytest.mark.slow
async def test_password_and_base_path_hold_for_the_server_and_for_us(tmp_path: Path) -> None:
    settings = {PREFECT_SERVER_API_AUTH_STRING: "admin:secret", PREFECT_SERVER_API_BASE_PATH: "/evolution/api"}
    with at_home(tmp_path, settings=settings) as place:
        async with prefect_server(lambda line: None) as url:
            assert url.endswith("/evolution/api")
            async with get_client() as client:
                assert (await client.hello()).status_code == 200
            assert isinstance(await probe(url), Refused)
            assert await probe(url, "admin:wrong") == Refused()
            found = await probe(url, "admin:secret")
            assert isinstance(found, PrefectServer)
            assert found.mark == place.mark
            with (
                temporary_settings(
                    {PREFECT_API_URL: url}, restore_defaults={PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING}
                ),
                pytest.raises(ConfigError, match="PREFECT_API_AUTH_STRING"),
            ):
                async with prefect_server(lambda line: None):
                    pass


async def test_a_home_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    updates = {PREFECT_HOME: tmp_path / "file" / "home", PREFECT_SERVER_API_PORT: free_port()}
    with (
        temporary_settings(updates, restore_defaults={PREFECT_API_URL}),
        pytest.raises(ConfigError, match="PREFECT_HOME="),
    ):
        async with prefect_server(lambda line: None):
            pass


def test_a_lease_is_shared_by_users_and_excludes_a_server_that_goes(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first, second, server = (LockedFile(place.lease_file) for _ in range(3))
    assert first.share()
    assert second.share()
    assert not server.take()
    first.close()
    assert place.in_use()
    assert not server.take()
    second.close()
    assert not place.in_use()
    assert server.take()
    newcomer = LockedFile(place.lease_file)
    assert not newcomer.share()
    server.close()
    assert newcomer.share()
    newcomer.close()
