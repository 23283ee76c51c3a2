"""Questions about the search: paid once, kept, bounded, and nobody's end."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.errors import BudgetExhaustedError, ConfigError, ModelError, RunStoppedError
from shinka_core.llm.question import Message
from shinka_core.meta import asking
from shinka_core.meta.asking import ADVICE, IDEAS, ask, models_for
from shinka_core.meta.wording import Part, worded
from shinka_core.program import NO_GENERATION
from shinka_core.prompts import Prompt
from tests.support.meta import opened
from tests.support.model_server import ModelServer, Said, Script
from tests.support.runs import rows


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAUSES", (0.0, 0.0, 0.0))


def plain(room: int) -> Prompt:
    del room
    return Prompt("What you are.", "What is asked.", tokens=20)


def said(text: str) -> Script:
    return Script(answer=lambda messages, number: f"{text} {number}")


async def test_an_answer_is_durable_paid_under_its_purpose_and_never_asked_for_again(tmp_path: Path) -> None:
    prices = {"scripted": ModelPrice(input=10, output=10)}
    async with ModelServer(said("answer")) as server:
        async with opened(tmp_path, server.url, llm_prices=prices) as run:
            first = await ask(run, IDEAS, 12, plain)
            other = await ask(run, ADVICE, 12, plain)
            second = await ask(run, IDEAS, 12, plain, turn=1, history=(Message("assistant", "a"), Message("user", "b")))
            assert (first.text, other.text, second.text) == ("answer 0", "answer 1", "answer 2")
            assert run.budget.spent == pytest.approx(first.cost + other.cost + second.cost)
            assert (await run.database.summary()).costs == pytest.approx(
                {"idea": first.cost + second.cost, "advice": other.cost}
            )
        async with opened(tmp_path, server.url, llm_prices=prices, resume=True) as run:
            again = await ask(run, IDEAS, 12, plain)
            assert (again.text, again.replayed, again.cost) == (first.text, True, first.cost)
            assert (await ask(run, IDEAS, 12, plain, turn=1)).text == second.text
            assert run.budget.spent == pytest.approx(first.cost + other.cost + second.cost)
            assert not (await ask(run, IDEAS, 13, plain)).replayed
        assert len(server.requests) == 4
    assert [message["role"] for message in server.bodies[2]["messages"]] == ["system", "user", "assistant", "user"]
    assert set(rows(tmp_path / "results", "SELECT DISTINCT generation FROM model_calls")) == {(NO_GENERATION,)}


async def test_when_the_generations_are_all_done_answers_are_read_and_nothing_is_asked(tmp_path: Path) -> None:
    async with ModelServer(said("answer")) as server, opened(tmp_path, server.url) as run:
        first = await ask(run, IDEAS, 12, plain)
        run.over.set()
        assert (await ask(run, IDEAS, 12, plain)).text == first.text
        with pytest.raises(RunStoppedError, match="all done"):
            await ask(run, IDEAS, 12, plain, turn=1)
        assert len(server.requests) == 1


async def test_passing_faults_are_waited_for_and_lasting_ones_are_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script = Script(sequence=["error_500", "rate_limit", ""], retry_after=0.01)
    async with ModelServer(script) as server, opened(tmp_path, server.url) as run:
        assert (await ask(run, IDEAS, 5, plain)).text
        assert len(server.requests) == 3
        server.script.faults = {"error_404": 1.0}
        with caplog.at_level(logging.WARNING, "shinka.llm"):
            for number in (6, 7):
                with pytest.raises(ModelError):
                    await ask(run, IDEAS, number, plain)
        told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("ideas:")]
        assert len(told) == 1
        assert "llm_roles: {ideas: [MODEL]}" in told[0]
        assert len(server.requests) == 5, "a refusal is not asked again"


async def test_a_model_that_never_comes_back_is_asked_a_few_times(tmp_path: Path) -> None:
    async with ModelServer(Script(faults={"error_500": 1.0})) as server:
        async with opened(tmp_path, server.url, llm_retries=2) as run:
            with pytest.raises(ModelError):
                await ask(run, IDEAS, 5, plain)
        assert len(server.requests) == 3


async def test_a_question_that_is_too_long_is_asked_in_fewer_words(tmp_path: Path) -> None:
    def write(room: int) -> Prompt:
        return worded("System.", [Part("Most needed", "n" * 2_000, least=2_000), Part("Rest", "r" * 400_000)], room)

    async with ModelServer(Script(context=9_000)) as server, opened(tmp_path, server.url) as run:
        assert (await ask(run, IDEAS, 5, write)).text
        lengths = [len(body["messages"][1]["content"]) for body in server.bodies]
        assert lengths == sorted(lengths, reverse=True)
        assert lengths[0] > 9_000 > lengths[-1]
        assert "n" * 2_000 in server.bodies[-1]["messages"][1]["content"]


async def test_a_prompt_that_can_be_no_shorter_ends_the_question(tmp_path: Path) -> None:
    def write(room: int) -> Prompt:
        return worded("System.", [Part("Most needed", "n" * 20_000, least=20_000)], room)

    async with ModelServer(Script(context=9_000)) as server, opened(tmp_path, server.url) as run:
        with pytest.raises(ModelError):
            await ask(run, IDEAS, 5, write)
        assert len(server.requests) < 3


async def test_the_budget_bounds_it(tmp_path: Path) -> None:
    prices = {"scripted": ModelPrice(input=10, output=10_000)}
    async with ModelServer(said("answer")) as server:
        async with opened(tmp_path, server.url, llm_prices=prices, max_api_costs=0.001) as run:
            with pytest.raises(BudgetExhaustedError):
                await ask(run, IDEAS, 5, plain)
        assert not server.requests


async def test_a_run_that_stops_asks_nothing(tmp_path: Path) -> None:
    async with ModelServer(said("answer")) as server, opened(tmp_path, server.url) as run:
        run.control.stop("enough")
        with pytest.raises(RunStoppedError):
            await ask(run, IDEAS, 5, plain)
        assert not server.requests


async def test_the_role_says_whom_and_the_ensemble_stands_in_but_never_what_reads_no_text(tmp_path: Path) -> None:
    models: dict[str, Any] = {
        "llm_models": ["builtin/mutate", "light", "heavy"], "llm_weights": [9.0, 1.0, 2.0],
        "llm_roles": {"ideas": ["strong"]},
    }  # fmt: skip
    async with ModelServer(said("answer")) as server, opened(tmp_path, server.url, **models) as run:
        assert models_for(run.settings.evolve, IDEAS) == ["strong"]
        assert models_for(run.settings.evolve, ADVICE) == ["heavy", "light"]
        assert (await ask(run, IDEAS, 5, plain)).model == "strong"
        assert (await ask(run, ADVICE, 5, plain)).model == "heavy"
        server.script.dialect = lambda asked: (
            None
            if asked.body["model"] != "strong"
            else Said(404, {"error": {"message": "The model `strong` does not exist", "code": "model_not_found"}})
        )
        assert (await ask(run, IDEAS, 6, plain)).model in ("heavy", "light")
        server.script.dialect = lambda asked: Said(401, {"error": {"message": "Incorrect API key provided"}})
        with pytest.raises(ModelError):
            await ask(run, IDEAS, 7, plain)


async def test_without_a_model_that_writes_there_is_none_to_ask(tmp_path: Path) -> None:
    async with opened(tmp_path, "http://127.0.0.1:9/v1", llm_models=["builtin/mutate"]) as run:
        with pytest.raises(ConfigError, match=r"llm_roles: \{ideas: \[MODEL\]\}"):
            await ask(run, IDEAS, 5, plain)


def test_a_role_for_the_search_is_no_operator() -> None:
    config = EvolutionConfig(llm_models=["m"], llm_roles={"ideas": ["strong"], "fix": ["cheap"]})
    assert config.proposal_models == ["m", "cheap"]
    assert config.meta_models == ["strong"]
    with pytest.raises(ValueError, match="writes no text"):
        EvolutionConfig(llm_roles={"ideas": ["builtin/mutate"]})
