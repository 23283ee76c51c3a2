"""The evaluations that a generation has started, as its journal tells them.

Every start is a row of its own: its turn is the number of the start, and it says of which program it was, for
which stage and which repeat. The result has the same turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shinka_core.database import values
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import TRIALS, Evaluation, GenerationState, Job, Trial, sampling_of_trial
from shinka_core.source import Source

# What a start says beside its job: which program was submitted, and what it is compared with.
CODE = "code"
AGAINST = "against"


def digest_of(source: Source) -> str:
    """Names a program in the journal; one of one file as it always was named."""
    if not source.single:
        return source.digest
    return hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest()


def starts(generation: OpenGeneration, source: Source) -> Iterator[tuple[int, Trial, dict[str, Any]]]:
    """Turn, trial and payload of each start of that program; a journal of an older version does not say of which."""
    digest = digest_of(source)
    for turn, payload in generation.claim.turns(GenerationState.SUBMITTED):
        if payload.get(CODE, digest) == digest:
            trial = Trial(payload.get("stage", ""), payload.get("repeat", 0), payload.get(AGAINST))
            yield turn, trial, payload


def was_submitted(generation: OpenGeneration, source: Source) -> bool:
    """Whether that program was submitted once as the generation's candidate."""
    return any(not trial.folder for _, trial, _ in starts(generation, source))


@dataclass(frozen=True, slots=True)
class TrialStart:
    """A start of a trial.

    Attributes:
        evaluation: What came of it, or None when that is not known.
    """

    digest: str
    evaluation: Evaluation | None

    def is_of(self, source: Source) -> bool:
        """Whether it was a start of that program."""
        return self.digest == digest_of(source)


def trial_starts(generation: OpenGeneration, trial: Trial) -> Iterator[TrialStart]:
    """The starts of a trial, in their order."""
    for turn, payload in generation.claim.turns(GenerationState.SUBMITTED):
        if payload.get("stage", "") == trial.stage:
            found = generation.claim.find(GenerationState.EVALUATED, 0, turn)
            yield TrialStart(payload.get(CODE, ""), None if found is None else values.load_evaluation(found))


def trials_by_sampling(generation: OpenGeneration) -> dict[int, list[float]]:
    """The seconds of the trials that have ended, by the attempt at sampling that they were made for."""
    found: dict[int, list[float]] = {}
    for turn, payload in generation.claim.turns(GenerationState.SUBMITTED):
        ended = generation.claim.find(GenerationState.EVALUATED, 0, turn)
        if ended is not None and payload.get("stage", "").startswith(TRIALS):
            found.setdefault(sampling_of_trial(payload["stage"]), []).append(ended.get("seconds") or 0.0)
    return found


def next_start(generation: OpenGeneration) -> int:
    """The number of the next start, given once: trials may be started at the same time."""
    written = max((turn for turn, _ in generation.claim.turns(GenerationState.SUBMITTED)), default=-1)
    generation.last_start = max(written, generation.last_start) + 1
    return generation.last_start


def start_of(generation: OpenGeneration, job: Job) -> int:
    """The number of the start that made a job, the last one if its launcher gives names twice."""
    rows = generation.claim.turns(GenerationState.SUBMITTED)
    return max(
        (turn for turn, row in rows if values.load_job(row).trial == job.trial and row["id"] == job.id), default=0
    )


def results_of(generation: OpenGeneration, source: Source) -> dict[Trial, Evaluation]:
    """The evaluations of that program that have ended; of one that was made twice the last."""
    found: dict[Trial, Evaluation] = {}
    for turn, trial, _ in starts(generation, source):
        payload = generation.claim.find(GenerationState.EVALUATED, 0, turn)
        if payload is not None:
            found[trial] = values.load_evaluation(payload)
    return found
