"""Advice in three questions: what each program teaches, what all of them come to, and what to try next.

The form that ShinkaEvolve (arXiv:2509.19349) gives it: each proposal is shown one of several recommendations, so that
they are tried side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shinka_core.meta.advising import ADVISERS, Advice, Turn, nothing_said
from shinka_core.meta.asking import ADVICE, ask
from shinka_core.meta.standing import standing, task_part, with_account
from shinka_core.meta.wording import Part, worded
from shinka_core.meta.words import in_words, listed, said
from shinka_core.prompts import Prompt
from shinka_core.prompts.programs import shown
from shinka_core.source import Source

SEARCH = """\
You study a search for a better program. Models propose one version after the other, an evaluator scores each of them, \
and higher is better."""
EACH = f"""{SEARCH} For each of the programs that you are shown write two lines: what was changed and how it works, then what came \
of it and what that says. Begin with its number and name. Where a cause is a guess, say so. No code."""
NOTES = f"""{SEARCH} You keep the notes of it: what works, what does not, what depends on what, which directions are \
exhausted and which are open. You are given the notes so far and what the newest programs teach. Fold the new into the \
old: correct what is contradicted, merge what is said twice, drop what helps no more. No code."""
NEXT = f"""{SEARCH} From the notes you recommend what to try next. Each recommendation is read alone, by a model that sees one \
program and nothing else of yours: say what to change, where in the program, and why that should pay. Make them differ \
from one another in kind, and at least one of them a direction that nobody has tried. No code, nothing about the form of \
answers."""
# Tokens of the best program in the last question, about.
PROGRAM = 24_000
# Characters of a token in the mean.
CHARACTERS = 3


@ADVISERS.register("recommendations")
@dataclass(frozen=True, slots=True)
class Recommendations:
    """Three questions each time: summaries of the programs, notes, and recommendations of which each proposal is shown one.

    Attributes:
        every: Programs between two turns.
        share: Of the proposals, those that are shown one; the others tell whether they help.
        most: Recommendations.
        words: That each of them has at most.
        notes: Words that are kept from one turn to the next.
        tokens: Of the programs, in the first question.
    """

    every: Annotated[int, Field(ge=1)] = 25
    share: Annotated[float, Field(ge=0, le=1)] = 0.8
    most: Annotated[int, Field(ge=1, le=20)] = 5
    words: Annotated[int, Field(ge=10, le=300)] = 80
    notes: Annotated[int, Field(ge=50, le=2_000)] = 400
    tokens: Annotated[int, Field(ge=500)] = 12_000

    async def write(self, turn: Turn) -> Advice:
        """Asks three times."""
        each = await self._text(turn, 0, "summaries", lambda room: self.each_prompt(turn, room))
        each = in_words(each, 60 * max(len(turn.tried.programs), 1))
        notes = await self._text(turn, 1, "notes", lambda room: self.notes_prompt(turn, each, room))
        notes = in_words(notes, self.notes)
        best = await self._best(turn)
        answer = await ask(
            turn.run, ADVICE, turn.recorded, lambda room: self.next_prompt(turn, notes, best, room), turn=2
        )
        points = listed(answer.text, self.most, self.words)
        if not points:
            raise nothing_said("recommendations", answer.model)
        return Advice(tuple(points), notes)

    async def _text(self, turn: Turn, number: int, what: str, write: Callable[[int], Prompt]) -> str:
        answer = await ask(turn.run, ADVICE, turn.recorded, write, turn=number)
        text = said(answer.text)
        if not text:
            raise nothing_said(what, answer.model)
        return text

    async def _best(self, turn: Turn) -> Source | None:
        best = turn.tried.best_id
        return None if best is None else (await turn.run.database.get(best)).source

    def each_prompt(self, turn: Turn, room: int) -> Prompt:
        """The first question.

        Args:
            room: Tokens that it may have; so of the others.
        """
        parts = [task_part(turn.run), standing(turn.recorded, turn.tried)]
        closing = "Write the two lines for each of them, and nothing else."
        return with_account(EACH, parts, turn.tried, room, self.tokens, closing, changes=True)

    def notes_prompt(self, turn: Turn, each: str, room: int) -> Prompt:
        """The second question."""
        parts = [
            task_part(turn.run),
            Part("What the newest programs teach", each),
            Part("The notes so far", turn.notes),
            standing(turn.recorded, turn.tried),
        ]
        return worded(NOTES, parts, room, f"Write the new notes, in {self.notes} words at most, and nothing else.")

    def next_prompt(self, turn: Turn, notes: str, best: Source | None, room: int) -> Prompt:
        """The last question."""
        program = "" if best is None else shown(best)
        parts = [
            task_part(turn.run),
            Part("The notes", notes),
            standing(turn.recorded, turn.tried),
            Part("Recommended last time", "\n".join(f"- {point}" for point in turn.before)),
            Part("The best program", program if len(program) <= PROGRAM * CHARACTERS else ""),
        ]
        closing = f"Write {self.most} recommendations as a numbered list, each in {self.words} words at most, and nothing else."
        return worded(NEXT, parts, room, closing)
