"""`python flows/models.py`: what can be asked from here, what it costs, and whether it answers; no key is ever shown."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.terminal.command import run
from flows.terminal.models import app
from shinka_core.providers import BY_PREFIX, PROVIDERS, ModelProvider
from tests.support.dialects import error
from tests.support.model_server import Asked, ModelServer, Said, Script
from tests.support.prefect import ROOT

KEY = "sk-very-secret-0123456789abcdef"


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with nothing in it that leads to a provider."""
    variables = {variable for provider in PROVIDERS for variable in provider.keys}
    for name in {*variables, "OPENAI_BASE_URL", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_RESOURCE", "AWS_REGION"}:
        monkeypatch.delenv(name, raising=False)


@contextmanager
def serving(script: Script | None = None) -> Iterator[ModelServer]:
    """A scripted model beside this thread, since the command has an event loop of its own."""
    server, ready, loop = ModelServer(script), threading.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        await server.start(0)
        ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """What the command says as JSON."""
    assert run(app, [*arguments, "--json"]) == code
    shown = capsys.readouterr()
    assert KEY not in shown.out + shown.err
    return json.loads(shown.out)


def test_it_lists_providers_by_what_the_environment_holds_and_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was opened"))
    found = {each["prefix"]: each for each in told(capsys)["providers"]}
    assert (found["groq"]["usable"], found["groq"]["key_set"]) == (True, "GROQ_API_KEY")
    assert (found["openai"]["usable"], found["openai"]["problem"]) == (False, "OPENAI_API_KEY is not set")
    assert (found["ollama"]["usable"], found["ollama"]["local"], found["ollama"]["models"]) == (True, True, None)
    assert run(app, []) == 0
    shown = capsys.readouterr().out
    assert "GROQ_API_KEY" in shown
    assert "openai (OPENAI_API_KEY is not set)" in shown
    assert KEY not in shown


def test_it_prices_the_models_that_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    mine, free, other = told(capsys, "gpt-5-mini", "ollama/qwen3:4b", "own@http://127.0.0.1:9/v1")["models"]
    assert (mine["interface"], mine["key_set"], mine["context"]) == ("chat", "OPENAI_API_KEY", 400_000)
    assert {name: mine["price"][name] for name in ("input", "cached_input", "output")} == {
        "input": 0.25, "cached_input": 0.025, "output": 2.0,
    }  # fmt: skip
    assert (free["price"]["input"], free["price"]["source"]) == (0.0, "a server of one's own")
    assert other["price"] is None
    assert run(app, ["own@http://127.0.0.1:9/v1"]) == 0
    assert "unknown" in capsys.readouterr().out


def test_a_model_that_is_named_and_cannot_be_asked_fails(capsys: pytest.CaptureFixture[str]) -> None:
    claude, lost = told(capsys, "claude-sonnet-4-5", "azure/mine", code=1)["models"]
    assert "ANTHROPIC_API_KEY is not set" in claude["problem"]
    assert claude["price"]["output"] == 15.0
    assert "AZURE_OPENAI_ENDPOINT is not set" in lost["problem"]


def test_a_settings_file_says_models_addresses_and_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "evolve.yaml").write_text(
        "evolution:\n  llm_models: [mine, builtin/mutate]\n  llm_base_url: http://127.0.0.1:9/v1\n"
        "  novelty_llm_models: [judge]\n  llm_prices: {mine: {input: 1, output: 2}}\n"
    )
    for place in (tmp_path, tmp_path / "evolve.yaml"):
        mine, builtin, judge = told(capsys, "--config", str(place))["models"]
        assert (mine["price"]["source"], mine["price"]["output"]) == ("llm_prices", 2.0)
        assert builtin["price"]["input"] == 0.0
        assert (judge["address"], judge["price"]) == ("http://127.0.0.1:9/v1", None)


def test_a_mistake_in_the_command_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--config", str(tmp_path / "nowhere.yaml")]) == 2
    assert run(app, ["m@localhost:8000/v1"]) == 2
    assert "has no scheme" in capsys.readouterr().err


REFUSALS: dict[str, tuple[Said, str]] = {
    "wrong key": (error(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key"), "wrong key"),
    "no quota": (error(429, "You exceeded your current quota, please check your plan.", "insufficient_quota"), "no quota"),
    "unknown": (error(404, "The model `m` does not exist or you do not have access to it.", "model_not_found"), "unknown model"),
    "busy": (error(429, "Rate limit reached for requests", "rate_limit_exceeded"), "asks to wait"),
    "down": (Said(503, "upstream connect error"), "out of reach"),
    "a page": (Said(404, "<html>not found</html>", {"content-type": "text/html"}), "wrong address"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_trying_says_what_is_wrong_in_a_word(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    said, outcome = REFUSALS[case]
    with serving(Script(dialect=lambda _: said)) as server:
        (tried,) = told(capsys, f"m@{server.url}", "--try", code=1)["tried"]
        assert (tried["outcome"], tried["cost"]) == (outcome, None)
        assert len(server.asked) == 1
        assert run(app, [f"m@{server.url}", "--try"]) == 1
        shown = capsys.readouterr()
        assert KEY not in shown.out + shown.err


def test_trying_asks_few_tokens_and_says_what_they_cost(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(Script(prompt_tokens=20, completion_tokens=3)) as server:
        named = (f"gpt-5-mini@{server.url}", f"own@{server.url}", f"own@{server.url[:-3]}", "builtin/mutate")
        tried = told(capsys, *named, "--try")["tried"]
    assert [each["outcome"] for each in tried] == ["ok"] * 3
    assert tried[0]["cost"] == pytest.approx((20 * 0.25 + 3 * 2) / 1e6)
    assert tried[1]["cost"] is None  # unknown, which is not 0
    assert all(body.get("max_tokens", 999) <= 16 for body in server.bodies)


def test_a_model_that_thinks_longer_than_it_may_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    def thinking(asked: Asked) -> Said:
        message = {"role": "assistant", "content": ""}
        usage = {"prompt_tokens": 20, "completion_tokens": 16, "completion_tokens_details": {"reasoning_tokens": 16}}
        return Said(body={"choices": [{"index": 0, "message": message, "finish_reason": "length"}], "usage": usage})

    with serving(Script(dialect=thinking)) as server:
        (tried,) = told(capsys, f"m@{server.url}", "--try")["tried"]
    assert (tried["outcome"], tried["output_tokens"]) == ("ok", 16)


def test_the_options_of_the_settings_are_sent_but_for_the_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        (tmp_path / "e.yaml").write_text(
            f"evolution:\n  llm_models: ['m@{server.url}', 'other@http://127.0.0.1:1/v1']\n"
            "  llm_kwargs: {temperatures: [0.5], max_tokens: [4096, 8192], m: {top_k: 5}, other: {top_k: 6}}\n"
        )
        told(capsys, f"m@{server.url}", "--config", str(tmp_path / "e.yaml"), "--try")
    (body,) = server.bodies
    assert (body["temperature"], body["top_k"], body["max_tokens"]) == (0.5, 5, 16)


def test_a_key_goes_where_it_would_go_in_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving() as server:
        file = tmp_path / "e.yaml"
        file.write_text(f"evolution:\n  llm_models: [gpt-5-mini, 'm@{server.url}']\n")
        told(capsys, f"m@{server.url}", "--config", str(file), "--try")
        file.write_text(f"evolution:\n  llm_models: ['m@{server.url}']\n  embedding_model: text-embedding-3-small\n")
        told(capsys, f"m@{server.url}", "--config", str(file), "--try")
    assert [asked.headers.get("authorization") for asked in server.asked] == [None, None]  # it is OpenAI's


def _at(server: ModelServer, prefix: str, **fields: Any) -> tuple[ModelProvider, ...]:
    """The table with one of its rows at the scripted server."""
    return tuple(
        replace(each, base=server.url, hosts=("127.0.0.1",), **fields) if each.prefix == prefix else each
        for each in PROVIDERS
        if each.prefix == prefix
    )


def test_servers_on_this_machine_are_looked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Script(listed=["qwen3:4b", "gemma3"])) as server:
        monkeypatch.setattr("shinka_core.llm.usable.PROVIDERS", _at(server, "ollama"))
        (found,) = told(capsys, "--look")["providers"]
    assert (found["usable"], found["models"]) == (True, ["gemma3", "qwen3:4b"])
    assert server.asked == []
    (found,) = told(capsys, "--look")["providers"]  # it is gone
    assert (found["usable"], found["problem"], found["models"]) == (False, "nothing answers there", None)


def test_the_cheapest_model_that_a_provider_lists_is_tried(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    listed = ["gpt-5", "text-embedding-3-small", "gpt-4o-mini-tts", "nobody-knows", "gpt-5-nano", "gpt-4o"]
    with serving(Script(listed=listed, prompt_tokens=20, completion_tokens=3)) as server:
        table = _at(server, "openai")
        monkeypatch.setattr("shinka_core.llm.usable.PROVIDERS", table)
        monkeypatch.setitem(BY_PREFIX, "openai", table[0])  # pyright: ignore[reportArgumentType]
        said = told(capsys, "--try")
    assert (said["providers"][0]["usable"], len(said["providers"][0]["models"])) == (True, 6)
    (tried,) = said["tried"]
    assert (tried["model"], tried["outcome"]) == ("openai/gpt-5-nano", "ok")
    assert tried["cost"] == pytest.approx((20 * 0.05 + 3 * 0.4) / 1e6)
    assert [asked.headers["authorization"] for asked in server.asked] == [f"Bearer {KEY}"]


def _looking_at(monkeypatch: pytest.MonkeyPatch, server: ModelServer) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    table = _at(server, "openai")
    monkeypatch.setattr("shinka_core.llm.usable.PROVIDERS", table)
    monkeypatch.setitem(BY_PREFIX, "openai", table[0])  # pyright: ignore[reportArgumentType]


def test_a_key_that_does_not_serve_fails_and_whoever_is_not_asked_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = error(401, f"Incorrect API key provided: {KEY}.", "invalid_api_key")
    with serving(Script(dialect=lambda _: refused, listed=["gpt-5-nano"])) as server:
        _looking_at(monkeypatch, server)
        said = told(capsys, "--try", code=1)
        assert ([each["outcome"] for each in said["tried"]], said["not_tried"]) == (["wrong key"], {})
    with serving(Script(listed=["nobody-knows", "text-embedding-3-small"])) as server:
        _looking_at(monkeypatch, server)
        said = told(capsys, "--try")
        assert (said["tried"], list(said["not_tried"])) == ([], ["openai"])
        assert run(app, ["--try"]) == 0
        assert "openai was not tried: it lists no model whose price is known" in capsys.readouterr().out
        assert server.asked == []
    said = told(capsys, "--try", code=1)  # it is gone
    assert said["not_tried"] == {"openai": "out of reach"}
    monkeypatch.delenv("OPENAI_API_KEY")
    assert run(app, ["--try"]) == 0
    assert "Nothing was tried: no key is set" in capsys.readouterr().out


def test_a_server_that_is_slow_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shinka_core.llm.trying.PATIENCE", 0.3)
    with serving(Script(latency=20)) as slow, serving() as quick:
        slow_one, quick_one = told(capsys, f"m@{slow.url}", f"m@{quick.url}", "--try", code=1)["tried"]
    assert (slow_one["outcome"], slow_one["said"]) == ("out of reach", "no whole answer within 0.3 s")
    assert quick_one["outcome"] == "ok"


def test_thinking_that_needs_a_longer_answer_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        (tmp_path / "e.yaml").write_text(
            f"evolution:\n  llm_models: ['m@{server.url}']\n"
            "  llm_kwargs: {thinking: {type: enabled, budget_tokens: 8000}, top_k: 5}\n"
        )
        told(capsys, "--config", str(tmp_path / "e.yaml"), "--try")
    (body,) = server.bodies
    assert ("thinking" in body, body["top_k"]) == (False, 5)


def test_it_works_from_any_folder_as_a_script(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, ROOT / "flows" / "models.py", "builtin/mutate", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["models"][0]["price"]["input"] == 0.0
