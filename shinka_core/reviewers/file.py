"""A person as a reviewer: the candidate is written to a file, and the answer is read from another one.

`gen_N/review.md` holds the candidate, its change against the parent and what the novelty check says; the run waits
for `gen_N/review.answer`, which holds one of

    accept
    reject REASON
    hint TEXT

with as many lines of reason or text as are wanted. The files are all there is, so the answer may come while no
process runs: a resume reads it. The time limit counts from the moment when `review.md` was written.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from shinka_core.program import Candidate, Review, Sampling, Verdict
from shinka_core.reviewers.protocol import REVIEWERS
from shinka_core.source import Source

logger = logging.getLogger("shinka.review")

QUESTION = "review.md"
ANSWER = "review.answer"
LOOK_PERIOD = 1.0
LARGEST_ANSWER = 100_000


@REVIEWERS.register("file")
@dataclass(frozen=True, slots=True)
class FileReviewer:
    """Waits for a person.

    Attributes:
        timeout: Seconds to wait for an answer; None waits for ever.
        default: The answer when there is none by then: `accept`, `reject REASON` or `hint TEXT`.
    """

    timeout: Annotated[float, Field(gt=0)] | None = None
    default: str = "accept"

    def __post_init__(self) -> None:
        if isinstance(problem := parse(self.default), str):
            raise ValueError(f"default={self.default!r}: {problem}")

    async def review(self, sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> Review:
        """Asks, unless the question is there already, and waits for the answer."""
        asked = await asyncio.to_thread(_ask, sampling, candidate, verdict, folder)
        told = ""
        while True:
            text = await asyncio.to_thread(_read, folder / ANSWER)
            answer = parse(text) if text is not None else None
            if isinstance(answer, Review):
                return answer
            if answer is not None and text != told:
                told = text or ""
                logger.warning("%s: %s", folder / ANSWER, answer)
            if self.timeout is not None and time.time() - asked >= self.timeout:
                decided = parse(self.default)
                assert isinstance(decided, Review), "looked at when it was made"
                logger.warning("no answer in %s after %g s: %s", folder / ANSWER, self.timeout, self.default)
                return decided
            await asyncio.sleep(LOOK_PERIOD)


def parse(text: str) -> Review | str:
    """The decision that an answer holds, or what is wrong with it."""
    word, _, rest = (
        text.strip().partition(" ") if " " in text.strip().partition("\n")[0] else text.strip().partition("\n")
    )
    rest = rest.strip()
    match word.strip().lower().rstrip(":"):
        case "accept":
            return Review.accept()
        case "reject" if rest:
            return Review.reject(rest)
        case "hint" if rest:
            return Review.hint(rest)
        case "reject" | "hint" as decision:
            return f"{decision} is followed by words for the model; say why, or what to do"
        case other:
            return f"{other[:40]!r} is no decision; write `accept`, `reject REASON` or `hint TEXT`"


def _ask(sampling: Sampling, candidate: Candidate, verdict: Verdict, folder: Path) -> float:
    """Writes the question and takes an answer to another one away; returns when this one was written."""
    question, mark = folder / QUESTION, _mark(candidate)
    if not question.is_file() or mark not in question.read_text(encoding="utf-8"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ANSWER).unlink(missing_ok=True)
        new = question.with_name(f".{QUESTION}.new")
        new.write_text(_question(sampling, candidate, verdict, mark), encoding="utf-8", errors="backslashreplace")
        new.replace(question)
        logger.warning("%s waits for a review: write `accept`, `reject REASON` or `hint TEXT` to %s", question, ANSWER)
    return question.stat().st_mtime


def _mark(candidate: Candidate) -> str:
    return f"candidate {candidate.source.digest[:16]}"


def _question(sampling: Sampling, candidate: Candidate, verdict: Verdict, mark: str) -> str:
    parent = sampling.parent
    score = "no score" if parent.score is None else f"score {parent.score:g}"
    return (
        f"# {candidate.name or 'A candidate'}\n\n{candidate.description}\n\n"
        f"{mark}, {sampling.patch_type} by {sampling.model}, of generation {parent.generation} ({score}); "
        f"novelty: {verdict.explanation or 'novel'}\n\n"
        f"Write `accept`, `reject REASON` or `hint TEXT` to `{ANSWER}` in this folder.\n\n"
        f"## Change\n\n{_fenced(candidate.diff, 'diff')}\n\n## Program\n\n{_program(candidate.source)}\n"
    )


def _program(source: Source) -> str:
    texts = [(f"### {file.path}\n\n" if file.path else "", file) for file in source.files if not file.is_data]
    return "\n\n".join(heading + _fenced(file.text, file.language) for heading, file in texts)


def _fenced(text: str, language: str) -> str:
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_ANSWER)
    except FileNotFoundError:
        return None
    return data.decode("utf-8-sig", "replace") if data.strip() else None  # empty: it is being written
