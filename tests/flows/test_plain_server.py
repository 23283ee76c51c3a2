"""`prefect server start`: quick in the project's folder by what is found there, and told about where it is slow."""

from __future__ import annotations

import logging
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

import httpx
import psutil
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestrator.server.lease import MARK_HEADER
from flows.orchestrator.server.plugin import is_server, setup_environment
from flows.orchestrator.server_calls import ServerCalls
from flows.orchestrator.slow_server import SLOW, WINDOW, Pace, tell_slow
from tests.support.prefect import ROOT, plain_prefect


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["/usr/bin/python", "-m", "prefect", "server", "start"], True),
        (["python", "/venv/bin/prefect", "--no-prompt", "server", "start", "--port", "4201"], True),
        (["python", "/venv/bin/prefect", "server", "stop"], False),
        (["python", "flows/evolve.py", "server"], False),
        ([], False),
    ],
)
def test_it_knows_the_command(command: list[str], expected: bool) -> None:
    assert is_server(command) is expected


def test_it_changes_servers_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    changed: list[bool] = []
    monkeypatch.setattr("flows.orchestrator.server.app.prepare", lambda: changed.append(True))
    for command in (["prefect", "server", "stop"], ["prefect", "server", "start"]):
        assert changed == []
        monkeypatch.setattr(sys, "orig_argv", command)
        setup_environment()
    assert changed == [True]


def test_prefect_finds_it() -> None:
    (found,) = (point for point in entry_points(group="prefect.plugins") if point.name == "shinka")
    assert found.load().setup_environment is setup_environment
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["prefect"]["plugins"]["enabled"] is True


def test_our_own_server_has_one_connection_and_is_never_locked(prefect_api: str, prefect_home: Path) -> None:
    assert set(begun_at_once(prefect_api, 100)) == {201}
    assert connections(prefect_api, prefect_home / "prefect.db") == 1


@pytest.mark.slow
@pytest.mark.other_prefect
def test_started_in_the_projects_folder_it_has_one_connection_and_is_never_locked(tmp_path: Path) -> None:
    with plain_prefect(tmp_path, ROOT) as url:
        assert set(begun_at_once(url, 100)) == {201}, "a locked database is a 503"
        assert connections(url, tmp_path / "prefect.db") == 1


def begun_at_once(url: str, count: int) -> list[int]:
    """What a server answers when flow runs begin, twenty at a time."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client, ThreadPoolExecutor(20) as pool:
        flow = client.post("/flows/", json={"name": "f"}).json()["id"]

        def begin(number: int) -> int:
            body = {"name": str(number), "flow_id": flow, "state": {"type": "RUNNING"}}
            return client.post("/flow_runs/", json=body).status_code

        return list(pool.map(begin, range(count)))


def connections(url: str, database: Path) -> int:
    """How often the server at a URL has a file open."""
    port = int(httpx.URL(url).port or 0)
    (server,) = {
        listening.pid
        for listening in psutil.net_connections("tcp")
        if listening.status == psutil.CONN_LISTEN and listening.laddr.port == port
    }
    return [file.path for file in psutil.Process(server).open_files()].count(str(database))


def test_a_slow_server_is_noticed_once() -> None:
    pace = Pace()
    assert not any(pace.saw(SLOW / 10) for _ in range(5 * WINDOW))
    assert [pace.saw(10 * SLOW) for _ in range(WINDOW)].count(True) == 1
    assert not any(pace.saw(10 * SLOW) for _ in range(WINDOW))


async def test_a_slow_server_of_ours_is_not_complained_about(
    prefect_api: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.orchestrator.slow_server.SLOW", 0.0)
    with temporary_settings({PREFECT_API_URL: prefect_api}), caplog.at_level(logging.WARNING, "shinka.orchestrator"):
        async with ServerCalls() as calls:
            for _ in range(WINDOW + 2):
                await calls.call("look", _look)
            assert await calls.settled(10)
    assert caplog.records == []


@pytest.mark.parametrize(
    ("headers", "settings", "lines"),
    [
        ({}, {"plugins": {"enabled": False}}, 1),
        ({}, {}, 1),  # an older Prefect
        ({}, {"plugins": {"enabled": True}}, 0),  # started in the project's folder
        ({MARK_HEADER: "1"}, {"plugins": {"enabled": False}}, 0),
    ],
)
async def test_what_to_do_about_a_slow_server_is_said_in_one_line(
    headers: dict[str, str], settings: dict[str, Any], lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    class Answering:
        async def request(self, *_: Any) -> httpx.Response:
            return httpx.Response(200, headers=headers, json=settings)

    with caplog.at_level(logging.WARNING, "shinka.orchestrator"):
        await tell_slow(cast(Any, Answering()))
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == lines
    assert all("start it in the project's folder" in line for line in told)


async def _look(client: Any) -> None:
    await client.hello()


async def test_a_slow_server_is_spared_what_can_wait_until_all_is_to_be_settled(
    monkeypatch: pytest.MonkeyPatch, prefect_api: str
) -> None:
    taken: list[str] = []

    def asking(what: str) -> Any:
        async def request(_: Any) -> None:
            taken.append(what)

        return request

    with temporary_settings({PREFECT_API_URL: prefect_api}):
        async with ServerCalls() as calls:
            calls.sometime("at once", asking("at once"))
            assert await calls.settled(30)
            monkeypatch.setattr(Pace, "slow", True)
            for number in range(3):
                calls.sometime("a name", asking(f"name {number}"))
                calls.later("a state", asking(f"state {number}"))
            assert calls.waiting == 3
            assert await calls.settled(30)
    assert taken == ["at once", *(f"state {number}" for number in range(3)), *(f"name {number}" for number in range(3))]
