"""The one model of mutation behind every system: seeded, and blind to scores, names, texts and the task.

What it is: a stand-in for a language model that is as good on a bad parent as on a good one. It recombines
the parent with a program that it is shown (along the line between the two or constant by constant where they
differ in constants only, else a function or a statement), applies an edit from a small library for the task
(`edits/`; most are useless or harmful, a few are good, some are broken code), or moves constants by steps of
log-uniform size. Some answers cannot be used. The same shares and the same rules for all tasks and systems.

What it is not: a model that reads. Feedback, advice, better wording and better examples gain nothing here,
so that nothing measured with it speaks for or against them; it measures what a search makes of proposals.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from benchmarks.search.blocks import NoBlockError, split
from benchmarks.search.edits import EDITS
from benchmarks.search.edits.broken import broken
from benchmarks.search.literals import moved
from benchmarks.search.recombination import recombined
from benchmarks.search.tasks import task_of

# Of proposals: recombined with a shown program, if one is shown; when the prompt asks for that.
P_RECOMBINE, P_RECOMBINE_CROSS = 0.25, 0.80
# Of proposals: an edit from the library; of these: broken code.
P_EDIT, P_BROKEN = 0.25, 0.12
# Of answers: none that could be used. Not drawn here: the caller's part, as an answer is its.
P_UNUSABLE = 0.04
TRIES = 10


def propose(rng: Random, parent: str, others: Sequence[str], cross: bool) -> tuple[str, str]:
    """A changed program.

    Args:
        others: Programs shown beside the parent.
        cross: Asked to make one program of several.

    Returns:
        The whole new text and the kind of change.

    Raises:
        ValueError: The parent is no program of a task, or has no block that may change.
    """
    task = task_of(parent)
    if task is None:
        raise ValueError("a program of no task: it defines none of their entries")
    before, block, after = split(parent)
    shown = [each for each in map(_block, others) if each.strip() and each.strip() != block.strip()]
    for _ in range(TRIES):
        found = _changed(rng, task.name, block, shown, cross)
        if found is not None and found[0] != block:
            return before + found[0] + after, found[1]
    return f"{before}{block.rstrip()}\n    # nothing to change\n{after}", "nothing"


def _changed(rng: Random, task: str, block: str, shown: Sequence[str], cross: bool) -> tuple[str, str] | None:
    if shown and rng.random() < (P_RECOMBINE_CROSS if cross else P_RECOMBINE):
        found = recombined(rng, block, rng.choice(shown))
        if found is not None:
            return found
    elif rng.random() < P_EDIT / (1 - (P_RECOMBINE if shown else 0.0)):
        new = EDITS[task](rng, block)
        return (broken(rng, new), "broken") if rng.random() < P_BROKEN else (new, "edit")
    new = moved(rng, block)
    return (new, "constants") if new is not None else None


def _block(program: str) -> str:
    try:
        return split(program)[1]
    except NoBlockError:
        return ""
