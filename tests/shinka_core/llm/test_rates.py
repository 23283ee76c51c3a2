"""Prices as values: the same arithmetic as the list's own, kept with a run and held there; what is unknown is never 0."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from genai_prices import Usage as Tokens
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flows.terminal.outcome import print_summary, summary_line
from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.database import EvolutionReader
from shinka_core.errors import BudgetExhaustedError, ConfigError, ModelUnavailableError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm import list_prices as listing
from shinka_core.llm.prices import KEPT, AnswerBound, PriceList
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.llm.rates import Price, Rates
from shinka_core.program import Purpose, Usage
from shinka_core.run import open_run
from tests.flows.test_blame import given as run_given
from tests.shinka_core.database.test_programs import name, opened
from tests.shinka_core.llm.test_money import Kept
from tests.support.model_server import ModelServer

MILLION = Usage(1_000_000, 1_000_000)
TOKENS = st.integers(0, 2_000_000)
DOLLARS = st.floats(0, 1_000, allow_subnormal=False)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts of which some are part of others."""
    prompt, answer = draw(TOKENS), draw(TOKENS)
    cached = draw(st.integers(0, prompt))
    written = draw(st.integers(0, prompt - cached))
    return Usage(prompt, answer, cached, draw(st.integers(0, answer)), written)


rates = st.builds(Rates, DOLLARS, DOLLARS, st.none() | DOLLARS, st.none() | DOLLARS, st.none() | DOLLARS)
prices = st.builds(
    Price,
    rates,
    st.lists(st.tuples(st.integers(1, 1_000_000), rates), max_size=2, unique_by=lambda tier: tier[0]).map(
        lambda tiers: tuple(sorted(tiers, key=lambda tier: tier[0]))
    ),
    DOLLARS,
    st.text(max_size=5),
)


@given(price=prices, usage=usages())
def test_a_price_is_never_below_nothing_and_is_the_same_when_it_was_kept(price: Price, usage: Usage) -> None:
    assert price.dollars(usage) >= 0
    again = Price.from_kept(json.loads(json.dumps(price.as_kept())))
    assert again == price
    assert again.dollars(usage) == price.dollars(usage)


def _by_tokens_alone(model: Any) -> bool:
    counted = {
        "input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_reasoning_mtok",
    }  # fmt: skip
    said = {name for name, value in model.get_prices(datetime.now(UTC)).__dict__.items() if value is not None}
    return "input_mtok" in said and "output_mtok" in said and said <= counted


LISTED = [
    (provider.id, model)
    for provider in get_snapshot().providers
    for model in provider.models
    if not isinstance(model.prices, list) and _by_tokens_alone(model)
]


@given(which=st.integers(0, len(LISTED) - 1), usage=usages())
def test_our_arithmetic_is_that_of_the_list(which: int, usage: Usage) -> None:
    provider, model = LISTED[which]
    price = listing._price_of(model.prices, "")  # pyright: ignore[reportPrivateUsage]
    theirs = model.prices.calc_price(
        Tokens(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cached_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            **({"output_reasoning_tokens": usage.reasoning_tokens} if model.prices.output_reasoning_mtok else {}),
        )
    )
    assert price is not None
    assert price.dollars(usage) == pytest.approx(float(theirs["total_price"]), abs=1e-12), (provider, model.id)


@pytest.mark.parametrize(
    ("model", "dollars", "source"),
    [
        ("gpt-5-mini", 2.25, "openai/gpt-5-mini"),
        ("openrouter/openai/gpt-5-mini", 2.25, "openrouter/openai/gpt-5-mini"),
        ("groq/openai/gpt-oss-120b", 0.75, "groq/"),
        ("cerebras/gpt-oss-120b", 1.1, "cerebras/"),
        ("xai/grok-4", 18.0, "x-ai/"),
        ("gemini/gemini-2.0-flash", 0.5, "google/"),
        # Not what its maker asks: who serves it does not say.
        ("groq/gpt-4o", None, ""),
        ("together/gpt-5-mini", None, ""),
        # Its variants that cost nothing, and others, whose price depends on who serves them.
        ("openrouter/deepseek/deepseek-r1:free", 0.0, "free"),
        ("openrouter/openai/gpt-5-mini:nitro", None, ""),
        # A machine of one's own.
        ("vllm/Qwen/Qwen3-8B@http://100.101.2.3:8000/v1", 0.0, "one's own"),
        ("vllm/Qwen/Qwen3-8B@http://8.8.8.8:8000/v1", None, ""),
        ("ollama/qwen3:4b", 0.0, "one's own"),
        ("vllm/Qwen/Qwen3-8B@http://gpu-box:8000/v1", 0.0, "one's own"),
        ("local/own@http://192.168.1.5:8080/v1", 0.0, "one's own"),
        ("ollama/gpt-oss:120b-cloud", None, ""),
        ("local/own@https://models.example.com/v1", None, ""),
        ("qwen3@http://127.0.0.1:8000/v1", None, ""),
    ],
)
def test_a_model_costs_what_who_serves_it_says(model: str, dollars: float | None, source: str) -> None:
    found = PriceList().price(model)
    assert (None if found is None else found.dollars(MILLION)) == (None if dollars is None else pytest.approx(dollars))
    assert found is None or source in found.source


def test_what_is_cheaper_at_night_counts_as_by_day() -> None:
    found = PriceList().price("deepseek/deepseek-v4-pro")
    assert found is not None
    day = [
        calc_price(
            Tokens(input_tokens=10**6, output_tokens=10**6), "deepseek-v4-pro", provider_id="deepseek",
            genai_request_timestamp=datetime(2026, 11, 20, hour, tzinfo=UTC),
        ).total_price
        for hour in range(24)
    ]  # fmt: skip
    assert found.dollars(MILLION) >= float(max(day)) - 1e-9


def test_tokens_that_a_cache_keeps_have_their_own_price() -> None:
    written = Usage(1_000_000, cache_write_tokens=1_000_000)
    assert PriceList().cost("claude-opus-4-1", written) == pytest.approx(18.75)
    own = PriceList({"m": ModelPrice(input=1, output=2, cached_input=0.1, cache_write=1.5)})
    assert own.cost("m", Usage(3_000_000, 0, 1_000_000, 0, 1_000_000)) == pytest.approx(2.6)


# Kept with a run


def config(**fields: Any) -> EvolutionConfig:
    return EvolutionConfig(**{"llm_models": ["gpt-5-mini", "own-model"], "unknown_prices": "warn"} | fields)


def test_prices_are_kept_with_their_date_and_source_and_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    models = ["gpt-5-mini", "own-model", "builtin/mutate"]
    kept = {KEPT: PriceList.of(config(), models).as_kept(models)}
    entry = kept[KEPT]["gpt-5-mini"]
    assert kept[KEPT]["own-model"] is None
    assert "builtin/mutate" not in kept[KEPT]
    assert entry["source"].startswith("genai-prices ")
    assert datetime.fromisoformat(entry["taken"]).year >= 2025
    assert (entry["input"], entry["at"]) == (0.25, "https://api.openai.com/v1")
    dearer = Price(Rates(9.0, 9.0), source="genai-prices 99: openai/gpt-5-mini")
    monkeypatch.setattr("shinka_core.llm.prices.list_price", lambda *_: dearer)
    again = PriceList.of(config(), models, kept)
    assert again.cost("gpt-5-mini", MILLION) == pytest.approx(2.25)
    assert again.as_kept(models)["gpt-5-mini"] == entry
    assert again.cost("own-model", MILLION) == 18.0  # nothing was known, so nothing is held
    (told,) = again.changed()
    assert "$0.25 in, $2 out" in told
    assert "$9 in, $9 out" in told
    # What the settings say wins, and another place or tier has other prices.
    assert PriceList.of(config(llm_prices={"gpt-5-mini": {"input": 1, "output": 1}}), models, kept).cost("gpt-5-mini", MILLION) == 2  # fmt: skip
    for other in ({"llm_base_url": "https://openrouter.ai/api/v1"}, {"llm_kwargs": {"service_tier": "flex"}}):
        assert PriceList.of(config(**other), models, kept).cost("gpt-5-mini", MILLION) == 18.0


def test_a_price_of_the_settings_holds_as_long_as_they_say_it() -> None:
    models = ["own-model"]
    said = config(llm_models=models, llm_prices={"own-model": {"input": 1, "output": 1}})
    kept = {KEPT: PriceList.of(said, models).as_kept(models)}
    assert kept[KEPT]["own-model"]["source"] == "llm_prices"
    assert PriceList.of(config(llm_models=models), models, kept).price("own-model") is None


@pytest.mark.parametrize("allowed", [["own-model"], "warn"])
def test_a_model_without_a_price_is_asked_under_a_budget_when_it_is_named(
    allowed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    fields = {"max_api_costs": 1.0, "embedding_model": None}
    with pytest.raises(ConfigError, match=r"no price is known for own-model, .*unknown_prices: \[own-model\]"):
        AsyncLLMClient.from_config(config(**fields, unknown_prices="auto"))
    AsyncLLMClient.from_config(config(**fields, unknown_prices=allowed))
    other = config(**fields | {"llm_models": ["own-model", "another"]}, unknown_prices=["own-model"])
    with pytest.raises(ConfigError, match="no price is known for another"):
        AsyncLLMClient.from_config(other)
    with pytest.raises(ValueError, match="unknown_prices names 'typo', which is none of the models"):
        config(unknown_prices=["typo"])


@pytest.mark.parametrize(
    ("named", "model", "near"),
    [
        ("gpt5-mini", "gpt-5-mini", "gpt-5-mini"),
        ("gpt-5-mini", "openai/gpt-5-mini", "openai/gpt-5-mini"),
        ("openai/own-model", "own-model@http://127.0.0.1:9/v1", "own-model@http://127.0.0.1:9/v1"),
        ("own-model", "own-model@http://127.0.0.1:9/v1", None),
        ("claude-sonnet-4-5", "gpt-5-mini", None),
    ],
)
def test_a_price_under_a_name_that_is_nearly_that_of_a_model_is_said(
    named: str, model: str, near: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    AsyncLLMClient.from_config(
        config(llm_models=[model], llm_prices={named: {"input": 1, "output": 1}}, embedding_model=None)
    )
    told = [line for line in caplog.messages if line.startswith("llm_prices names")]
    assert told == ([f"llm_prices names what is none of the models: {named} (did you mean {near}?)"] if near else [])


def test_a_price_per_token_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.5e-07 is too little for .* per million tokens; .* write 0\.15"):
        config(llm_prices={"own-model": {"input": 1.5e-07, "output": 6e-07}})
    assert config(llm_prices={"own-model": {"input": 0, "output": 0.001}}).llm_prices["own-model"].input == 0


class Counting:
    """A provider that counts tokens as it is told."""

    def __init__(self, plan: list[Usage]) -> None:
        self._plan = plan

    async def ask(self, question: Question) -> RawAnswer:
        return RawAnswer("text", self._plan[question.key.generation])

    async def close(self) -> None:
        pass


@given(plan=st.lists(st.tuples(st.sampled_from(["priced", "unknown"]), usages()), max_size=12))
def test_what_is_spent_is_the_sum_of_calls_whose_price_is_known(plan: list[tuple[str, Usage]]) -> None:
    ledger, budget = Kept(), Budget(None)
    own = {"priced": ModelPrice(input=3.0, output=15.0, cached_input=0.3, cache_write=3.75)}
    provider = Counting([usage for _, usage in plan])
    models = ("priced", "unknown")

    async def run() -> None:
        client = AsyncLLMClient(
            dict.fromkeys(models, provider),
            weights=dict.fromkeys(models, 1.0),
            ledger=ledger,
            prices=own,
            budget=budget,
        )
        for number, (model, _) in enumerate(plan):
            await client.query(Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "s", "u", seed=number))

    asyncio.run(run())
    counted = [usage for model, usage in plan if model == "priced" and usage.output_tokens > 0]
    price = Price.of_settings(own["priced"])
    known = [cost for cost in ledger.costs if cost is not None]
    assert ledger.costs.count(None) == [model for model, _ in plan].count("unknown")
    assert budget.spent == pytest.approx(sum(known))
    assert budget.spent >= sum(map(price.dollars, counted)) * (1 - 1e-9)  # where nothing was counted, it is estimated
    assert all(cost >= 0 for cost in known)
    assert PriceList(own).cost("unknown", MILLION) is None


class Late:
    """A provider that does not answer in time."""

    async def ask(self, question: Question) -> RawAnswer:
        raise ModelUnavailableError(f"{question.model}: no answer within the time limit")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("price", "limit", "cost"),
    [(2.0, None, None), (0.0, None, 0.0), (None, None, None), (None, 1.0, None), (2.0, 1.0, 0.5)],
)
async def test_what_a_call_was_charged_that_came_to_its_time_limit_is_bounded_or_unknown(
    price: float | None, limit: float | None, cost: float | None
) -> None:
    ledger = Kept()
    client = AsyncLLMClient(
        {"m": Late()}, weights={"m": 1.0}, ledger=ledger, budget=Budget(limit), timeout=1e-9,
        prices={} if price is None else {"m": ModelPrice(input=0, output=price)},
        bounds={"m": AnswerBound(sent=250_000)},
    )  # fmt: skip
    with pytest.raises(ModelUnavailableError):
        await client.query(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "s", "u", seed=5))
    assert ledger.costs == [cost]


async def test_calls_in_flight_spend_a_budget_to_its_last_cent_and_no_more() -> None:
    ledger, budget = Kept(), Budget(1.0)
    provider = Counting([Usage(0, 100_000)] * 40)
    client = AsyncLLMClient(
        {"m": provider}, weights={"m": 1.0}, ledger=ledger, budget=budget, prices={"m": ModelPrice(input=0, output=1.0)},
        bounds={"m": AnswerBound(sent=100_000)},
    )  # fmt: skip
    questions = [Question(CallKey(number, Purpose.PROPOSAL, 0, 0), "m", "s", "u", seed=5) for number in range(40)]
    found = await asyncio.gather(*map(client.query, questions), return_exceptions=True)
    assert sum(isinstance(each, BudgetExhaustedError) for each in found) == 30
    assert budget.spent == pytest.approx(1.0)
    assert budget.committed == pytest.approx(0.0)


async def test_a_summary_says_which_costs_are_unknown(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={KEPT: {"known": {"input": 1, "output": 1}, "unknown": None}})
        await db.journal.claim(1)
        models = ("known", "unknown")
        client = AsyncLLMClient(
            dict.fromkeys(models, Counting([Usage(1000, 100)] * 3)), weights=dict.fromkeys(models, 1.0), ledger=db.calls,
            prices={"known": ModelPrice(input=1, output=1)},
        )  # fmt: skip
        for turn, model in enumerate(("known", "unknown", "unknown")):
            await client.query(Question(CallKey(1, Purpose.PROPOSAL, 0, turn), model, "s", "u", seed=5))
        async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", run) as reader:
            summary = await reader.summary()
            calls = [call async for call in reader.calls()]
    assert [call.cost for call in calls] == [pytest.approx(0.0011), None, None]
    assert summary.unpriced == {"unknown": 2}
    assert summary.cost == pytest.approx(0.0011)
    console = Console(width=200, record=True, file=io.StringIO())
    print_summary(console, summary)
    shown = console.export_text()
    assert "unknown cost, 2 calls" in shown
    assert "$0.0011 and an unknown cost (2 calls of unknown, whose cost nobody knows, not counted in)" in shown
    assert "$0.0011 and an unknown cost" in summary_line(summary)


async def test_the_prices_of_a_run_are_in_its_settings_and_a_change_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with ModelServer() as server:
        settings = run_given(
            tmp_path, server, llm_models=["gpt-5-mini"], embedding_model=None, novelty_llm_models=[], llm_prices={}
        )
        async with open_run(settings) as run:
            evolution, kept = run.evolution, run.client.prices.as_kept(["gpt-5-mini"])
        dearer = Price(Rates(9.0, 9.0), source="genai-prices 99: openai/gpt-5-mini")
        monkeypatch.setattr("shinka_core.llm.prices.list_price", lambda *_: dearer)
        with caplog.at_level(logging.WARNING, "shinka.run"):
            async with open_run(settings, resume="auto") as run:
                assert run.client.prices.cost("gpt-5-mini", MILLION) == pytest.approx(2.25)
        told = [line for line in caplog.messages if "is counted as when it was first asked" in line]
        assert len(told) == 1
        async with EvolutionReader.open(settings.results_dir, evolution) as reader:
            assert (await reader.settings())[KEPT] == kept
