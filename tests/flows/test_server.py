"""Our own server: it is there while anyone uses it, comes back when it is killed, and is never somebody else's."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.events.clients import get_events_client
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
from flows.orchestrator.server.probe import PrefectServer, Refused, SomethingElse, probe
from flows.orchestrator.server.process import Serving, bind
from flows.orchestrator.server.schema import installed, lay_down, migrate, revision_of, schema_text
from flows.server import database_url
from shinka import AsyncEvolutionRunner, EvolutionConfig
from shinka.launch import LocalJobConfig
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.errors import ConfigError
from tests.support.postgres import Postgres
from tests.support.prefect import ROOT, SCRIPT, assert_no_fault, free_port, own_home, wait_until_up

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
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).text == "true"
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
        return self.process.communicate(timeout=60)[1]


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
                assert f"port {state.port}" in await asyncio.wait_for(lost, 60)


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
    run.communicate(timeout=60)
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


async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        async with prefect_server(lambda line: None):
            async with get_client() as client:
                assert (await client.hello()).status_code == 200
            async with get_events_client(reconnection_attempts=0) as events:
                await events.emit(Event(event="a.test", resource={"prefect.resource.id": "a.test"}))


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[int]:
    """Something on a port that answers the same to everything; None: takes the question and says nothing."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        if answer is not None:
            writer.write(answer)
            await writer.drain()
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http("200 OK", "true"), id="200 to everything"),
        pytest.param(http("200 OK", '"welcome"'), id="a text"),
        pytest.param(http("401 Unauthorized", "{}"), id="a password, and no Prefect"),
        pytest.param(http("404 Not Found", "{}"), id="404"),
        pytest.param(b"", id="closes"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="TLS"),
        pytest.param(None, id="hangs"),
    ],
)
async def test_something_else_on_the_port_is_not_taken_for_a_prefect_server(answer: bytes | None) -> None:
    async with answering(answer) as port:
        assert isinstance(await probe(f"http://127.0.0.1:{port}/api", timeout=1), SomethingElse)
        other = bind(Serving(None, port=port))
        assert other is not None
        with closing(other):
            assert other.getsockname()[1] != port


async def test_a_server_of_another_version_is_used_and_both_versions_are_said(tmp_path: Path) -> None:
    told: list[str] = []
    async with answering(http("200 OK", '"3.4.25"')) as port:
        with at_home(tmp_path, settings={PREFECT_SERVER_API_PORT: port}):
            async with prefect_server(told.append) as url:
                assert url == f"http://127.0.0.1:{port}/api"
    (line,) = told
    assert "3.4.25" in line
    assert "this is 3." in line


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(b"", "does not answer", id="closes"),
        pytest.param(http("401 Unauthorized", "{}"), "PREFECT_API_AUTH_STRING", id="password"),
        pytest.param(http("200 OK", '"2.20.3"'), "Prefect 2.20.3", id="Prefect 2"),
        pytest.param(http("404 Not Found", "{}"), "ends in /api", id="no Prefect"),
    ],
)
async def test_a_configured_server_that_cannot_be_used_is_refused_before_anything_is_spent(
    answer: bytes, said: str
) -> None:
    async with answering(answer) as port:
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}"}):
            with pytest.raises(ConfigError, match=said) as error:
                async with prefect_server(lambda line: None):
                    pass
            assert len(str(error.value).splitlines()) == 1


@pytest.mark.slow
async def test_the_database_of_another_version_is_told_at_once_with_the_remedy(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
    with (
        at_home(tmp_path),
        pytest.raises(ConfigError, match=r"another version of Prefect.*ffffffffffff.*PREFECT_HOME="),
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


@pytest.mark.slow
def test_the_prepared_database_is_the_one_that_the_migrations_make(tmp_path: Path) -> None:
    prepared, migrated = tmp_path / "prepared.db", tmp_path / "migrated.db"
    assert lay_down(prepared, "3"), "no schema for the installed Prefect: python -m flows.orchestrator.server.schema"
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", MIGRATE, str(migrated)], cwd=ROOT, env=environment, check=True)
    assert revision_of(prepared) == revision_of(migrated) == installed()[1]
    assert anatomy(prepared) == anatomy(migrated)


MIGRATE = f"import sys, pathlib; from {migrate.__module__} import migrate; migrate(pathlib.Path(sys.argv[1]))"


def anatomy(path: Path) -> dict[str, Any]:
    """A database's parts, whatever order and spacing its text has: two runs of the migrations differ in those."""
    parts: dict[str, Any] = {}
    with closing(sqlite3.connect(path)) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
            parts[name] = (kind, sorted(part.rstrip(")") for part in "".join((sql or "").split()).split(",")))
            columns = database.execute(f'PRAGMA table_xinfo("{name}")').fetchall() if kind == "table" else []
            parts[f"{name}: columns"] = ["".join(repr(column).replace("\\n", "").split()) for column in columns]
            parts[f"{name}: keys"] = sorted(row[2:] for row in database.execute(f'PRAGMA foreign_key_list("{name}")'))
    parts["rows"] = [line for line in schema_text(path).splitlines() if line.startswith("INSERT")]
    return parts


def test_a_database_that_is_there_is_never_laid_down_anew(tmp_path: Path) -> None:
    database = tmp_path / "prefect.db"
    assert lay_down(database, "3")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO flow (name) VALUES ('kept')")
    assert lay_down(database, "3"), "it is up to date: no migration is to run"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM flow").fetchall() == [("kept",)]


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
    assert httpx.post(f"{url}/events/filter", json={}, trust_env=False).json()["total"] >= 0

    second = lasting("--port", str(free_port()), home=tmp_path)
    assert second.wait(timeout=60) == 2
    server.terminate()
    assert server.wait(timeout=30) == 0
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
        pools = httpx.post(f"{url}/work_pools/filter", json={}, trust_env=False)
        assert pools.status_code == 200
        assert not (tmp_path / "prefect.db").exists()
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0
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
