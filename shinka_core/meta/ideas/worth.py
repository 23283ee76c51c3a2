"""Whether ideas have gained more than what else the search does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shinka_core.meta.ideas.book import Idea
from shinka_core.meta.ideas.stagnation import Step

# Programs before a question by whose gains those of its ideas are measured.
BEFORE = 50
# More than so many questions in vain are as good as that.
MOST = 4


def in_vain(ideas: Iterable[Idea], steps: Sequence[Step]) -> int:
    """How many of the last questions, one after another, had ideas whose tries gained no more than programs before them.

    It counts to `MOST`. Gains are those of the best score of the run. A question whose ideas were not tried says nothing.

    Args:
        steps: By which that score rose.
    """
    questions: dict[int, set[int]] = {}
    for idea in ideas:
        questions.setdefault(idea.asked_at, set()).update(idea.tries)
    count = 0
    for asked_at, tries in sorted(questions.items(), reverse=True):
        gained = sum(step.gain for step in steps if step.generation in tries)
        usual = sum(step.gain for step in steps if asked_at - BEFORE < step.sequence <= asked_at)
        if count == MOST or gained > usual * len(tries) / max(min(BEFORE, asked_at), 1):
            break
        count += bool(tries)
    return count
