"""The question for ideas, in our own words. It names no method, library or kind of algorithm: those are the model's to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shinka_core.bounds import within
from shinka_core.database.tried import History
from shinka_core.meta.account import DATA, account
from shinka_core.meta.ideas.book import Idea
from shinka_core.meta.wording import Part, worded
from shinka_core.program import Program
from shinka_core.prompts import Prompt
from shinka_core.prompts.programs import fenced, show_program

SYSTEM = """\
You advise a search for a better program. Other models write new versions of it, one change at a time; an evaluator \
runs every version and gives it a score, and higher is better. The best score has stopped rising: small changes to the \
best program are used up. Find out what keeps the best program from scoring higher, and name directions that lead \
further. A direction is worth naming when it could raise the score clearly, differs in principle from what was tried, \
and can be carried out in one version of the program."""

FORM = """\
Name {count} directions that differ from each other in principle. Answer in exactly this form:

### IDEA 1: a few words that name it
In some sentences: what keeps the best program back, what to do instead and in which part of the program, so that \
another model can turn it into code without asking; and what to watch out for.
{more}
Write no code. Begin with the first heading."""

AGAIN = """\
No direction could be read in that answer ({problem}). Answer again, {count} directions in this form and nothing else:

### IDEA 1: a few words that name it
What to do, in some sentences."""

# Ideas of before that are told of, and programs whose outcomes are.
REMEMBERED, RECENT = 10, 30
# Tokens for what was tried lately, and of all the room the share that it may take.
ACCOUNT, SHARE = 6_000, 0.25
# Characters of the task and of the best program that are never left out.
TASK, PROGRAM = 2_000, 4_000
# Characters of an idea of before.
IDEA = 700


@dataclass(frozen=True, slots=True)
class Situation:
    """What a question for ideas is made of.

    Attributes:
        task: What the program is for, in the user's words.
        before: Ideas that were tried, the oldest first.
        history: What was tried lately.
    """

    task: str
    best: Program
    before: Sequence[Idea]
    history: History
    use_text_feedback: bool = True


def question(situation: Situation, count: int, room: int) -> Prompt:
    """The messages, in so many tokens at most if that is possible.

    Args:
        count: Ideas to ask for.
    """
    best = show_program(
        f"Generation {situation.best.generation}", situation.best, use_text_feedback=situation.use_text_feedback
    )
    parts = [
        Part("The task", situation.task.strip(), TASK),
        Part("The best program", best, PROGRAM),
        Part("Directions that were tried", _before(situation.before[-REMEMBERED:])),
        Part("What was tried lately", account(situation.history, min(ACCOUNT, int(room * SHARE)))),
    ]
    more = "".join(f"\n### IDEA {number}: ...\n..." for number in range(2, count + 1)) + "\n" * (count > 1)
    return worded(SYSTEM, parts, room, closing=f"# What to do\n{FORM.format(count=count, more=more)}")


def _before(ideas: Sequence[Idea]) -> str:
    if not ideas:
        return ""
    told = "\n\n".join(f"{number}. {outcome(idea)}: {within(idea.words, IDEA)}" for number, idea in enumerate(ideas, 1))
    return (
        "Each was followed from the best program of its time, and its outcome is the best of its tries. What helped may "
        f"be taken further; what did not is not to be named again.\n{DATA}\n{fenced(told)}"
    )


def outcome(idea: Idea) -> str:
    """What came of an idea, in a few words."""
    gain = idea.gain
    if gain is None:
        ended = sum(one.ended for one in idea.tries.values())
        return f"no correct program in {ended} tries" if ended else "not tried yet"
    if gain > 0:
        return f"better than the best by {gain:.4g}"
    return "as good as the best and no better" if gain == 0 else f"worse than the best by {-gain:.4g}"
