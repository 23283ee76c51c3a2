"""The generation of a seed program: one that was given is evaluated, any other is written by a model first."""

from __future__ import annotations

import logging

from flows.evaluating import judgement
from flows.proposal import asking, echo
from flows.reviewing import reviewed
from shinka_core import generation as steps
from shinka_core.errors import ModelError, Scope
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Candidate, Evaluation, Failure, Program, Sampling
from shinka_core.prompts import retry_message, rewrite_message
from shinka_core.slots import Slot
from tasks import novelty, patch, record, sample
from tasks.policy import unopened

logger = logging.getLogger("shinka.seed")

# Seconds before each time that an embedding's endpoint is asked again for a seed program.
EMBED_AGAIN = (1.0, 2.0, 4.0, 8.0)


async def begun(opened: OpenGeneration) -> Program | Failure:
    """Evaluates and records a seed program.

    Raises:
        ModelError: The model that is to write it cannot be asked.
    """
    if opened.run.seeds[opened.context.number].written:
        return await _written(opened)
    await opened.run.control.wait()
    await _embed(opened)
    candidate = steps.given_candidate(opened)
    evaluation = steps.trusted_result(opened) or await judgement(opened, None, candidate)
    return await record(opened, None, unopened(candidate), unopened(evaluation))


async def _embed(opened: OpenGeneration) -> None:
    """Not a step of its own: it is done again when the generation is taken up, and free with the built-in embedding."""
    for pause in EMBED_AGAIN:
        try:
            return await steps.embed_seed(opened)
        except ModelError as error:
            if not error.retryable:
                raise
            logger.warning("the seed program is not embedded yet, trying again in %g s: %s", pause, error)
        await opened.run.control.check_for(pause)
    return await steps.embed_seed(opened)


async def _written(opened: OpenGeneration) -> Program | Failure:
    """Asks until a program is correct, as often as the settings allow; what was wrong with one is fed back.

    Returns:
        The first correct program, or else the last one that could be evaluated; what was wrong with the last answer
        when none could be.
    """
    run = opened.run
    sampling: Sampling | None = None
    history: tuple[Message, ...] = ()
    failure = Failure("query", "no_attempt", "no attempt was made")
    made: tuple[Sampling, Candidate, Evaluation] | None = None
    for turn in range(run.settings.evolve.bootstrap.tries):
        async with run.proposals.hold() as slot:
            run.control.check()
            sampling = sampling or await sample(opened, opened.claim.reopened)
            answer, candidate = await _asked(opened, slot, sampling, turn, history)
        if isinstance(candidate, Failure):
            failure = candidate
            history += () if answer is None else (echo(answer), Message("user", retry_message(failure)))
            continue
        evaluation = await judgement(opened, None, candidate)
        made = sampling, candidate, evaluation
        if evaluation.correct or answer is None:
            break
        logger.info("%s: try %d is not correct: %.200s", opened, turn, evaluation.error)
        history += (echo(answer), Message("user", rewrite_message(evaluation)))
    if made is None:
        return failure
    sampling, candidate, evaluation = made
    return await record(opened, unopened(sampling), unopened(candidate), unopened(evaluation))


async def _asked(
    opened: OpenGeneration, slot: Slot, sampling: Sampling, turn: int, history: tuple[Message, ...]
) -> tuple[Answer | None, Candidate | Failure]:
    """An answer, and the candidate that it makes if it can be used; no answer where the prompt found none."""
    given = unopened(sampling)
    try:
        answer: Answer = await asking(opened.run.settings.evolve.llm_retries)(opened, given, turn, unopened(history))
    except ModelError as error:
        if error.scope is not Scope.PROMPT or error.step != "query":
            raise
        return None, Failure("query", error.reason, str(error))
    candidate = await patch(opened, given, unopened(answer), turn)
    if isinstance(candidate, Failure):
        return answer, candidate
    verdict = await novelty(opened, given, unopened(candidate), turn)
    twin = next((seed for seed in sampling.inspirations if seed.source.key == candidate.source.key), None)
    if twin is not None or not verdict.novel or verdict.twin is not None:
        why = verdict.explanation if twin is None else f"identical to generation {twin.generation}"
        return answer, Failure(
            "novelty", "not_novel", f"the program is no other than one before ({why}); write another"
        )
    return answer, await reviewed(opened, slot, sampling, candidate, verdict, turn)
