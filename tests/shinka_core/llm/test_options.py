"""Options that are a choice: drawn for each question, the same for the same question, other lists left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka_core.config import EvolutionConfig
from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import check_models
from shinka_core.llm.options import drawn
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.program import Purpose
from tests.shinka_core.database.test_programs import name, opened
from tests.support.model_server import ModelServer, Script


def key(attempt: int = 0, turn: int = 0) -> CallKey:
    return CallKey(1, Purpose.PROPOSAL, attempt, turn)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31 - 1), attempt=st.integers(0, 5), turn=st.integers(0, 5))
def test_one_of_the_values_is_drawn_and_the_same_for_the_same_question(seed: int, attempt: int, turn: int) -> None:
    options = {"temperature": [0.2, 0.7, 1.0], "stop": ["a", "b"], "top_p": 0.9, "reasoning": {"effort": ["low"]}}
    once = drawn(options, key(attempt, turn), seed)
    assert once == drawn(options, key(attempt, turn), seed)
    assert once["temperature"] in (0.2, 0.7, 1.0)
    assert once == {"temperature": once["temperature"], "reasoning": {"effort": "low"}}


def test_every_value_comes_up_over_seeds_and_turns() -> None:
    options = {"temperature": [0.2, 0.7, 1.0]}
    assert {drawn(options, key(), seed)["temperature"] for seed in range(40)} == {0.2, 0.7, 1.0}
    assert len({drawn(options, key(0, turn), 1)["temperature"] for turn in range(20)}) > 1
    assert drawn({"temperature": 0.5}, key(), 1) == {}


def test_a_choice_among_nothing_is_refused() -> None:
    config = EvolutionConfig(llm_models=["m"], llm_base_url="http://h/v1", llm_kwargs={"temperature": []})
    with pytest.raises(ConfigError, match=r"llm_kwargs gives 'temperature' nothing to choose from"):
        check_models(config)


async def test_what_is_drawn_is_what_is_sent_by_model() -> None:
    async with ModelServer(Script()) as server:
        config = EvolutionConfig(
            llm_models=["one", "two"],
            llm_base_url=server.url,
            llm_kwargs={"temperature": [0.2, 0.7]},
            llm_model_kwargs={"two": {"temperature": None, "reasoning_effort": ["low", "high"]}},
            unknown_prices="warn",
        )
        client = AsyncLLMClient.from_config(config)
        sent: list[dict[str, Any]] = []
        provider = client._providers["one"]
        request = provider._request  # pyright: ignore

        def note(question: Question, dialect: Any, wire: Any) -> Any:
            made = request(question, dialect, wire)
            sent.append(made[0])
            return made

        provider._request = note  # pyright: ignore
        for turn, model in enumerate(("one", "two")):
            question = Question(key(0, turn), model, "s", "change\n```python\nx = 1\n```", seed=5)
            await client.query(question)
        await client.close()
    assert sent[0]["temperature"] == drawn({"temperature": [0.2, 0.7]}, key(0, 0), 5)["temperature"]
    assert "temperature" not in sent[1]
    assert sent[1]["reasoning_effort"] in ("low", "high")


async def test_what_is_drawn_is_stored_with_the_call(tmp_path: Path, database_url: str | None) -> None:
    choice: dict[str, Any] = {"temperature": [0.2, 0.7, 1.0], "reasoning": {"effort": ["low", "high"]}}
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(1)
        client = AsyncLLMClient(
            dict.fromkeys(("one", "two"), Saying()),
            weights={"one": 1.0, "two": 1.0},
            ledger=db.calls,
            options={"one": choice, "two": {"top_p": 0.9}},
        )
        for turn, model in enumerate(("one", "one", "two")):
            await client.query(Question(key(0, turn), model, "s", "u", seed=5))
        async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", run) as reader:
            stored = [call.options async for call in reader.calls(texts=True)]
            assert [call.options async for call in reader.calls()] == [None] * 3
    assert stored == [drawn(choice, key(0, 0), 5), drawn(choice, key(0, 1), 5), {}]


class Saying:
    """A provider that says who was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def ask(self, question: Question) -> RawAnswer:
        self.asked.append(question.model)
        return RawAnswer("an answer")

    async def close(self) -> None:
        pass


async def test_a_model_with_a_role_answers_its_own_questions_and_takes_over_no_other() -> None:
    from shinka_core.llm.ledger import MemoryLedger

    provider = Saying()
    client = AsyncLLMClient(
        dict.fromkeys(("big", "small"), provider), weights={"big": 1.0}, others=["small"], ledger=MemoryLedger()
    )
    assert client.has("small")
    assert client.weighted() == {"big": 1.0}
    assert client.weighted(["small"]) == {"small": 1.0}
    await client.query(Question(key(0), "small", "", "", 0))
    client.spare("big")
    await client.query(Question(key(1), "big", "", "", 0))
    assert provider.asked == ["small", "big"]
    client.spare("small")
    client._roster._rest.pop("big")
    await client.query(Question(key(2), "small", "", "", 0))
    assert provider.asked[-1] == "big"


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ({"mend": ["m"]}, r"llm_roles names 'mend', which is no operator of this run; known: .*'fix'"),
        ({"novelty": ["m"]}, r"llm_roles names 'novelty'; set novelty_llm_models instead"),
        ({"fix": []}, r"llm_roles gives 'fix' no model"),
        ({"fix": ["m", "m"]}, r"llm_roles gives 'fix' a model twice"),
    ],
)
def test_a_role_names_an_operator_and_its_models(roles: dict[str, list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EvolutionConfig(llm_roles=roles)


def test_a_model_with_a_role_may_have_options_limits_and_a_context() -> None:
    config = EvolutionConfig(
        llm_roles={"fix": ["cheap"]},
        llm_model_kwargs={"cheap": {"temperature": 0}},
        model_limits={"cheap": 2},
        llm_context_tokens={"cheap": 9_000},
    )
    assert config.proposal_models == ["builtin/mutate", "cheap"]
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        check_models(config)
