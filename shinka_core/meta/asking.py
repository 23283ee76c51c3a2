"""Asking a model about the search itself: paid from the run's budget, kept like every call, and never twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shinka_core.config import EvolutionConfig
from shinka_core.errors import (
    BudgetExhaustedError,
    ConfigError,
    ModelError,
    ModelsOutError,
    PromptTooLongError,
    RunStoppedError,
)
from shinka_core.llm.question import CallKey, Message, Question
from shinka_core.model_address import is_builtin
from shinka_core.periodic import OpenRun
from shinka_core.program import NO_GENERATION, Answer, Purpose
from shinka_core.prompts import Prompt
from shinka_core.prompts.token_estimate import tokens_at_most

logger = logging.getLogger("shinka.meta")

# Seconds before each time that a question is asked again after a passing fault; no more of them than `llm_retries`.
PAUSES = (1.0, 4.0, 16.0)
# What a provider asks to wait that is waited for.
LONGEST_PAUSE = 60.0
# Times that a question which the endpoint finds too long is asked again in fewer words.
SHORTENINGS = 6

# What ends such a question and nothing else.
Unanswered = (ModelError, ModelsOutError, BudgetExhaustedError)


@dataclass(frozen=True, slots=True)
class Role:
    """What a model is asked about the search.

    Attributes:
        name: Of the models in `llm_roles`.
        purpose: Under which it is counted.
    """

    name: str
    purpose: Purpose


IDEAS = Role("ideas", Purpose.IDEA)
ADVICE = Role("advice", Purpose.ADVICE)
SYSTEM_PROMPTS = Role("system_prompts", Purpose.SYSTEM_PROMPT)
BOOTSTRAP = Role("bootstrap", Purpose.BOOTSTRAP)
DIRECTIONS = Role("directions", Purpose.DIRECTIONS)


def key_of(role: Role, recorded: int, turn: int = 0) -> CallKey:
    """Names a question of that role at so many recorded programs."""
    return CallKey(NO_GENERATION, role.purpose, recorded, turn)


def models_for(evolve: EvolutionConfig, role: Role) -> list[str]:
    """The models that may be asked, the one to be asked first of all first; none where all are built in.

    Those of the role; otherwise those of the ensemble, the heaviest first.
    """
    own = evolve.llm_roles.get(role.name)
    if own:
        return own
    weights = evolve.llm_weights or [1.0] * len(evolve.llm_models)
    weighted = sorted(zip(evolve.llm_models, weights, strict=True), key=lambda pair: -pair[1])
    return [model for model, weight in weighted if weight > 0 and not is_builtin(model)]


async def ask(
    run: OpenRun,
    role: Role,
    recorded: int,
    write: Callable[[int], Prompt],
    *,
    turn: int = 0,
    history: Sequence[Message] = (),
) -> Answer:
    """Asks once; an answer that ever arrived at that number, turn and purpose is read back instead.

    The answer is durable when this returns. A passing fault is waited for and asked again a few times, and a prompt
    that the endpoint finds too long is made shorter.

    Args:
        recorded: Programs that were recorded when the question became due: it names the question.
        write: Makes the prompt for so many tokens of room; called again when it turns out to be less.
        turn: Question at that number, from 0.
        history: The answers before, each followed by what was wrong with it; they count against the room.

    Raises:
        ModelError: No answer; told once for each model, with the remedy.
        ModelsOutError: No model of the run can be asked any more.
        BudgetExhaustedError: The call could pass the budget.
        ConfigError: There is no model to ask.
        RunStoppedError: The run is being stopped, or its generations are all done.
    """
    key = key_of(role, recorded, turn)
    stored = await run.database.calls.find(key)
    if stored is not None:
        return stored
    if run.over.is_set():
        raise RunStoppedError("the generations are all done")
    models = models_for(run.settings.evolve, role)
    if not models:
        raise ConfigError(
            f"there is no model to ask for {role.name}: llm_models={run.settings.evolve.llm_models} are built in; name "
            f"one in llm_roles: {{{role.name}: [MODEL]}}"
        )
    for number, pause in enumerate((*PAUSES[: run.settings.evolve.llm_retries], None)):
        run.control.check()
        able = list(run.client.weighted(models))
        model = able[number % len(able)]
        try:
            return await _fitting(run, key, model, write, history)
        except ModelError as error:
            if pause is None or not error.retryable:
                tell(run, role, error.model or model, error)
                raise
            logger.info("%s is asked for again: %s", role.name, error)
            await run.control.check_for(min(max(pause, error.retry_after or 0.0), LONGEST_PAUSE))
        except (ModelsOutError, BudgetExhaustedError) as error:
            tell(run, role, model, error)
            raise
    raise AssertionError("the last error is raised")


async def _fitting(
    run: OpenRun, key: CallKey, model: str, write: Callable[[int], Prompt], history: Sequence[Message]
) -> Answer:
    """Asks in as many words as the model reads."""
    models = {model}
    for left in reversed(range(SHORTENINGS + 1)):
        taken = sum(tokens_at_most(message.content) for message in history)
        room = min(room for other in models if (room := run.contexts.room(other)) is not None) - taken
        prompt = await asyncio.to_thread(write, max(room, 1))
        seed = 1_000_003 * key.attempt + key.turn
        question = Question(key, model, prompt.system, prompt.user, seed=seed, history=tuple(history))
        try:
            return await run.client.query(question)
        except PromptTooLongError as error:
            if not left or not prompt.fits:
                raise
            # Congestion may have led the question to another model, which reads less.
            models.add(error.model or model)
            run.contexts.refused(error.model or model, prompt.tokens + taken, error)
    raise AssertionError("the last one is raised")


def tell(run: OpenRun, role: Role, model: str, error: Exception) -> None:
    """Says what failed and what can be done, once for each model."""
    run.client.account.tell_once(
        f"meta {role.name}", model,
        "%s: no answer, and the run goes on without: %s. It is tried again later; another model can be named in "
        "llm_roles: {%s: [MODEL]}",
        role.name, error, role.name,
    )  # fmt: skip
