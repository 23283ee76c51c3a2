"""Every row of the provider table, against a server with that provider's manners: one contract for all of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import (
    ConfigError,
    EndpointError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    PromptRefusedError,
    PromptTooLongError,
    QuotaExhaustedError,
    RateLimitedError,
    UnusableAnswerError,
)
from shinka_core.launch.environment import is_secret
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.connect import connect
from shinka_core.llm.context import Contexts
from shinka_core.llm.endpoint import check_models, has_anthropic
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.program import Purpose, Usage
from shinka_core.providers import BY_PREFIX, PROVIDERS
from tests.support.manners import MANNERS, Manners
from tests.support.model_replies import response
from tests.support.model_server import Asked, ModelServer, Said, Script

KEY = "plain-key-of-the-provider-1"
OPENAIS_KEY = "sk-openai-12345678"
NEEDS_ANTHROPIC = pytest.mark.skipif(not has_anthropic(), reason="needs the extra anthropic")


def names(what: str = "") -> list[Any]:
    """The prefixes of all rows whose manners have that."""
    rows = [each.prefix for each in PROVIDERS if not what or getattr(MANNERS[each.prefix], what) is not None]
    return [pytest.param(prefix, marks=NEEDS_ANTHROPIC if prefix == "anthropic" else ()) for prefix in rows]


class Row:
    """One provider, asked at a server of this machine in the place of its own."""

    def __init__(self, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.prefix, self.manners = prefix, MANNERS[prefix]
        self.model = f"{prefix}/{self.manners.model}"
        self._monkeypatch = monkeypatch
        for row in PROVIDERS:
            for variable in row.keys:
                monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("OPENAI_API_KEY", OPENAIS_KEY)
        monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
        for variable in BY_PREFIX[prefix].keys[:1]:
            monkeypatch.setenv(variable, KEY)
        self.server = ModelServer(Script())
        self.prompt = "x = 1.0\n"

    async def ask(self, *said: Said | Callable[[Asked], Said], **fields: Any) -> RawAnswer:
        """What comes of one question when the server says these things one after the other."""
        replies = list(said)

        def dialect(asked: Asked) -> Said:
            reply = replies.pop(0) if len(replies) > 1 else replies[0]
            return reply(asked) if callable(reply) else reply

        self.server.script.dialect = dialect
        async with self.server as server:
            moved = replace(BY_PREFIX[self.prefix], base=server.url)
            self._monkeypatch.setitem(BY_PREFIX, self.prefix, moved)  # type: ignore[arg-type]
            settings = EvolutionConfig(llm_models=[self.model], **fields)
            provider = connect([self.model], settings, {})[self.model]
            try:
                return await provider.ask(
                    Question(CallKey(1, Purpose.PROPOSAL, 0, 0), self.model, "be terse", self.prompt, seed=1)
                )
            finally:
                await provider.close()

    async def refusal(self, said: Said, **fields: Any) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await self.ask(said, **fields)
        assert KEY not in str(caught.value)
        return caught.value


@pytest.fixture
def row(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Row:
    return Row(request.param, monkeypatch)


def manners_of(what: str = "") -> Any:
    return pytest.mark.parametrize("row", names(what), indirect=True)


def test_every_provider_has_manners_here() -> None:
    assert MANNERS.keys() == {each.prefix for each in PROVIDERS}, "write a Manners for the new row, and nothing else"
    assert all(isinstance(each, Manners) for each in MANNERS.values())


def test_evaluated_programs_see_no_key_of_any_provider() -> None:
    assert all(is_secret(variable, KEY) for each in PROVIDERS for variable in each.keys)


def test_only_servers_of_ones_own_have_no_limits() -> None:
    for each in PROVIDERS:
        manners = MANNERS[each.prefix]
        assert each.server or (manners.minute and manners.day and manners.wrong_key and manners.overflow), each.prefix


@manners_of()
async def test_an_answer_is_its_text_and_its_tokens_are_counted(row: Row) -> None:
    answer = await row.ask(row.manners.answer)
    text = answer.text.removeprefix("<reasoning>let me see</reasoning>")  # taken out where answers are read as programs
    assert (text, answer.cut) == ("the answer", "")
    assert answer.usage == row.manners.usage


@manners_of()
async def test_the_model_is_called_what_it_is_called_there_and_the_key_is_its_own(row: Row) -> None:
    await row.ask(row.manners.answer)
    [asked] = row.server.asked
    provider = BY_PREFIX[row.prefix]
    assert asked.body["model"] == (provider.inside if "/" not in row.manners.model else "") + row.manners.model
    sent = asked.headers.get("x-api-key") or asked.headers.get("authorization", "").removeprefix("Bearer ")
    own = OPENAIS_KEY if row.prefix == "openai" else KEY
    assert sent == (KEY if provider.keys else "") or (row.prefix == "openai" and sent == own)
    assert row.prefix == "openai" or OPENAIS_KEY not in str(asked.headers)


@manners_of("refused")
async def test_a_refused_prompt_is_told_from_everything_else(row: Row) -> None:
    assert row.manners.refused is not None
    assert isinstance(await row.refusal(row.manners.refused), PromptRefusedError)


@manners_of()
async def test_an_answer_used_up_by_thinking_says_what_to_raise(row: Row) -> None:
    error = await row.refusal(row.manners.cut)
    assert type(error) is UnusableAnswerError
    assert "cut off at its longest length" in str(error)
    assert error.usage is not None, "it is paid for"


@manners_of("minute")
async def test_a_limit_for_a_moment_is_waited_for(row: Row) -> None:
    assert row.manners.minute is not None
    error = await row.refusal(row.manners.minute)
    assert isinstance(error, RateLimitedError), error
    assert (error.retry_after or 0) <= 60


@manners_of("day")
async def test_a_limit_for_the_day_or_no_money_is_said_and_not_waited_for(row: Row) -> None:
    assert row.manners.day is not None
    assert isinstance(await row.refusal(row.manners.day), QuotaExhaustedError)


@manners_of()
async def test_a_provider_in_trouble_is_asked_again_later(row: Row) -> None:
    assert isinstance(await row.refusal(row.manners.overloaded), ModelUnavailableError | RateLimitedError)


@manners_of("overflow")
async def test_a_prompt_that_is_too_long_is_made_shorter(row: Row) -> None:
    assert row.manners.overflow is not None
    error = await row.refusal(row.manners.overflow)
    assert isinstance(error, PromptTooLongError), error
    assert error.context == row.manners.context
    contexts = Contexts([row.model], {row.model: 400_000}, {})
    before = contexts.room(row.model)
    contexts.refused(row.model, 200_000, error)
    assert (contexts.room(row.model) or 0) < (before or 0)


@manners_of("wrong_key")
async def test_a_wrong_key_names_its_variable(row: Row) -> None:
    assert row.manners.wrong_key is not None
    error = await row.refusal(row.manners.wrong_key)
    assert type(error) is EndpointError
    assert f"check the key in {BY_PREFIX[row.prefix].keys[0]}" in str(error)


@manners_of()
async def test_a_model_that_nobody_knows_is_the_models_fault_alone(row: Row) -> None:
    assert isinstance(await row.refusal(row.manners.unknown_model), ModelRefusedError)


@manners_of()
async def test_an_option_that_is_refused_is_left_out_and_said_once(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    option, refusal = row.manners.option

    def dialect(asked: Asked) -> Said:
        return refusal if option in asked.body else row.manners.answer

    caplog.set_level(logging.WARNING, logger="shinka.llm")
    answer = await row.ask(dialect, llm_kwargs={option: 5})
    assert answer.text
    assert [option in asked.body for asked in row.server.asked] == [True, False]
    assert sum("refuses the option" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("row", "model", "left_out"),
    [
        ("openai", "gpt-5-mini", {"temperature", "top_p"}),
        ("openai", "o3", {"temperature", "top_p"}),
        ("openai", "gpt-4.1", set[str]()),
        ("deepseek", "deepseek-reasoner", {"temperature", "top_p"}),
        pytest.param("anthropic", "claude-sonnet-4-6", set[str](), marks=NEEDS_ANTHROPIC),
        pytest.param("anthropic", "claude-opus-4-8", {"temperature", "top_p"}, marks=NEEDS_ANTHROPIC),
        ("bedrock", "us.anthropic.claude-opus-4-7-v1:0", {"temperature", "top_p"}),
    ],
    indirect=["row"],
)
async def test_what_a_row_knows_to_be_refused_is_not_sent_unless_the_settings_say_it_of_the_model(
    row: Row, model: str, left_out: set[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="shinka.llm")
    row.model = f"{row.prefix}/{model}"
    options = {"temperature": 0.5, "top_p": 0.9}
    await row.ask(row.manners.answer, llm_kwargs=options)
    assert options.keys() - row.server.asked[0].body.keys() == left_out
    assert sum("is asked without" in record.message for record in caplog.records) == bool(left_out)
    own = {row.model: {"temperature": 1.0}}
    row.server = ModelServer(Script())
    await row.ask(row.manners.answer, llm_model_kwargs=own)
    assert row.server.asked[0].body["temperature"] == 1.0


@pytest.mark.parametrize("row", ["ollama"], indirect=True)
async def test_a_server_that_cuts_prompts_without_a_word_is_found_out(
    row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="shinka.llm")
    row.prompt = "x = 1.0\n" * 4_000  # some 10,000 tokens, of which 1,200 are counted
    await row.ask(row.manners.answer)
    assert sum("the rest was cut off" in record.message for record in caplog.records) == 1
    assert "OLLAMA_CONTEXT_LENGTH" in caplog.text


@pytest.mark.skipif(has_anthropic(), reason="of an environment without the extra anthropic")
@pytest.mark.parametrize("row", ["anthropic"], indirect=True)
async def test_claude_without_its_library_is_asked_in_the_compatible_interface(
    row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="shinka.llm")
    await row.ask(MANNERS["openai"].answer)
    assert row.server.asked[0].path == "/v1/chat/completions"
    assert "pip install 'shinka-prefect[anthropic]'" in caplog.text
    moonshot = "kimi-k2@https://api.moonshot.ai/anthropic?api_key_env=ANTHROPIC_API_KEY"
    with pytest.raises(ConfigError, match=r"pip install 'shinka-prefect\[anthropic\]'"):
        check_models(EvolutionConfig(llm_models=[moonshot]))


@pytest.mark.parametrize("row", [each.prefix for each in PROVIDERS if "responses" in each.interfaces], indirect=True)
async def test_who_has_both_interfaces_is_asked_in_the_one_of_the_settings(row: Row) -> None:
    def dialect(asked: Asked) -> Said:
        return Said(200, response(asked.body, "the answer", "", 1200, 350, 1024))

    if row.prefix == "openai":
        row.model = "openai/o3"
    answer = await row.ask(dialect, llm_api="responses", llm_kwargs={"max_tokens": 100, "temperature": 0.5})
    assert ("temperature" in row.server.asked[0].body) == (row.prefix != "openai"), "a row is asked by the model's name"
    assert (answer.text, answer.usage) == ("the answer", Usage(1200, 350, 1024))
    assert row.server.asked[0].path == "/v1/responses"
    assert row.server.asked[0].body["max_output_tokens"] == 100


async def test_an_ensemble_of_several_providers_is_asked_each_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Row(prefix, monkeypatch) for prefix in ("groq", "ollama", "gemini")]
    for row in rows:
        for variable in BY_PREFIX[row.prefix].keys[:1]:
            monkeypatch.setenv(variable, f"plain-key-of-{row.prefix}")
    async with rows[0].server as groq, rows[1].server as ollama, rows[2].server as gemini, ModelServer() as own:
        for row, server in zip(rows, (groq, ollama, gemini), strict=True):
            monkeypatch.setitem(BY_PREFIX, row.prefix, replace(BY_PREFIX[row.prefix], base=server.url))  # type: ignore[arg-type]
        models = [*(row.model for row in rows), f"local/mine@{own.url}?api_key_env=MY_OWN_KEY"]
        monkeypatch.setenv("MY_OWN_KEY", "plain-key-of-mine")
        client = AsyncLLMClient.from_config(EvolutionConfig(llm_models=models), ledger=MemoryLedger())
        for number, model in enumerate(models):
            asked = Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "s", "x = 1.0\n", seed=1)
            assert (await client.query(asked)).model == model
        await client.close()
        seen = [server.asked[0].headers.get("authorization") for server in (groq, ollama, gemini, own)]
        assert seen == ["Bearer plain-key-of-groq", None, "Bearer plain-key-of-gemini", "Bearer plain-key-of-mine"]
        assert [len(server.asked) for server in (groq, ollama, gemini, own)] == [1, 1, 1, 1]
        assert own.asked[0].path == "/v1/chat/completions"
        assert own.asked[0].body["model"] == "mine"
