"""Whose key goes where, and which names and addresses there are."""

from __future__ import annotations

from typing import Any

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError, EndpointError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import check_models, endpoint_of
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question
from shinka_core.model_address import parse_address, shown_model, split_model
from shinka_core.program import Purpose
from shinka_core.providers import KEYS_OF_HOSTS
from tests.support.dialects import error
from tests.support.model_server import Asked, ModelServer, Said, Script

KEY = "sk-first-12345678"
OTHER = "plain-other-key-1"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in {*KEYS_OF_HOSTS.values(), "OPENAI_BASE_URL"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return monkeypatch


def config(*models: str, **fields: Any) -> EvolutionConfig:
    return EvolutionConfig(llm_models=list(models), **fields)


def keys(settings: EvolutionConfig) -> list[str | None]:
    return [endpoint_of(model, settings).key for model in settings.llm_models]


def question(model: str) -> Question:
    return Question(CallKey(1, Purpose.PROPOSAL, 0, 0), model, "s", "x = 1.0\n", seed=1)


@pytest.mark.parametrize(
    ("model", "name", "address"),
    [
        ("gpt-5", "gpt-5", None),
        ("m@http://127.0.0.1:8000/v1", "m", "http://127.0.0.1:8000/v1"),
        ("@cf/meta/llama-3.1-8b-instruct", "@cf/meta/llama-3.1-8b-instruct", None),
        ("workers-ai/@cf/meta/llama@https://host/v1", "workers-ai/@cf/meta/llama", "https://host/v1"),
        ("claude-3-5-sonnet@20240620", "claude-3-5-sonnet@20240620", None),
        ("m@HTTPS://host/v1", "m", "HTTPS://host/v1"),
    ],
)
def test_only_an_address_is_separated_from_a_name(
    environment: pytest.MonkeyPatch, model: str, name: str, address: str | None
) -> None:
    environment.setenv("ANTHROPIC_API_KEY", OTHER)
    assert split_model(model) == (name, address)
    check_models(config(model))


@pytest.mark.parametrize("model", ["", " ", "@https://host/v1", "a\nb", "m@localhost:8000/v1", "m@host.example.com/v1"])
def test_names_that_no_endpoint_can_know_are_refused(model: str) -> None:
    with pytest.raises(ConfigError, match="llm_models"):
        check_models(config(model))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:8000/v1", "did you mean 'http://127.0.0.1:8000/v1'"),
        ("localhost/v1", "did you mean 'http://localhost/v1'"),
        ("api.example.com/v1", "did you mean 'https://api.example.com/v1'"),
        ("https:/api.example.com/v1", "did you mean 'https://api.example.com/v1'"),
        ("ftp://host/v1", "needs http:// or https://"),
        ("http://", "names no host"),
        ("http://host:port/v1", "names no host and port"),
        ("http://[::1/v1", "no address"),
        ("http://host/v1#here", "holds a '#'"),
        ("https://me:hunter2@host/v1", "OPENAI_API_KEY"),
        ("https://hunter2@host/v1", "OPENAI_API_KEY"),
        ("https://host/v1?api_key=hunter2", "api_key_env"),
        ("https://host/v1?api-key=hunter2", "api_key_env"),
        ("https://host/v1?subscription-key=hunter2", "api_key_env"),
        (f"https://host/v1?x={KEY}", "api_key_env"),
    ],
)
def test_addresses_that_cannot_be_or_hold_a_key_are_refused_at_the_start(url: str, words: str) -> None:
    for settings in (config("m", llm_base_url=url), config("m@https://host/v1", llm_base_url=url)):
        with pytest.raises(ConfigError) as caught:
            check_models(settings)
        assert words in str(caught.value)
        assert "hunter2" not in str(caught.value)
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("secret", ["me:hunter2@host/v1", "host/v1?token=hunter2"])
def test_a_key_in_the_address_of_one_model_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_models(config(f"m@https://{secret}"))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in shown_model(f"m@https://{secret}")


def test_what_people_copy_along_is_left_out() -> None:
    for path in ("/v1", "/v1/", "/v1/chat/completions", "/v1/responses"):
        assert parse_address("llm_base_url", f"http://host{path}").base == "http://host/v1"


def test_the_key_belongs_to_the_endpoint_of_the_settings_and_to_no_other() -> None:
    assert keys(config("a", "b@http://127.0.0.1:8001/v1", llm_base_url="http://127.0.0.1:8000/v1")) == [KEY, None]
    assert keys(config("gpt-5", "b@http://127.0.0.1:8001/v1")) == [KEY, None]
    assert keys(config("a@http://127.0.0.1:8000/v1", "b@http://127.0.0.1:8001/v1")) == [KEY, None]
    assert keys(config("b@http://127.0.0.1:8001/v1", "a@https://api.openai.com/v1")) == [None, KEY]
    both = config("a", "b@https://api.openai.com/v1", llm_base_url="http://127.0.0.1:8000/v1")
    assert keys(both) == [None, KEY], "it is OpenAI's when OpenAI is asked"


def test_a_host_that_everybody_knows_gets_its_own_key_alone(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="OPENROUTER_API_KEY is not set"):
        keys(config("m@https://openrouter.ai/api/v1"))
    environment.setenv("OPENROUTER_API_KEY", OTHER)
    assert keys(config("m@https://openrouter.ai/api/v1", "gpt-5")) == [OTHER, KEY]
    environment.delenv("OPENROUTER_API_KEY")
    assert keys(config("m", llm_base_url="https://openrouter.ai/api/v1")) == [KEY], "named for the whole run"


def test_an_endpoint_names_the_variable_of_its_key(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECOND_KEY", OTHER)
    models = ("a", "b@http://127.0.0.1:8001/v1")
    for place in ("http://127.0.0.1:8001/v1", "http://127.0.0.1:8001", "127.0.0.1:8001", "127.0.0.1"):
        options: dict[str, Any] = {place: {"api_key_env": "SECOND_KEY"}}
        assert keys(config(*models, llm_base_url="http://host/v1", llm_endpoints=options)) == [KEY, OTHER]
    assert keys(config(*models, llm_endpoints={"api.openai.com": {"api_key_env": ""}})) == [None, None]
    with pytest.raises(ConfigError, match=r"NOT_THERE is not set.*127.0.0.1:8001"):
        check_models(config(*models, llm_endpoints={"127.0.0.1": {"api_key_env": "NOT_THERE"}}))
    for pasted in ("sk-abcdef-12345678", "0a1b2c3d4e5f"):
        with pytest.raises(ConfigError, match="api_key_env") as caught:
            check_models(config(*models, llm_endpoints={"127.0.0.1": {"api_key_env": pasted}}))
        assert pasted not in str(caught.value)
    with pytest.raises(ConfigError, match="would be stored"):
        check_models(config(*models, llm_endpoints={"127.0.0.1": {"query": {"api_key": "hunter2"}}}))


@pytest.mark.parametrize("value", [f"{KEY}\n", f" {KEY}\r\n", f'"{KEY}"', f"\ufeff{KEY}"])
def test_what_a_key_comes_with_by_accident_is_taken_off(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("OPENAI_API_KEY", value)
    assert keys(config("gpt-5")) == [KEY]


@pytest.mark.parametrize("value", ["sk-first\n12345678", "Bearer sk-first-12345678", "sk-fürst-12345678"])
def test_what_no_key_can_hold_is_refused_by_name(environment: pytest.MonkeyPatch, value: str) -> None:
    environment.setenv("OPENAI_API_KEY", value)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY holds") as caught:
        check_models(config("gpt-5"))
    assert "12345678" not in str(caught.value)


async def test_each_server_sees_its_own_key_and_nobody_elses(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("THIRD_KEY", OTHER)
    async with ModelServer() as first, ModelServer() as second, ModelServer() as third:
        models = ["a", f"b@{second.url}", f"c@{third.url}"]
        settings = config(*models, llm_base_url=first.url, llm_endpoints={third.url: {"api_key_env": "THIRD_KEY"}})
        client = AsyncLLMClient.from_config(settings, ledger=MemoryLedger())
        for number, model in enumerate(models):
            await client.query(Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "s", "x = 1.0\n", seed=1))
        await client.close()
    assert [server.asked[0].headers.get("authorization") for server in (first, second, third)] == [
        f"Bearer {KEY}", None, f"Bearer {OTHER}",
    ]  # fmt: skip


async def test_azures_classic_form_is_asked_as_it_wants_to_be(environment: pytest.MonkeyPatch) -> None:
    def azure(asked: Asked) -> Said | None:
        if asked.path != "/openai/deployments/gpt/chat/completions?api-version=2024-10-21":
            return error(404, f"Resource not found: {asked.path}")
        return (
            None if asked.headers.get("api-key") == KEY else error(401, "Access denied due to invalid subscription key")
        )

    async with ModelServer(Script(dialect=azure)) as server:
        base = f"{server.url.removesuffix('/v1')}/openai/deployments/gpt"
        version = {"api-version": "2024-10-21"}
        for fields in (
            {"llm_base_url": f"{base}?api-version=2024-10-21"},
            {"llm_base_url": f"{base}/chat/completions?api-version=2024-10-21"},
            {"llm_base_url": base, "llm_kwargs": {"extra_query": version}},
            {"llm_base_url": base, "llm_endpoints": {base: {"query": version, "key_header": "api-key"}}},
        ):
            client = AsyncLLMClient.from_config(config("gpt", **fields))
            await client.query(question("gpt"))
            await client.close()
        assert all("authorization" not in asked.headers for asked in server.asked)
        wrong = config(
            "gpt",
            llm_base_url=base,
            llm_kwargs={"extra_query": version},
            llm_endpoints={base: {"key_header": "Authorization"}},
        )
        client = AsyncLLMClient.from_config(wrong)
        with pytest.raises(Exception, match="check the key in OPENAI_API_KEY") as caught:
            await client.query(question("gpt"))
        await client.close()
    assert KEY not in str(caught.value)
    assert KEY not in repr(endpoint_of("gpt", wrong))


async def test_no_error_leads_back_to_a_key() -> None:
    async with ModelServer(
        Script(dialect=lambda asked: error(401, f"bad key {asked.headers['authorization']}"))
    ) as server:
        client = AsyncLLMClient.from_config(config("m", llm_base_url=server.url))
        with pytest.raises(Exception, match="bad key") as caught:
            await client.query(question("m"))
        await client.close()
    seen: BaseException | None = caught.value
    assert isinstance(seen, EndpointError) or "bad key" in str(seen)
    while seen is not None:
        assert KEY not in f"{seen!r} {seen}"
        seen = seen.__cause__ or seen.__context__


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timeout": 5}, "set llm_timeout"), ({"model": "m"}, "llm_models"), ({"messages": []}, "prompt"),
        ({"temperature": float("nan")}, "JSON"), ({"extra_body": 5}, "names and values"),
        ({"extra_headers": {"X-Api-Key": "hunter2"}}, "X-Api-Key"),
    ],
)  # fmt: skip
def test_options_that_no_call_can_have_are_refused_at_the_start(options: dict[str, Any], words: str) -> None:
    for fields in ({"llm_kwargs": options}, {"llm_model_kwargs": {"m": options}}):
        with pytest.raises(ConfigError, match=words):
            check_models(config("m", llm_base_url="http://127.0.0.1:1/v1", **fields))


def test_options_of_a_model_nobody_asks_are_refused() -> None:
    with pytest.raises(ValueError, match="llm_model_kwargs names 'typo'"):
        config("m", llm_model_kwargs={"typo": {}})
