"""What every question about the search begins with: the task, and how far the search has come."""

from __future__ import annotations

from shinka_core.database.tried import History
from shinka_core.meta.account import account
from shinka_core.meta.wording import Part, worded
from shinka_core.periodic import OpenRun
from shinka_core.prompts import Prompt

# Characters of the task that a question always holds.
LEAST_OF_TASK = 2_000


def task_part(run: OpenRun) -> Part:
    """The task in the user's words."""
    return Part("The task", run.settings.evolve.task_sys_msg or "", LEAST_OF_TASK)


def standing(recorded: int, history: History) -> Part:
    """How far the search has come."""
    scores = [f"{recorded} programs are recorded."]
    for what, score in (("The program that it began with", history.seed_score), ("The best one", history.best_score)):
        scores.append(f"{what} has {'no score' if score is None else f'score {score:.8g}'}.")
    return Part("Where the search stands", " ".join(scores))


def with_account(
    system: str, parts: list[Part], history: History, room: int, most: int, closing: str, *, changes: bool = False
) -> Prompt:
    """The messages of a question that tells what was tried, as far as there is room.

    Args:
        parts: Before it, in the order of their worth.
        most: Tokens of what was tried.
    """
    bare = worded(system, parts, None, closing)
    told = account(history, max(min(most, room - bare.tokens), 0), changes=changes)
    first = next((number for number, part in enumerate(parts) if not part.least), len(parts))
    tried = Part("What was tried since", told)
    return worded(system, [*parts[:first], tried, *parts[first:]], room, closing)
