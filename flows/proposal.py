"""From parent to a novel candidate: sample, query, patch, novelty, again with what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from itertools import count
from typing import Any

from prefect import Task

from flows.evaluating import tried
from flows.reviewing import reviewed
from shinka_core import generation as steps
from shinka_core.errors import ModelError, Scope
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Candidate, Failure, Sampling, Verdict
from shinka_core.prompts import retry_message
from shinka_core.slots import Slot
from tasks import novelty, patch, query, sample
from tasks import propose as make
from tasks.policy import unopened

# Characters of a rejected answer that the model is shown again: it pays for every one of them.
LONGEST_ECHO = 50_000
# Prompts without a usable answer that a generation may have beside its attempts.
REFUSALS = 6


NOVEL = Verdict(novel=True, similarity=-1.0, nearest=None, explanation="")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate that is worth an evaluation, and what it was made from.

    Attributes:
        turn: Of the question within its sampling that led to it.
        history: What was answered before, and what was wrong with it, then the answer that made it.
        verdict: Why it is novel; it may name a program with the same text, whose result is taken instead of an evaluation.
        by_hand: Whether a reviewer has changed it.
    """

    sampling: Sampling
    candidate: Candidate
    turn: int = 0
    history: tuple[Message, ...] = ()
    verdict: Verdict = NOVEL
    by_hand: bool = False


async def propose(generation: OpenGeneration, slot: Slot) -> Proposal | Failure:
    """Samples and asks until a candidate applies and is novel, as often as the settings allow.

    A prompt that the models refuse, or answer with nothing, is no attempt: another parent is sampled, up to
    `REFUSALS` times. A model that fails for now leaves the question to another one, if there is one.

    Args:
        slot: Held meanwhile, but while the candidate is reviewed.

    Returns:
        The proposal, or the last rejection when every attempt was used.

    Raises:
        ModelError: No model answered, or none of the prompts found an answer.
    """
    evolve = generation.run.settings.evolve
    left = Tries(evolve.max_patch_resamples, evolve.max_novelty_attempts, evolve.max_review_attempts)
    failure = Failure("query", "no_attempt", "no attempt was made")
    for attempt in count():
        try:
            outcome = await _attempt(generation, slot, attempt, left)
        except ModelError as error:
            if not _goes_on(generation, error, left):
                raise
            continue
        if isinstance(outcome, Proposal):
            return outcome
        failure = outcome
        left.samplings -= 1
        if left.samplings <= 0 or left.not_novel <= 0 or left.objections <= 0:
            return failure
    return failure


@dataclass(slots=True)
class Tries:
    """What a generation may still try.

    Attributes:
        samplings: Parents whose answers are used up.
        not_novel: Candidates that are no news.
        objections: Candidates that a reviewer does not accept.
        refusals: Prompts that get no usable answer.
        outages: Models that fail for now.
    """

    samplings: int
    not_novel: int
    objections: int
    refusals: int = REFUSALS
    outages: int = REFUSALS


def _goes_on(generation: OpenGeneration, error: ModelError, left: Tries) -> bool:
    """Whether another sampling may do better than the one that met the error."""
    if error.step != "query":
        return False  # the candidate is there; whoever compares it has failed
    if error.scope is Scope.PROMPT or error.scope is Scope.MODEL:
        left.refusals -= 1
        return left.refusals > 0
    left.outages -= 1
    return left.outages > 0 and error.retryable and generation.run.client.spare(error.model)


async def _attempt(generation: OpenGeneration, slot: Slot, attempt: int, left: Tries) -> Proposal | Failure:
    """One sampling with all its questions; returns the last rejection when none of them made a novel candidate."""
    evolve = generation.run.settings.evolve
    generation.run.control.check()
    sampling = await sample(generation, attempt)
    given = unopened(sampling)
    generation.run.progress.saw_sampling()
    history: tuple[Message, ...] = ()
    failure = Failure("query", "no_attempt", "no attempt was made")
    turn, turns = -1, evolve.max_patch_attempts
    while (turn := turn + 1) < turns:
        generation.run.control.check()
        answer, candidate = await _made(generation, sampling, turn, history)
        if isinstance(candidate, Failure):
            failure = candidate
            history += _feedback(answer, candidate)
            continue
        verdict = await novelty(generation, given, unopened(candidate), turn)
        if verdict.novel:
            found = await reviewed(generation, slot, sampling, candidate, verdict, turn)
            if isinstance(found, Candidate):
                by_hand = found is not candidate
                verdict = NOVEL if by_hand else verdict
                return Proposal(sampling, found, turn, (*history, *echoed(answer)), verdict, by_hand)
            failure, left.objections, turns = found, left.objections - 1, turns + 1  # a reviewer's words are heard
            if left.objections <= 0:
                return failure
            history += _feedback(answer, found)
            continue
        failure = Failure("novelty", "not_novel", verdict.explanation)
        left.not_novel -= 1
        if left.not_novel <= 0:
            return failure
        history += _feedback(answer, verdict)
    return failure


async def _made(
    generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...]
) -> tuple[Answer | None, Candidate | Failure]:
    """A candidate of the sampled operator, with the answer that it is made of if a model was asked."""
    run, given = generation.run, unopened(sampling)
    if not run.ways_on(sampling.island).operators.asking(sampling.patch_type):
        bench = steps.TrialBench(generation, sampling, turn, partial(tried, generation))
        return None, await make(generation, given, unopened(bench))
    ask = asking(run.settings.evolve.llm_retries)
    answer: Answer = await ask(generation, given, turn, unopened(history))
    return answer, await patch(generation, given, unopened(answer), turn)


@cache
def asking(retries: int) -> Task[..., Any]:
    """The query task, repeated so often after a passing fault."""
    return query.with_options(retries=retries)


def echo(answer: Answer) -> Message:
    """The answer as the model is shown it again."""
    return Message("assistant", answer.text[:LONGEST_ECHO])


def echoed(answer: Answer | None) -> tuple[Message, ...]:
    """The answer as the model is shown it again, if a model gave it."""
    return () if answer is None else (echo(answer),)


def _feedback(answer: Answer | None, problem: Failure | Verdict) -> tuple[Message, ...]:
    return () if answer is None else (echo(answer), Message("user", retry_message(problem)))
