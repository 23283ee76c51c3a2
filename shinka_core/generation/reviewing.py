"""What a reviewer makes of a candidate: asked once, and from then on so."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from shinka_core.bounds import within
from shinka_core.costs import both
from shinka_core.database import values
from shinka_core.edit import Rules
from shinka_core.edit.by_hand import apply_by_hand, editable
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import PatchError, ReviewError, ShinkaError, blaming
from shinka_core.generation.duplicates import as_duplicate
from shinka_core.generation.once import once, plain
from shinka_core.generation.patching import checked
from shinka_core.generation.repairing import set_aside
from shinka_core.generation.starts import was_submitted
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.account import charged_to
from shinka_core.program import Candidate, Decision, Evaluation, Failure, GenerationState, Review, Sampling, Verdict
from shinka_core.reviewers import Interviewer, Question, Reviewer
from shinka_core.source import Source
from shinka_core.storable import storable

# Characters of a reason or a hint that are kept.
LONGEST_TEXT = 20_000
EDITED = " (edited by a reviewer)"
# Where a candidate lies that was evaluated and then not taken, inside its generation's folder.
REVIEWED = "reviewed-{attempt}.{turn}"


def is_reviewed(generation: OpenGeneration, sampling: Sampling, turn: int) -> bool:
    """Whether the candidate has to pass a review now, or has had one: also when there is no reviewer any more."""
    stored = generation.claim.find(GenerationState.REVIEWED, sampling.attempt, turn)
    return stored is not None or (generation.run.reviewer is not None and _which(generation) == "all")


def is_held(generation: OpenGeneration, sampling: Sampling, turn: int, evaluation: Evaluation) -> bool:
    """Whether a candidate that was evaluated has to pass a review before it is recorded: it would be the best program."""
    run = generation.run
    if run.reviewer is None or _which(generation) != "best":
        return False
    if generation.claim.find(GenerationState.REVIEWED, sampling.attempt, turn) is not None:
        return False
    best, score = run.progress.best_score, evaluation.score
    return evaluation.correct and score is not None and (best is None or score > best)


def _which(generation: OpenGeneration) -> str:
    return generation.run.settings.evolve.reviewed


async def review(
    generation: OpenGeneration,
    sampling: Sampling,
    candidate: Candidate,
    verdict: Verdict,
    turn: int,
    evaluation: Evaluation | None = None,
) -> Review:
    """Has the candidate reviewed, for as long as that takes.

    One whose evaluation was begun before there was a reviewer is accepted. A reviewer's edit has to pass the checks of
    every candidate, or the reviewer is asked again.

    Args:
        evaluation: What came of it, where it was evaluated before.

    Raises:
        ReviewError: The reviewer failed.
        RunStoppedError: The run is being stopped; the candidate is reviewed after a resume.
    """
    run = generation.run
    stored = generation.claim.find(GenerationState.REVIEWED, sampling.attempt, turn)
    reviewer = run.reviewer
    begun = evaluation is None and was_submitted(generation, candidate.source)
    if stored is None and (reviewer is None or begun):
        return Review.accept()

    async def ask() -> Review:
        assert reviewer is not None
        question = Question(
            subject=f"{generation}-{sampling.attempt}.{turn}",
            sampling=sampling,
            candidate=candidate,
            verdict=verdict,
            folder=run.generation_dir(generation.context.number),
            evaluation=evaluation,
            best=run.progress.best_score,
            text=editable(candidate.source),
        )
        return await _decision(generation, reviewer, question)

    found = await once(
        generation,
        GenerationState.REVIEWED,
        (sampling.attempt, turn),
        ask,
        values.dump_review,
        plain(values.load_review),
    )
    if found.edited is not None:
        await _embed(generation, found.edited)
    return found


def as_reviewed(sampling: Sampling, candidate: Candidate, found: Review) -> Candidate:
    """The candidate that an accepting review leaves: as it was, or as it was edited."""
    if found.edited is None:
        return candidate
    diff = unified_diff(sampling.parent.source, found.edited)
    return Candidate(found.edited, candidate.name, candidate.description + EDITED, diff)


async def set_reviewed_aside(generation: OpenGeneration, sampling: Sampling, source: Source, turn: int) -> None:
    """Makes room for what takes an evaluated candidate's place, keeping what its evaluators wrote."""
    await set_aside(generation, source, REVIEWED.format(attempt=sampling.attempt, turn=turn))


async def _decision(generation: OpenGeneration, reviewer: Reviewer, question: Question) -> Review:
    while True:
        try:
            found = await generation.run.control.unless_stopped(_asked(reviewer, question))
        except ShinkaError:
            raise
        except Exception as error:
            raise ReviewError(f"{type(reviewer).__name__}: {type(error).__name__}: {error}") from error
        if found.decision is not Decision.EDIT:
            return Review(found.decision, within(storable(found.text), LONGEST_TEXT))
        made = await _edited(generation, question, found.text)
        if isinstance(made, Source):
            return Review(Decision.EDIT, "", made)
        if not isinstance(reviewer, Interviewer):
            raise ReviewError(f"{type(reviewer).__name__}: its edit cannot be used: {made}")
        question = replace(question, text=found.text, problem=f"the edit cannot be used: {made}")


def _asked(reviewer: Reviewer, question: Question) -> Coroutine[Any, Any, Review]:
    if isinstance(reviewer, Interviewer):
        return reviewer.ask(question)
    return reviewer.review(question.sampling, question.candidate, question.verdict, question.folder)


async def _edited(generation: OpenGeneration, question: Question, text: str) -> Source | str:
    """The program that takes the candidate's place, or why the text cannot."""
    run, sampling, candidate = generation.run, question.sampling, question.candidate
    rules = Rules(run.size_limit.characters, run.settings.job.python, run.settings.evolve.allow_new_files)
    try:
        # Apart from the event loop: a text of any length, and perhaps another interpreter that is asked about it.
        made = await asyncio.to_thread(apply_by_hand, storable(text), sampling.parent.source, candidate, rules)
    except PatchError as error:
        return str(error)
    made = checked(made, run.size_limit)
    if isinstance(made, Failure):
        return made.detail
    duplicate = await as_duplicate(generation, sampling, made.source)
    if duplicate is not None:
        return f"the program is {duplicate[0].explanation}"
    return made.source


async def _embed(generation: OpenGeneration, source: Source) -> None:
    novelty = generation.run.judge
    if novelty is None:
        return
    with charged_to(generation.context.number) as charge, blaming("novelty"):
        generation.embedding = await novelty.embed_if_taken(source)
    generation.cost = both(generation.cost, charge.dollars)
