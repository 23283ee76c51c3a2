"""What was proposed from the current program before, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from shinka_core.bounds import within
from shinka_core.feedback import Tried
from shinka_core.program import Program
from shinka_core.prompts.programs import quoted

HEADING = "# Tried before from the current program"
# Characters of a description, and of why something was rejected.
LONGEST = 240


def show_attempts(parent: Program, tried: Sequence[Tried]) -> str:
    """A paragraph for a prompt; "" where nothing was tried."""
    if not tried:
        return ""
    lines = "\n".join(f"- {_line(parent, attempt)}" for attempt in tried)
    return f"{HEADING}\n" + quoted("The newest first; propose something else", lines)


def _line(parent: Program, attempt: Tried) -> str:
    name = within(attempt.name, 80) or f"generation {attempt.generation}"
    meant = _one_line(attempt.description)
    if attempt.program_id is None:
        return f"{name}: not run ({_one_line(attempt.why)})"
    if attempt.why:
        return f"{name}: rejected by the evaluator ({_one_line(attempt.why)})" + (f"; {meant}" if meant else "")
    score = "none" if attempt.score is None else f"{attempt.score:.10g}"
    return f"{name}: score {score}{_against(parent, attempt)}" + (f"; {meant}" if meant else "")


def _against(parent: Program, attempt: Tried) -> str:
    if attempt.score is None or parent.score is None or not parent.correct:
        return ""
    if attempt.score == parent.score:
        return ", no better and no worse"
    more = attempt.score > parent.score
    return f", {'better' if more else 'worse'} by {abs(attempt.score - parent.score):.4g}"


def _one_line(text: str) -> str:
    return within(" ".join(text.split()), LONGEST).replace("\n", " ")
