"""Where models are asked by their names, as what, and whose key goes where."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shinka_core.config import EndpointOptions, EvolutionConfig
from shinka_core.embed import embedder
from shinka_core.embed.openai_endpoint import OpenAIEmbedder
from shinka_core.errors import ConfigError, ModelError
from shinka_core.llm.connect import connect
from shinka_core.llm.endpoint import check_models, endpoint_of, has_anthropic
from shinka_core.llm.question import CallKey, Question
from shinka_core.llm.usable import accesses
from shinka_core.model_address import parse_address
from shinka_core.model_place import place_of, provider_named
from shinka_core.program import Purpose
from shinka_core.providers import PROVIDERS, ModelProvider, base_of, provider_at
from tests.support.model_server import ModelServer, Said, Script

KEYS = {variable: f"plain-{variable.lower()}-0123456789" for each in PROVIDERS for variable in each.keys}
AZURE = "https://mine.openai.azure.com"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (
        "OPENAI_BASE_URL",
        "AZURE_API_ENDPOINT",
        "AZURE_OPENAI_RESOURCE",
        "AWS_DEFAULT_REGION",
        "AWS_REGION_NAME",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", AZURE)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    return monkeypatch


@pytest.mark.parametrize(
    ("model", "name", "base"),
    [
        ("openai/gpt-5", "gpt-5", "https://api.openai.com/v1"),
        ("anthropic/claude-opus-4-5", "claude-opus-4-5", "https://api.anthropic.com/v1"),
        ("openrouter/anthropic/claude-opus-4.5", "anthropic/claude-opus-4.5", "https://openrouter.ai/api/v1"),
        ("openrouter/auto", "openrouter/auto", "https://openrouter.ai/api/v1"),
        ("together/meta-llama/Llama-3.3", "meta-llama/Llama-3.3", "https://api.together.ai/v1"),
        ("fireworks/llama-v3", "accounts/fireworks/models/llama-v3", "https://api.fireworks.ai/inference/v1"),
        ("groq/compound", "groq/compound", "https://api.groq.com/openai/v1"),
        ("azure/my-gpt", "my-gpt", f"{AZURE}/openai/v1"),
        ("azure-my-gpt", "my-gpt", f"{AZURE}/openai/v1"),
        ("bedrock/openai.gpt-oss-20b-1:0", "openai.gpt-oss-20b-1:0", "https://bedrock-runtime.eu-north-1.amazonaws.com/openai/v1"),
        ("bedrock/anthropic.claude-x-4-8", "anthropic.claude-x-4-8", "https://bedrock-mantle.eu-north-1.api.aws/anthropic/v1"),
        # By an inference profile or with a version, which that endpoint does not know.
        ("bedrock/eu.anthropic.claude-x", "eu.anthropic.claude-x", "https://bedrock-runtime.eu-north-1.amazonaws.com/model"),
        ("bedrock/us-gov.anthropic.claude-x", "us-gov.anthropic.claude-x", "https://bedrock-runtime.eu-north-1.amazonaws.com/model"),
        ("bedrock/anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0", "https://bedrock-runtime.eu-north-1.amazonaws.com/model"),
        # As people write them.
        ("OpenRouter/Anthropic/Claude-X", "Anthropic/Claude-X", "https://openrouter.ai/api/v1"),
        ("openrouter/meta-llama/llama-3:free", "meta-llama/llama-3:free", "https://openrouter.ai/api/v1"),
        ("Ollama/qwen3", "qwen3", "http://127.0.0.1:11434/v1"),
        ("Claude-Opus-4-5", "Claude-Opus-4-5", "https://api.anthropic.com/v1"),
        ("LOCAL/qwen@http://[::1]:8000/v1/", "qwen", "http://[::1]:8000/v1"),
        (f"azure-my-gpt@{AZURE}/openai/v1", "my-gpt", f"{AZURE}/openai/v1"),
        ("azure-my-gpt@https://h/v1", "azure-my-gpt", "https://h/v1"),
        ("ollama/qwen3:4b", "qwen3:4b", "http://127.0.0.1:11434/v1"),
        ("llama.cpp/smollm2", "smollm2", "http://127.0.0.1:8080/v1"),
        # Without a prefix: who alone has such names, else OpenAI.
        ("gpt-5", "gpt-5", "https://api.openai.com/v1"),
        ("claude-opus-4-5", "claude-opus-4-5", "https://api.anthropic.com/v1"),
        ("gemini-2.5-pro", "gemini-2.5-pro", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("deepseek-chat", "deepseek-chat", "https://api.deepseek.com"),
        ("my-finetune", "my-finetune", "https://api.openai.com/v1"),
        # With an address, which wins: only prefixes that no server knows are taken off.
        ("openai/gpt-5@https://openrouter.ai/api/v1", "openai/gpt-5", "https://openrouter.ai/api/v1"),
        ("openrouter/openai/gpt-5@https://openrouter.ai/api/v1", "openai/gpt-5", "https://openrouter.ai/api/v1"),
        ("meta-llama/Llama-3@http://h:8000/v1", "meta-llama/Llama-3", "http://h:8000/v1"),
        ("local/qwen@http://h:8000/v1", "qwen", "http://h:8000/v1"),
        ("local/meta-llama/L@http://h:8000/v1?api_key_env=MY_KEY", "meta-llama/L", "http://h:8000/v1"),
        ("local/ollama/qwen@http://h:4000", "ollama/qwen", "http://h:4000"),
        ("vllm/meta-llama/L@http://h:8000/v1", "meta-llama/L", "http://h:8000/v1"),
    ],
)  # fmt: skip
def test_a_name_says_where_it_is_asked_and_as_what(model: str, name: str, base: str) -> None:
    place = place_of(model)
    assert (place.name, place.address.base) == (name, base)
    assert "api_key_env" not in str(place.address.query)


@pytest.mark.parametrize("model", ["openai/gpt-4o", "anthropic/claude-x", "meta-llama/Llama-3", "claude-x", "azure-x"])
@pytest.mark.parametrize("by", ["setting", "environment"])
def test_a_base_url_wins_over_prefixes_as_it_always_has(environment: pytest.MonkeyPatch, model: str, by: str) -> None:
    if by == "environment":
        environment.setenv("OPENAI_BASE_URL", "http://h:8000/v1")
    place = place_of(model, None if by == "environment" else "http://h:8000/v1")
    assert (place.name, place.address.base) == (model, "http://h:8000/v1")
    assert place_of("ollama/qwen", "http://h:8000/v1").name == "qwen"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("headless/codex@gpt-5.5?effort=high", "agents of the command line"),
        ("headless/claude", "agents of the command line"),
        ("local/qwen", r"write local/qwen@http://HOST:PORT/v1"),
        ("local/q@http://h/v1?api_key_env=sk-abcdef-0123456789abcdef", "no name of one environment variable"),
        ("local/q@http://h/v1?api_key_env=NOT_THERE_AT_ALL", "NOT_THERE_AT_ALL is not set, which its address names"),
        ("local/q@http://h/v1?api_key_env=", "no name of one environment variable"),
        ("local/q@http://h/v1?api_key_env=TWO%20WORDS", "no name of one environment variable"),
        ("local/q@http://me:secret@h/v1", "holds a user name or a password"),
        ("gpt-5@http://api.openai.com/v1", "its key would be sent for everybody to read; write https://"),
        ("local/q@ftp://h/v1", r"llm_models holds 'local/q@...', whose address needs http:// or https://"),
        ("q@ws://me:sk-abcdef@h/v1", r"llm_models holds 'q@...', whose address needs http:// or https://"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_remedy(model: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        check_models(EvolutionConfig(llm_models=[model]))
    assert "sk-abcdef" not in str(caught.value)


@pytest.mark.parametrize(
    "each", [each for each in PROVIDERS if each.keys and not each.server], ids=lambda each: each.prefix
)
def test_a_missing_key_names_its_variable_and_the_model(environment: pytest.MonkeyPatch, each: ModelProvider) -> None:
    for name in each.keys:
        environment.delenv(name)
    with pytest.raises(ConfigError, match=rf"{each.keys[0]}.* not set.*'{each.prefix}/some-model'"):
        check_models(EvolutionConfig(llm_models=["builtin/mutate", f"{each.prefix}/some-model"]))


@pytest.mark.parametrize(
    ("variable", "value", "base"),
    [
        ("AZURE_OPENAI_ENDPOINT", f"{AZURE}/", f"{AZURE}/openai/v1"),
        ("AZURE_OPENAI_ENDPOINT", f"{AZURE}/openai/v1/", f"{AZURE}/openai/v1"),
        ("AZURE_OPENAI_ENDPOINT", f"{AZURE}/openai", f"{AZURE}/openai/v1"),
        ("AZURE_API_ENDPOINT", f"{AZURE}/openai/v1", f"{AZURE}/openai/v1"),
        ("AZURE_OPENAI_RESOURCE", "mine", f"{AZURE}/openai/v1"),
    ],
)
def test_azures_address_is_joined_once(environment: pytest.MonkeyPatch, variable: str, value: str, base: str) -> None:
    environment.delenv("AZURE_OPENAI_ENDPOINT")
    environment.setenv(variable, value)
    assert place_of("azure/d").address.base == base


def test_what_is_not_told_by_the_environment_is_asked_for(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AZURE_OPENAI_ENDPOINT")
    environment.delenv("AWS_REGION")
    for model, variable in (("azure/d", "AZURE_OPENAI_ENDPOINT"), ("bedrock/openai.gpt-oss", "AWS_REGION")):
        with pytest.raises(ConfigError, match=f"{variable} is not set"):
            check_models(EvolutionConfig(llm_models=[model]))


def test_the_second_variable_of_a_key_counts_where_the_first_is_not_set(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("GEMINI_API_KEY")
    endpoint = endpoint_of("gemini/g", EvolutionConfig(llm_models=["gemini/g"]))
    assert (endpoint.key_name, endpoint.key) == ("GOOGLE_API_KEY", KEYS["GOOGLE_API_KEY"])


def test_several_providers_in_one_ensemble_have_each_its_own_key() -> None:
    models = ["openai/gpt-5", "groq/llama", "ollama/qwen", "openrouter/a/b", "gemini/g", "q@http://127.0.0.1:9/v1"]
    settings_ = EvolutionConfig(llm_models=models)
    check_models(settings_)
    found = [endpoint_of(model, settings_).key_name for model in models]
    assert found == ["OPENAI_API_KEY", "GROQ_API_KEY", "", "OPENROUTER_API_KEY", "GEMINI_API_KEY", ""]


HOSTS = [
    *(host.replace("*", "eu-north-1") for each in PROVIDERS for host in each.hosts), "sub.openrouter.ai", "evil.example.com",
    "api.openai.com.evil.example.com", "notopenrouter.ai", "openai.azure.com.evil.com", "127.0.0.1", "localhost",
    "bedrock-runtime.evil.s3.amazonaws.com", "xapi.x.ai", "api.groq.com.",
]  # fmt: skip
PREFIXES = [each.prefix for each in PROVIDERS]
BEFORE = ["", "v/", *(f"{prefix}/" for prefix in PREFIXES)]
MODELS = st.sampled_from(
    [
        *(f"{prefix}/{name}" for prefix in PREFIXES for name in ("m", "v/m")),
        *(f"{before}m@https://{host}{port}/v1" for before in BEFORE for host in HOSTS for port in ("", ":8443")),
        "gpt-5", "claude-x", "gemini-x", "grok-x", "kimi-x", "x",
    ]
)  # fmt: skip


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    models=st.lists(MODELS, min_size=1, max_size=4, unique=True),
    base=st.sampled_from([None, *(f"https://{h}/v1" for h in HOSTS)]),
)
def test_a_key_goes_to_the_hosts_it_belongs_to_and_to_no_other(models: list[str], base: str | None) -> None:
    config = EvolutionConfig(llm_models=models, llm_base_url=base)
    for model in models:
        try:
            endpoint = endpoint_of(model, config)
        except ConfigError:
            continue
        if endpoint.key is None:
            continue
        owner = next(each for each in PROVIDERS if endpoint.key_name in each.keys)
        assert endpoint.key == KEYS[endpoint.key_name]
        home = base_of(owner, place_of(model, base).name)[0]
        own = owner.owns(endpoint.address.host) or (
            home is not None
            and endpoint.address.origin == parse_address("home", home).origin
            and model.startswith(f"{owner.prefix}/")
        )
        # OpenAI's alone may go to the one place that the settings name for the whole run, where OpenAI is not asked.
        assert own or (
            endpoint.key_name == "OPENAI_API_KEY"
            and not any(place_of(m, base).address.origin == "https://api.openai.com" for m in models)
        )


@pytest.mark.parametrize(
    "host", ["api.openai.com.evil.com", "notopenrouter.ai", "bedrock-runtime.a.b.amazonaws.com", "s3.amazonaws.com"]
)
def test_a_host_that_only_looks_like_a_providers_is_nobodys(host: str) -> None:
    assert provider_at(host) is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    "api",
    [
        "chat",
        "responses",
        pytest.param("messages", marks=pytest.mark.skipif(not has_anthropic(), reason="needs the extra anthropic")),
    ],
)
async def test_a_redirect_takes_no_key_elsewhere(api: Any, status: int) -> None:
    async with ModelServer() as other:

        def away(_: Any) -> Said:
            return Said(status, "", {"location": f"{other.url}/chat/completions"})

        async with ModelServer(Script(dialect=away)) as first:
            model = f"m@{first.url}?api_key_env=GROQ_API_KEY"
            config = EvolutionConfig(llm_models=[model], llm_endpoints={first.url: EndpointOptions(api=api)})
            provider = connect([model], config, {})[model]
            with pytest.raises(ModelError, match="redirects to"):
                await provider.ask(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), model, "s", "u", seed=1))
            await provider.close()
        assert not other.asked
        assert KEYS["GROQ_API_KEY"] in str(first.asked[0].headers)
        assert "not-sent" not in str(first.asked[0].headers)


async def test_headers_that_a_library_reads_from_the_environment_stay_with_their_provider(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: secret-of-a-gateway")
    environment.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Other-Gateway: secret-of-a-gateway")
    environment.setenv("ANTHROPIC_AUTH_TOKEN", "secret-of-a-gateway")
    async with ModelServer() as server:
        for api in ("chat", *(["messages"] if has_anthropic() else [])):
            model = f"m@{server.url}"
            options = EndpointOptions(api="messages" if api == "messages" else "chat", api_key_env="")
            config = EvolutionConfig(llm_models=[model], llm_endpoints={server.url: options})
            provider = connect([model], config, {})[model]
            with pytest.raises(ModelError) if api == "messages" else _nothing():
                await provider.ask(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), model, "s", "x = 1.0\n", seed=1))
            await provider.close()
    assert "secret-of-a-gateway" not in str([asked.headers for asked in server.asked])
    async with ModelServer() as gateway:
        config = EvolutionConfig(llm_models=["m"], llm_base_url=gateway.url)
        provider = connect(["m"], config, {})["m"]
        await provider.ask(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "s", "x = 1.0\n", seed=1))
        await provider.close()
    assert gateway.asked[0].headers["x-gateway"] == "secret-of-a-gateway", "they go where OPENAI_API_KEY goes"
    assert "x-other-gateway" not in gateway.asked[0].headers


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()


async def test_embeddings_have_the_same_prefixes(environment: pytest.MonkeyPatch) -> None:
    for model, name, host in (
        ("mistral/codestral-embed", "codestral-embed", "api.mistral.ai"),
        ("ollama/nomic-embed-text", "nomic-embed-text", "127.0.0.1"),
        ("text-embedding-3-small", "text-embedding-3-small", "api.openai.com"),
        ("gemini/gemini-embedding-001", "gemini-embedding-001", "generativelanguage.googleapis.com"),
    ):
        made = embedder(model)
        assert isinstance(made, OpenAIEmbedder)
        assert made.identity.model == name
        assert httpx.URL(made.identity.place).host == host
        await made.close()


async def test_a_prefix_that_is_sent_although_its_key_is_there_is_said(caplog: pytest.LogCaptureFixture) -> None:
    models = ["groq/llama", "meta-llama/Llama-3", "ollama/qwen", "x"]
    for provider in set(connect(models, EvolutionConfig(llm_models=models, llm_base_url="http://h/v1"), {}).values()):
        await provider.close()
    [said] = [record.getMessage() for record in caplog.records]
    assert said == (
        "groq/llama is asked at http://h/v1 by all of this name, since llm_base_url or OPENAI_BASE_URL is set; leave that out "
        "to ask groq"
    )


def test_an_interface_without_embeddings_is_refused_for_them() -> None:
    model = "m@https://host/anthropic" if not has_anthropic() else "anthropic/claude-x"
    with pytest.raises(ConfigError, match=r"embedding_model='.*has no embeddings"):
        check_models(EvolutionConfig(llm_models=["builtin/mutate"], embedding_model=model))


def test_a_prefix_alone_is_a_name() -> None:
    assert provider_named("openai/") == (None, "openai/")
    assert provider_named("gpt-5") == (None, "gpt-5")


def test_an_address_of_the_environment_that_is_none_is_told_with_its_provider(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AZURE_OPENAI_ENDPOINT", "mine.openai.azure.com")
    azure = next(access for access in accesses() if access.name == "azure")
    assert azure.problem.startswith("AZURE_OPENAI_ENDPOINT='mine.openai.azure.com/openai/v1' needs http:// or https://")
