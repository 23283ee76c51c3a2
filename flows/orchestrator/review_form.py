"""What a person sees who reviews a candidate in the Prefect UI, and what the form's answer means."""

from __future__ import annotations

from typing import Literal

from prefect.input import RunInput
from pydantic import Field

from flows.orchestrator.ui_text import code, fenced
from shinka_core.edit.by_hand import editable
from shinka_core.program import Decision, Evaluation, Review
from shinka_core.reviewers import Question

LONGEST_DIFF = 20_000
LONGEST_LINE = 1_000
NO_REASON = "no reason was given"
NO_HINT = "a hint says what is to be changed: write it into the field `words`, or accept or reject the program"


class ReviewAnswer(RunInput):
    """The form of a paused generation."""

    decision: Literal["accept", "reject", "hint", "edit"] = Field(
        default="accept",
        description="accept: it goes on as it is; reject: the model is asked for another; hint: the model is asked again "
        "with your words; edit: the program below takes its place, as you change it.",
    )
    words: str = Field(default="", description="Why it is rejected, or what is to be changed: told to the model.")
    program: str = Field(
        default="", description="The program, to be edited; outside of the EVOLVE-BLOCKs it stays as it is."
    )


def form_of(question: Question) -> type[ReviewAnswer]:
    """The form about one candidate, filled in as far as there is nothing to decide."""
    made = ReviewAnswer.with_initial_data(description=described(question), program=question.text)
    made.model_fields["program"].description = ReviewAnswer.model_fields["program"].description
    return made


def described(question: Question) -> str:
    """The candidate in markdown: what it is, what came of it, and its change against the parent."""
    sampling, candidate = question.sampling, question.candidate
    parent = sampling.parent
    score = "no score" if parent.score is None else f"score {parent.score:.6g}"
    maker = f"{sampling.patch_type} by {sampling.model}" if sampling.model else sampling.patch_type
    parts = [
        f"**{code(question.problem, LONGEST_LINE)}**" if question.problem else "",
        f"### {code(candidate.name or 'A candidate', LONGEST_LINE)}",
        code(candidate.description, LONGEST_LINE),
        f"{code(maker, LONGEST_LINE)}, of generation {parent.generation} ({score}), island {sampling.island}",
        "" if question.evaluation is None else _evaluated(question.evaluation, question.best),
        code(f"novelty: {question.verdict.explanation}", LONGEST_LINE) if question.verdict.explanation else "",
        fenced(candidate.diff, LONGEST_DIFF, "diff") if candidate.diff else "The program is new as a whole.",
    ]
    return "\n\n".join(filter(None, parts))


def _evaluated(evaluation: Evaluation, best: float | None) -> str:
    best_so_far = "there is no best program yet" if best is None else f"the best so far has {best:.6g}"
    told = f"It was evaluated: score **{evaluation.score:.6g}**, {best_so_far}." if evaluation.score is not None else ""
    metrics = ", ".join(f"{name}: {value}" for name, value in evaluation.public_metrics.items())
    return "\n\n".join(filter(None, [told, code(metrics, LONGEST_LINE), code(evaluation.text_feedback, LONGEST_LINE)]))


def review_of(answer: ReviewAnswer, question: Question) -> Review | str:
    """The decision that a form holds, or what is wrong with it."""
    # An edit that was refused and is sent once more is still one.
    changed = bool(answer.program.strip()) and _lines(answer.program) != _lines(editable(question.candidate.source))
    match Decision(answer.decision):
        case Decision.REJECT:
            return Review.reject(answer.words.strip() or NO_REASON)
        case Decision.HINT:
            return Review.hint(answer.words.strip()) if answer.words.strip() else NO_HINT
        case _ if changed:
            return Review.edit(answer.program)
        case _:
            return Review.accept()


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
