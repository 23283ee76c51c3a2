"""What a reviewer makes of a candidate: asked once, and from then on so."""

from __future__ import annotations

from shinka_core.bounds import within
from shinka_core.database import values
from shinka_core.errors import ReviewError, ShinkaError
from shinka_core.generation.once import once, plain
from shinka_core.generation.starts import was_submitted
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import Candidate, GenerationState, Review, Sampling, Verdict
from shinka_core.storable import storable

# Characters of a reason or a hint that are kept.
LONGEST_TEXT = 20_000


def is_reviewed(generation: OpenGeneration, sampling: Sampling, turn: int) -> bool:
    """Whether the candidate has to pass a review, or has had one: also when there is no reviewer any more."""
    stored = generation.claim.find(GenerationState.REVIEWED, sampling.attempt, turn)
    return stored is not None or generation.run.reviewer is not None


async def review(
    generation: OpenGeneration, sampling: Sampling, candidate: Candidate, verdict: Verdict, turn: int
) -> Review:
    """Has the candidate reviewed, for as long as that takes.

    One whose evaluation was begun before there was a reviewer is accepted.

    Raises:
        ReviewError: The reviewer failed.
        RunStoppedError: The run is being stopped; the candidate is reviewed after a resume.
    """
    run = generation.run
    stored = generation.claim.find(GenerationState.REVIEWED, sampling.attempt, turn)
    reviewer = run.reviewer
    if stored is None and (reviewer is None or was_submitted(generation, candidate.source)):
        return Review.accept()

    async def ask() -> Review:
        assert reviewer is not None
        folder = run.generation_dir(generation.context.number)
        try:
            found = await run.control.unless_stopped(reviewer.review(sampling, candidate, verdict, folder))
        except ShinkaError:
            raise
        except Exception as error:
            raise ReviewError(f"{type(reviewer).__name__}: {type(error).__name__}: {error}") from error
        return Review(found.decision, within(storable(found.text), LONGEST_TEXT))

    return await once(
        generation,
        GenerationState.REVIEWED,
        (sampling.attempt, turn),
        ask,
        values.dump_review,
        plain(values.load_review),
    )
