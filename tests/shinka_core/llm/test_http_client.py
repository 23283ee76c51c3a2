"""What the environment says of proxies and certificates, and what becomes of models on this machine."""

from __future__ import annotations

import httpx
import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError, ModelUnavailableError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.http_client import http_client, proxy_for
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question
from shinka_core.model_address import is_loopback
from shinka_core.program import Purpose
from tests.support.model_server import ModelServer

FAR = "https://api.example.com/v1"
DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def ask(url: str) -> str:
    client = AsyncLLMClient.from_config(EvolutionConfig(llm_models=["m"], llm_base_url=url), ledger=MemoryLedger())
    try:
        asked = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "s", "x = 1.0\n", seed=1)
        return (await client.query(asked)).text
    finally:
        await client.close()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "all_proxy"])
async def test_a_server_on_this_machine_is_asked_past_the_proxy(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, DEAD)
    async with ModelServer() as there:
        assert await ask(there.url)


async def test_a_socks_proxy_does_not_keep_a_server_on_this_machine_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks://127.0.0.1:9")
    async with ModelServer() as there:
        assert await ask(there.url)


async def test_a_proxy_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", DEAD)
    with pytest.raises(ModelUnavailableError, match="cannot be reached through the proxy in HTTPS_PROXY"):
        await ask(FAR)


@pytest.mark.parametrize("proxy", ["socks://user:hunter2@127.0.0.1:9", "ftp://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_a_setting(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError, match=r"the proxy that ALL_PROXY names cannot be used.*unset it") as caught:
        http_client(httpx, FAR)
    assert "hunter2" not in str(caught.value)


def test_certificates_that_are_not_there_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(ConfigError, match="certificates that SSL_CERT_FILE names cannot be read"):
        http_client(httpx, FAR)


def test_which_proxy_an_address_is_asked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", DEAD)
    monkeypatch.setenv("NO_PROXY", "inside.example.com")
    assert proxy_for(FAR) == "https_proxy"
    assert proxy_for("https://inside.example.com/v1") == ""
    assert proxy_for("http://api.example.com/v1") == ""
    assert proxy_for("https://127.0.0.1:8000/v1") == ""


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:8000/v1", True), ("http://[::1]:8000/v1", True), ("http://localhost:1/v1", True),
        ("http://0.0.0.0:8000/v1", True), ("http://10.0.0.1/v1", False), ("https://localhost.example.com", False),
    ],
)  # fmt: skip
def test_what_is_on_this_machine(url: str, near: bool) -> None:
    assert is_loopback(url) is near
