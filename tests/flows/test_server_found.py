"""What answers where a server should be: ours, another version, something else, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.events.clients import get_events_client
from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_API_PORT, temporary_settings

from flows.orchestrator.server.find import prefect_server
from flows.orchestrator.server.probe import SomethingElse, probe
from flows.orchestrator.server.process import Serving, bind
from shinka_core.errors import ConfigError
from tests.flows.test_server import at_home


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
