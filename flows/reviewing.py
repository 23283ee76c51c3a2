"""A candidate's review, without a slot: a person may take hours, while others propose."""

from __future__ import annotations

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Decision, Evaluation, Failure, Review, Sampling, Verdict
from shinka_core.slots import Slot
from tasks import review
from tasks.policy import unopened


async def reviewed(
    generation: OpenGeneration, slot: Slot, sampling: Sampling, candidate: Candidate, verdict: Verdict, turn: int
) -> Candidate | Failure:
    """The candidate as it is to be run, or what the reviewer has against it.

    The slot is given back meanwhile, and taken again when the model has to be asked once more.
    """
    if not steps.is_reviewed(generation, sampling, turn):
        return candidate
    slot.give_back()
    found: Review = await review(generation, unopened(sampling), unopened(candidate), unopened(verdict), turn)
    if found.accepted:
        return steps.as_reviewed(sampling, candidate, found)
    await slot.take()
    return Failure("review", found.decision.value, found.text)


async def stands(
    generation: OpenGeneration,
    sampling: Sampling,
    candidate: Candidate,
    verdict: Verdict,
    turn: int,
    evaluation: Evaluation,
) -> bool:
    """Whether an evaluated candidate is recorded as it is.

    If not, the decision is stored: whoever proposes again for this generation reads back all until then, and goes on
    with what the reviewer said.
    """
    if not steps.is_held(generation, sampling, turn, evaluation):
        return True
    found: Review = await review(
        generation, unopened(sampling), unopened(candidate), unopened(verdict), turn, unopened(evaluation)
    )
    if found.decision is Decision.ACCEPT:
        return True
    await steps.set_reviewed_aside(generation, sampling, candidate.source, turn)
    return False
