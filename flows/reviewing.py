"""A novel candidate's review, without a slot: a person may take hours, while others propose."""

from __future__ import annotations

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Failure, Review, Sampling, Verdict
from shinka_core.slots import Slot
from tasks import review
from tasks.policy import unopened


async def objection(
    generation: OpenGeneration, slot: Slot, sampling: Sampling, candidate: Candidate, verdict: Verdict, turn: int
) -> Failure | None:
    """What the reviewer has against the candidate, or None.

    The slot is given back meanwhile, and taken again when the model has to be asked once more.
    """
    if not steps.is_reviewed(generation, sampling, turn):
        return None
    slot.give_back()
    found: Review = await review(generation, unopened(sampling), unopened(candidate), unopened(verdict), turn)
    if found.accepted:
        return None
    await slot.take()
    return Failure("review", found.decision.value, found.text)
