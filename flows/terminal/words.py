"""How a display says what a run did, each in one line."""

from __future__ import annotations

import re

from shinka_core.highlights import Improvement, Setback
from shinka_core.meta.ideas import IdeaStep
from shinka_core.run import Run
from shinka_core.shown import as_shown

LONGEST_NAME = 40
LONGEST_WORDS = 300
# Characters of an error in which its gist is looked for.
MOST_TEXT = 20_000
ANSWERS = "answers"
_ERROR = re.compile(r"[A-Za-z_][\w.]*:\s")


def duration(seconds: float | None) -> str:
    """Seconds as `1:02:03`, or `-`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: float | None) -> str:
    """A score as it is shown while a run goes on."""
    return "-" if value is None else f"{value:.6g}"


def improved(improvement: Improvement, run: Run) -> str:
    """Generation, score, gain, and how it was made."""
    gain = "" if improvement.gain is None else f" ({improvement.gain:+.4g})"
    return f"gen {improvement.generation}  {number(improvement.score)}{gain}  {_made(improvement, run)}"


def _made(improvement: Improvement, run: Run) -> str:
    pull = improvement.pull
    if pull is None:
        return "given" if improvement.generation else "the seed program"
    parts = [as_shown(pull.operator, longest=LONGEST_NAME)]
    if pull.model and pull.model != pull.operator:
        parts.append(f"by {as_shown(pull.model, longest=LONGEST_NAME)}")
    if pull.trials:
        parts.append(f"after {pull.trials} trials")
    if pull.idea_id is not None:
        parts.append(f'with the idea "{as_shown(idea_title(run, pull.idea_id), longest=LONGEST_NAME)}"')
    return " ".join(parts)


def idea_title(run: Run, idea_id: str) -> str:
    """What an idea is called; its id where that is not known."""
    if isinstance(run.ideas, IdeaStep):
        for idea in tuple(run.ideas.book):
            if idea.id == idea_id:
                return idea.title
    return idea_id


def went_wrong(setback: Setback) -> str:
    """Generation, reason, whose fault, and the words of whoever failed."""
    reason = as_shown(setback.reason.replace("_", " "), longest=LONGEST_NAME)
    whose = ANSWERS if setback.blame is None else setback.blame.value
    words = gist(setback.detail)
    return f"gen {setback.generation}  {reason} ({whose})" + (f": {words}" if words else "")


def gist(text: str) -> str:
    """The line of an error that says most: of a traceback the one with the error, else the first."""
    lines = [line for line in text[:MOST_TEXT].split("\n") if line.strip()]
    if not lines:
        return ""
    chosen = lines[0]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        chosen = next((line for line in reversed(lines) if _ERROR.match(line)), lines[-1])
    return as_shown(" ".join(chosen.split()), longest=LONGEST_WORDS)
