"""`LLMClient`: a model asked from an evaluator or a script, without `await`."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Message, Question
from shinka_core.opened.waiting import wait_for
from shinka_core.program import NO_GENERATION, Purpose

T = TypeVar("T")
# Efforts that say: do not ask for any.
NO_EFFORT = ("", "disabled", "auto", "none", None)
NOTHING_FOUND = "none"


@dataclass(frozen=True)
class QueryResult:
    """An answer.

    Attributes:
        content: What the model said.
        new_msg_history: The conversation with this question and its answer.
        cost: US dollars; 0 where no price is known, as there.
    """

    content: str
    msg: str
    system_msg: str
    new_msg_history: list[dict[str, Any]]
    model_name: str
    kwargs: dict[str, Any]
    input_tokens: int
    output_tokens: int
    thinking_tokens: int = 0
    cost: float = 0.0
    input_cost: float = 0.0
    output_cost: float = 0.0
    thought: str = ""
    model_posteriors: dict[str, float] = field(default_factory=dict[str, float])
    num_tool_calls: int = 0
    num_total_queries: int = 1

    def to_dict(self) -> dict[str, Any]:
        """All of it by name."""
        return asdict(self)


class LLMClient:
    """Asks one of several models, with options drawn for each question."""

    def __init__(
        self,
        model_names: list[str] | str,
        temperatures: float | list[float] = 0.75,
        max_tokens: int | list[int] = 4096,
        reasoning_efforts: str | list[str] = "disabled",
        model_sample_probs: list[float] | None = None,
        output_model: object | None = None,
        verbose: bool = True,
        headless_work_dir: str | None = None,
    ) -> None:
        """Takes note of the models and their options.

        Args:
            model_names: As in `llm_models`; keys are read from the environment.
            temperatures: One value, or several of which one is drawn for each question; so with the next two.
            max_tokens: Of an answer.
            reasoning_efforts: "disabled" or "auto" asks for none.
            model_sample_probs: One per model; None draws them equally.
            output_model: Answers of a given form are not asked for.
            verbose: Taken for the sake of scripts, as the next one.
            headless_work_dir: Not used.

        Raises:
            ConfigError: A form is asked for, or probabilities do not go with the models.
        """
        if output_model is not None:
            raise ConfigError(
                f"output_model={output_model!r}: answers of a given form are not asked for here; say the form in the "
                "message, and read it with extract_between"
            )
        self.model_names = [model_names] if isinstance(model_names, str) else list(model_names)
        if model_sample_probs is not None and len(model_sample_probs) != len(self.model_names):
            raise ConfigError(f"model_sample_probs={model_sample_probs} must have one value for each of {model_names}")
        self.temperatures, self.max_tokens, self.reasoning_efforts = temperatures, max_tokens, reasoning_efforts
        self.model_sample_probs, self.verbose, self.headless_work_dir = model_sample_probs, verbose, headless_work_dir
        self.output_model = None
        self._numbers = itertools.count()

    def get_kwargs(self, model_sample_probs: list[float] | None = None) -> dict[str, Any]:
        """A model and its options, drawn for one question."""
        model = random.choices(self.model_names, model_sample_probs or self.model_sample_probs)[0]
        drawn = {"temperature": _one(self.temperatures), "max_tokens": _one(self.max_tokens)}
        effort = _one(self.reasoning_efforts)
        return {"model_name": model, **drawn} | ({} if effort in NO_EFFORT else {"reasoning_effort": effort})

    def query(
        self,
        msg: str,
        system_msg: str,
        msg_history: Sequence[Mapping[str, Any]] = (),
        llm_kwargs: Mapping[str, Any] | None = None,
        model_sample_probs: list[float] | None = None,
        model_posterior: Sequence[float] | None = None,
    ) -> QueryResult:
        """Asks once, and waits.

        Args:
            msg_history: Earlier turns, `{"role": ..., "content": ...}`, oldest first.
            llm_kwargs: Of `get_kwargs`, and more of what the endpoint takes; drawn where nothing is given.
            model_sample_probs: Instead of those of the client.
            model_posterior: Repeated in the result.

        Raises:
            ConfigError: A model is unknown, or a key is missing.
            ModelError: The model did not answer, also when asked again.
        """
        found = _waited(
            self._ask(msg, system_msg, msg_history, {**self.get_kwargs(model_sample_probs), **(llm_kwargs or {})})
        )
        if model_posterior is not None:
            found.model_posteriors.update(zip(self.model_names, map(float, model_posterior), strict=False))
        return found

    def batch_kwargs_query(
        self,
        num_samples: int,
        msg: str | list[str],
        system_msg: str | list[str],
        msg_history: Sequence[Any] = (),
        model_sample_probs: list[float] | None = None,
    ) -> list[QueryResult]:
        """Asks several times at once, each time with options of its own.

        Returns:
            The answers in order, without those that there are none of.
        """
        options = [self.get_kwargs(model_sample_probs) for _ in range(num_samples)]
        return self.batch_query(num_samples, msg, system_msg, msg_history, options)

    def batch_query(
        self,
        num_samples: int,
        msg: str | list[str],
        system_msg: str | list[str],
        msg_history: Sequence[Any] = (),
        llm_kwargs: Sequence[Mapping[str, Any]] = (),
    ) -> list[QueryResult]:
        """Asks several times at once.

        Args:
            llm_kwargs: One for each question.

        Returns:
            The answers in order, without those that there are none of.
        """
        messages = [msg] * num_samples if isinstance(msg, str) else msg
        systems = [system_msg] * len(messages) if isinstance(system_msg, str) else system_msg
        alike = not msg_history or isinstance(msg_history[0], Mapping)
        histories = [msg_history] * len(messages) if alike else msg_history
        options = llm_kwargs or [self.get_kwargs() for _ in messages]

        async def all_of_them() -> list[QueryResult | BaseException]:
            asked = (self._ask(*one) for one in zip(messages, systems, histories, options, strict=True))
            return await asyncio.gather(*asked, return_exceptions=True)

        return [one for one in _waited(all_of_them()) if isinstance(one, QueryResult)]

    async def _ask(
        self, msg: str, system_msg: str, history: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
    ) -> QueryResult:
        kwargs = {name: value for name, value in options.items() if name not in ("model_name", "headless_work_dir")}
        model = str(options.get("model_name") or self.get_kwargs()["model_name"])
        config = EvolutionConfig(llm_models=[model], llm_kwargs=kwargs, unknown_prices="warn")
        client = AsyncLLMClient.from_config(config, ledger=MemoryLedger())
        earlier = [Message(str(turn["role"]), str(turn["content"])) for turn in history]
        first, *later = [*earlier, Message("user", msg)]
        key = CallKey(NO_GENERATION, Purpose.ADVICE, 0, next(self._numbers))
        try:
            answer = await client.query(
                Question(key, model, system_msg, first.content, random.getrandbits(31), tuple(later))
            )
        finally:
            await client.close()
        said = {"role": "assistant", "content": answer.text}
        return QueryResult(
            content=answer.text,
            msg=msg,
            system_msg=system_msg,
            new_msg_history=[*map(dict, history), {"role": "user", "content": msg}, said],
            model_name=model,
            kwargs=dict(kwargs),
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
            thinking_tokens=answer.usage.reasoning_tokens,
            cost=answer.cost or 0.0,
        )


def extract_between(
    content: str, start: str = "<json>", end: str = "</json>", return_dict: bool = True, fallback: bool = False
) -> Any:
    """What stands between two marks.

    Args:
        start: A regular expression, as `end`.
        return_dict: Read it as JSON.
        fallback: Without the marks take what stands in the first fence.

    Returns:
        The text or its JSON value; "none" where there is nothing.

    Raises:
        ValueError: It is no JSON.
    """
    fence = r"```(?:\w+\n)?"
    for before, after in ((start, end), *(((fence, "```"),) if fallback else ())):
        found = re.search(f"{before}(.*?){after}", content, re.DOTALL)
        if found is not None:
            text = found.group(found.lastindex or 1).strip()
            return json.loads(text) if return_dict else text
    return NOTHING_FOUND


def _one(value: Any) -> Any:
    return random.choice(cast("list[Any]", value)) if isinstance(value, list | tuple) else value


def _waited(work: Coroutine[Any, Any, T]) -> T:
    with suppress(RuntimeError):
        asyncio.get_running_loop()
        return wait_for(work)
    return asyncio.run(work)
