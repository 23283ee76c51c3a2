"""From parent to a novel candidate: sample, query, patch, novelty, again with what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flows.orchestrator.limits import asking, when_allowed
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Candidate, Failure, Sampling, Verdict
from shinka_core.prompts import retry_message
from tasks import novelty, patch, sample
from tasks.policy import unopened

# Characters of a rejected answer that the model is shown again: it pays for every one of them.
LONGEST_ECHO = 50_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A candidate that is worth an evaluation, and what it was made from."""

    sampling: Sampling
    candidate: Candidate


async def propose(generation: OpenGeneration) -> Proposal | Failure:
    """Samples and asks until a candidate applies and is novel, as often as the settings allow.

    Returns:
        The proposal, or the last rejection when every attempt was used.
    """
    evolve = generation.run.settings.evolve
    not_novel = 0
    failure = Failure("query", "no_attempt", "no attempt was made")
    for attempt in range(evolve.max_patch_resamples):
        generation.run.check_going()
        sampling = await sample(generation, attempt)
        given = unopened(sampling)
        ask = asking(sampling.model, evolve.llm_retries)
        generation.run.progress.saw_sampling()
        history: tuple[Message, ...] = ()
        for turn in range(evolve.max_patch_attempts):
            generation.run.check_going()
            asked = partial(ask, generation, given, turn, unopened(history))
            answer: Answer = await when_allowed(generation.run, asked)
            candidate = await patch(generation, given, unopened(answer), turn)
            if isinstance(candidate, Failure):
                failure = candidate
                history += _feedback(answer, candidate)
                continue
            verdict = await novelty(generation, given, unopened(candidate), turn)
            if verdict.novel:
                return Proposal(sampling, candidate)
            failure = Failure("novelty", "not_novel", verdict.explanation)
            not_novel += 1
            if not_novel >= evolve.max_novelty_attempts:
                return failure
            history += _feedback(answer, verdict)
    return failure


def _feedback(answer: Answer, problem: Failure | Verdict) -> tuple[Message, Message]:
    return Message("assistant", answer.text[:LONGEST_ECHO]), Message("user", retry_message(problem))
