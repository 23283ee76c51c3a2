"""What tokens cost."""

from __future__ import annotations

import socket

import pytest

from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.llm.complaint import retry_after
from shinka_core.llm.prices import LONG_ANSWER, PriceList, longest_answer
from shinka_core.program import Usage

MILLION = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
LIST = PriceList()


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("gpt-4o-mini", 0.75),
        ("gpt-4o-mini-2024-07-18", 0.75),
        ("gpt-4o", 12.5),
        ("gpt-4o:latest", 12.5),
        ("openai/gpt-5-mini", 2.25),
        ("gpt-5-mini-2099-01-01", 2.25),
        ("gpt-5-mini@http://localhost/v1", 2.25),
        ("builtin/mutate", 0.0),
        ("my-own-model", None),
        ("gpt-4o-minister", None),
        ("@proxy/openai/gpt-4o", 12.5),
        ("@cf/meta/llama-3.1-8b-instruct", None),
        # What people serve themselves has no price by its name.
        ("deepseek-r1:14b@http://localhost:11434/v1", None),
        ("deepseek-r1:latest", None),
        ("qwen2.5-coder:7b", None),
        ("gpt-oss:20b", None),
        ("deepseek-ai/DeepSeek-R1", None),
        ("meta-llama/Llama-3.1-8B-Instruct@http://localhost:8000/v1", None),
        ("ft:gpt-4o-mini-2024-07-18:us::id", 1.5),
        # What a provider serves under its own address has.
        ("llama-3.3-70b-versatile", None),
        ("llama-3.3-70b-versatile@https://api.groq.com/openai/v1", 1.38),
        ("openai/gpt-5-mini@https://openrouter.ai/api/v1", 2.25),
    ],
)
def test_a_model_is_priced_by_its_name(model: str, dollars: float | None) -> None:
    assert LIST.cost(model, MILLION) == (None if dollars is None else pytest.approx(dollars))


# US dollars per million tokens: input, cached input, output; with the prompts of 100,000 tokens that most calls stay under.
PUBLISHED = {
    "gpt-4o": (2.50, 1.25, 10.00),
    "gpt-4o-2024-05-13": (5.00, 5.00, 15.00),
    "gpt-4.1": (2.00, 0.50, 8.00),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-4.1-nano": (0.10, 0.025, 0.40),
    "gpt-5": (1.25, 0.125, 10.00),
    "gpt-5.1": (1.25, 0.125, 10.00),
    "gpt-5-mini": (0.25, 0.025, 2.00),
    "gpt-5-nano": (0.05, 0.005, 0.40),
    "o1": (15.00, 7.50, 60.00),
    "o3": (2.00, 0.50, 8.00),
    "o4-mini": (1.10, 0.275, 4.40),
    "claude-opus-4-1": (15.00, 1.50, 75.00),
    "claude-opus-4-5-20251101": (5.00, 0.50, 25.00),
    "claude-sonnet-4@20250514": (3.00, 0.30, 15.00),
    "claude-sonnet-4-5": (3.00, 0.30, 15.00),
    "claude-haiku-4-5": (1.00, 0.10, 5.00),
    "claude-3-5-haiku-latest": (0.80, 0.08, 4.00),
    "gemini-2.5-pro": (1.25, 0.125, 10.00),
    "gemini-2.5-flash": (0.30, 0.03, 2.50),
    "gemini-2.0-flash": (0.10, 0.025, 0.40),
    "deepseek-chat": (0.28, 0.028, 0.42),
    "mistral-large-latest": (2.00, 2.00, 6.00),
    "grok-4": (3.00, 0.75, 15.00),
    "text-embedding-3-large": (0.13, 0.13, 0.0),
}


@pytest.mark.parametrize("model", PUBLISHED)
def test_list_prices_are_those_that_were_published(model: str) -> None:
    asked, cached, answered = (
        LIST.cost(model, usage)
        for usage in (Usage(100_000), Usage(100_000, cached_tokens=100_000), Usage(output_tokens=100_000))
    )
    assert (asked, cached, answered) == tuple(pytest.approx(rate / 10) for rate in PUBLISHED[model])


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "claude-sonnet-4-5", "claude-sonnet-4-20250514"])
def test_long_prompts_are_dearer_as_a_whole(model: str) -> None:
    short, long = (LIST.cost(model, Usage(input_tokens=tokens)) or 0.0 for tokens in (200_000, 200_001))
    assert long == pytest.approx(2 * short, rel=1e-4)


def test_the_service_tier_of_the_settings_has_its_own_prices() -> None:
    def price(**options: str) -> float | None:
        config = EvolutionConfig(llm_models=["gpt-5-mini"], llm_kwargs=options)
        return PriceList.of(config, ["gpt-5-mini"]).cost("gpt-5-mini", MILLION)

    assert price() == price(service_tier="default") == price(service_tier="auto") == pytest.approx(2.25)
    assert price(service_tier="flex") == pytest.approx(1.125)
    assert price(service_tier="priority") == pytest.approx(4.05)


def test_the_address_of_all_models_counts_as_well() -> None:
    config = EvolutionConfig(llm_models=["llama-3.3-70b-versatile"], llm_base_url="https://api.groq.com/openai/v1")
    assert PriceList.of(config, config.llm_models).cost("llama-3.3-70b-versatile", MILLION) == pytest.approx(1.38)


def test_cached_tokens_are_cheaper_and_own_prices_win() -> None:
    usage = Usage(input_tokens=1_000_000, cached_tokens=1_000_000)
    assert LIST.cost("gpt-4o-mini", usage) == pytest.approx(0.075)
    assert LIST.cost("gpt-4o-mini", Usage(cached_tokens=1_000_000)) == pytest.approx(0.075)  # a provider's miscount
    own = PriceList({"gpt-4o-mini": ModelPrice(input=1, output=2)})
    assert own.cost("gpt-4o-mini", MILLION) == pytest.approx(3.0)


def test_prices_are_looked_up_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refused)
    assert LIST.cost("gpt-5-mini", MILLION) is not None
    assert LIST.cost("some-model-that-nobody-knows", MILLION) is None


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-3-5-sonnet-20241022", 8_192),
        ("gpt-4o-2024-05-13", 4_096),
        ("gpt-4o", LONG_ANSWER),
        ("deepseek-chat@https://api.deepseek.com", 8_192),
        ("gemini-2.0-flash-lite", LONG_ANSWER),
        ("@cf/own", LONG_ANSWER),
    ],
)
def test_models_that_answer_briefly_are_not_allowed_more(model: str, tokens: int) -> None:
    assert longest_answer(model) == tokens


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "39960"}, 39960.0),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
