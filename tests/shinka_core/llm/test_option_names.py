"""Options by model and by purpose, in ShinkaEvolve's words too; and mistyped ones, all found before anything is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka_core.config import DatabaseConfig, EvolutionConfig, job_of
from shinka_core.errors import ConfigError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import check_models
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.option_names import known_options
from shinka_core.llm.options import for_interface
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Purpose
from shinka_core.settings import RunSettings, kept, restored
from tests.shinka_core.llm.test_options import Saying
from tests.support.model_server import ModelServer

HOST = "http://127.0.0.1:9/v1"


def config(*models: str, **fields: Any) -> EvolutionConfig:
    return EvolutionConfig(llm_models=list(models) or ["one", "two"], llm_base_url=HOST, **fields)


def test_options_of_one_model_stand_under_its_name_over_those_of_all() -> None:
    both = config(
        "gpt-5",
        "openai/gpt-4o",
        f"qwen@{HOST}",
        llm_kwargs={
            "temperature": 0.7,
            "max_tokens": 100,
            "gpt-5": {"temperature": None, "reasoning_effort": "high"},
            "qwen": {"top_k": 20},
        },
        llm_model_kwargs={"gpt-5": {"reasoning_effort": "low"}},
    )
    check_models(both)
    assert both.options_for("gpt-5") == {"max_tokens": 100, "reasoning_effort": "low"}
    assert both.options_for("openai/gpt-4o") == {"temperature": 0.7, "max_tokens": 100}
    assert both.options_for(f"qwen@{HOST}") == {"temperature": 0.7, "max_tokens": 100, "top_k": 20}
    assert both.own_options("gpt-5") == {"temperature", "reasoning_effort"}


def test_the_plurals_of_shinka_evolve_are_choices_and_weights() -> None:
    theirs = config(
        llm_kwargs={
            "temperatures": [0.0, 0.5, 1.0],
            "reasoning_efforts": ["disabled", "min", "medium", "max"],
            "max_tokens": [4096, 16384],
            "model_sample_probs": [0.25, 0.75],
        }
    )
    check_models(theirs)
    assert theirs.llm_weights == [0.25, 0.75]
    assert theirs.options_for("one") == {
        "temperature": [0.0, 0.5, 1.0],
        "reasoning_effort": [None, "low", "medium", "high"],
        "max_tokens": [4096, 16384],
    }
    assert config(llm_kwargs={"temperatures": 0.5}).options_for("one") == {"temperature": 0.5}
    with pytest.raises(ValueError, match=r"model_sample_probs and llm_weights both say .*say llm_weights alone"):
        config(llm_weights=[1, 2], llm_kwargs={"model_sample_probs": [0.5, 0.5]})


def test_options_of_models_that_are_asked_no_more_go_with_them(tmp_path: Path) -> None:
    before = config(
        "one", "two", llm_kwargs={"temperature": 1, "two": {"top_k": 5}, "one": {"top_k": 6}}, llm_model_kwargs={"two": {"top_p": 1}}
    )  # fmt: skip
    kept_before = kept(RunSettings("e", tmp_path, before, job_of({}), DatabaseConfig()))
    given = EvolutionConfig(llm_models=["one", "three"])
    now = restored(kept_before, RunSettings("e", tmp_path, given, job_of({}), DatabaseConfig())).evolve
    assert now.llm_kwargs == {"temperature": 1, "one": {"top_k": 6}}
    assert now.llm_model_kwargs == {}


def test_questions_for_a_purpose_have_its_options() -> None:
    own = config(
        llm_kwargs={"temperature": 0.7, "one": {"top_p": 0.9}},
        novelty_llm_models=["judge"],
        novelty_llm_kwargs={"temperature": 0, "judge": {"max_tokens": 50}},
        meta_llm_kwargs={"temperatures": [0.1, 0.2]},
        prompt_llm_kwargs={"reasoning_effort": "high"},
    )
    assert own.options_for("judge", Purpose.NOVELTY) == {"temperature": 0, "max_tokens": 50}
    assert own.options_for("one", Purpose.ADVICE) == {"temperature": [0.1, 0.2], "top_p": 0.9}
    assert own.options_for("one", Purpose.SYSTEM_PROMPT)["reasoning_effort"] == "high"
    assert own.options_for("one", Purpose.PROPOSAL) == own.options_for("one") == {"temperature": 0.7, "top_p": 0.9}


MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "mistyped": ({"llm_kwargs": {"temprature": 1}}, ["llm_kwargs holds 'temprature'", "did you mean 'temperature'"]),
    "all at once": (
        {"llm_kwargs": {"tempratures": 1, "max_token": 5}, "novelty_llm_kwargs": {"efort": 1}},
        ["'temperatures'", "'max_tokens'", "novelty_llm_kwargs holds 'efort'"],
    ),
    "no model": ({"llm_kwargs": {"onee": {"top_k": 1}}}, ["'onee', which is no model of this run", "'one'"]),
    "in a section": ({"llm_kwargs": {"one": {"topk": 1}}}, ["llm_kwargs['one'] holds 'topk'", "'top_k'"]),
    "nothing like it": ({"llm_kwargs": {"zzz": 1}}, ["extra_body: {zzz: ...}"]),
    "twice": ({"llm_kwargs": {"temperature": 1, "temperatures": [1]}}, ["'temperatures' and 'temperature'"]),
    "no number": ({"llm_kwargs": {"temperatures": ["hot"]}}, ["'temperature' ['hot']; it is a number"]),
    "no tokens": ({"llm_kwargs": {"max_tokens": [0, 5]}}, ["'max_tokens' [0, 5]", "above 0"]),
    "weights of a role": ({"meta_llm_kwargs": {"model_sample_probs": [1.0]}}, ["models of a role are asked in turn"]),
    "nothing to choose": ({"prompt_llm_kwargs": {"temperatures": []}}, ["nothing to choose from"]),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_cannot_be_sent_is_refused_before_the_run(case: str) -> None:
    fields, said = MISTAKES[case]
    with pytest.raises(ConfigError) as refused:
        check_models(config(**fields))
    assert all(words in str(refused.value) for words in said), refused.value


def test_the_interface_decides_what_is_known() -> None:
    check_models(config(llm_kwargs={"frequency_penalty": 1, "extra_body": {"anything": 1}}))
    check_models(config(llm_api="responses", llm_kwargs={"truncation": "auto", "max_tokens": 5, "verbosity": "low"}))
    with pytest.raises(ConfigError, match="truncation"):
        check_models(config(llm_kwargs={"truncation": "auto"}))
    with pytest.raises(ConfigError, match="logit_bias"):
        check_models(config(llm_api="responses", llm_kwargs={"logit_bias": {}}))
    assert {"max_tokens", "thinking", "top_k"} <= known_options("messages")


def test_each_interface_has_its_own_names() -> None:
    said = {"max_tokens": 5, "reasoning_effort": "low", "verbosity": "high", "temperature": None, "top_p": 0.5}
    assert for_interface("chat", said) == {key: value for key, value in said.items() if value is not None}
    assert for_interface("responses", said | {"reasoning": {"summary": "auto"}}) == {
        "max_output_tokens": 5, "top_p": 0.5, "reasoning": {"effort": "low", "summary": "auto"}, "text": {"verbosity": "high"},
    }  # fmt: skip


CHOICES = st.fixed_dictionaries(
    {
        "temperatures": st.lists(st.floats(0, 2), min_size=1, max_size=4, unique=True),
        "reasoning_efforts": st.lists(
            st.sampled_from(["disabled", "low", "medium", "high"]), min_size=1, max_size=4, unique=True
        ),
        "max_tokens": st.lists(st.integers(1, 10_000), min_size=1, max_size=4, unique=True),
    }
)


async def asked(config: EvolutionConfig, ledger: MemoryLedger, seeds: range) -> list[dict[str, Any]]:
    """What each of some questions was sent."""
    sent: list[dict[str, Any]] = []

    class Noting(Saying):
        async def ask(self, question: Question) -> Any:
            sent.append(dict(question.options))
            return await super().ask(question)

    provider = Noting()
    client = AsyncLLMClient(
        {"one": provider}, weights={"one": 1.0}, ledger=ledger, options={"one": config.options_for("one")}
    )
    for seed in seeds:
        await client.query(Question(CallKey(seed, Purpose.PROPOSAL, 0, 0), "one", "s", "u", seed=seed))
    return sent


@settings(max_examples=40)  # each asks 180 questions
@given(options=CHOICES)
def test_every_value_of_a_list_is_drawn_by_the_seed_alone(options: dict[str, list[Any]]) -> None:
    import asyncio

    own = config(llm_kwargs=options)
    ledger = MemoryLedger()
    first = asyncio.run(asked(own, ledger, range(60)))
    assert asyncio.run(asked(own, MemoryLedger(), range(60))) == first  # a run that is resumed draws the same
    assert asyncio.run(asked(own, ledger, range(60))) == []  # and asks nothing again
    for name, values in own.options_for("one").items():
        assert {each[name] for each in first} == set(values)


async def test_a_drawn_limit_bounds_what_is_set_aside_and_what_is_sent() -> None:
    async with ModelServer() as server:
        fields: dict[str, Any] = {
            "llm_models": ["m"], "llm_base_url": server.url, "max_api_costs": 1.0,
            "llm_prices": {"m": {"input": 1, "output": 1}}, "llm_kwargs": {"max_tokens": [100, 200]},
            "novelty_llm_models": ["m"], "novelty_llm_kwargs": {"max_tokens": 7, "temperature": 0},
            "meta_llm_kwargs": {"max_tokens": None},
        }  # fmt: skip
        client = AsyncLLMClient.from_config(EvolutionConfig(**fields))
        for seed in range(12):
            await client.query(Question(CallKey(seed, Purpose.PROPOSAL, 0, 0), "m", "s", "```python\nx = 1\n```", seed))
        for purpose in (Purpose.NOVELTY, Purpose.ADVICE):
            await client.query(Question(CallKey(1, purpose, 0, 0), "m", "s", "```python\nx = 1\n```", 1))
        await client.close()
    limits = [body.get("max_tokens") for body in server.bodies]
    assert set(limits[:12]) == {100, 200}
    assert (limits[12], server.bodies[12]["temperature"]) == (7, 0)
    assert (limits[13] or 0) > 200  # what a budget allows where nothing is said


async def test_a_temperature_goes_without_an_effort_unless_it_is_said_of_the_model() -> None:
    async with ModelServer() as server:
        own = EvolutionConfig(
            llm_models=["thinks", "both", "cold"],
            llm_base_url=server.url,
            unknown_prices="warn",
            llm_kwargs={
                "temperature": 0.5,
                "reasoning_effort": "high",
                "both": {"temperature": 0.7},
                "cold": {"reasoning_effort": None},
            },
        )
        client = AsyncLLMClient.from_config(own)
        for number, model in enumerate(own.llm_models):
            await client.query(
                Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "s", "```python\nx = 1\n```", 1)
            )
        await client.close()
    thinks, both, cold = server.bodies
    assert ("temperature" in thinks, thinks["reasoning_effort"]) == (False, "high")
    assert (both["temperature"], both["reasoning_effort"]) == (0.7, "high")
    assert (cold["temperature"], "reasoning_effort" in cold) == (0.5, False)
