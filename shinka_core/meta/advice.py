"""Advice in one question: the lessons of what was tried, with those before them corrected.

That a search is helped by a short account of what failed was found by Levi (arXiv:2605.09764) and, for a map of what
is exhausted and what is open, by SeaEvo (arXiv:2604.24372).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shinka_core.meta.advising import ADVISERS, Advice, Turn, nothing_said
from shinka_core.meta.asking import ADVICE, ask
from shinka_core.meta.standing import standing, task_part, with_account
from shinka_core.meta.wording import Part
from shinka_core.meta.words import in_words, said
from shinka_core.prompts import Prompt

SYSTEM = """\
You keep the lessons of a search for a better program. Models propose one version after the other, an evaluator scores \
each of them, and higher is better. The next proposals are made by models that see one program, perhaps a few others, \
and your lessons, but not what was tried. Write for them:
- what failed, and the likeliest cause;
- what worked, and how far it carried;
- what has been tried so often that one more variant is not worth an evaluation, and what nobody has tried yet.
Say only what the record supports; call a guess a guess. Keep of the earlier lessons what still holds, correct what the \
record contradicts, and drop what helps no more. Write no code and nothing about the form of answers."""


@ADVISERS.register("advice")
@dataclass(frozen=True, slots=True)
class Lessons:
    """One question each time: what failed and why, what worked.

    Attributes:
        every: Programs between two turns.
        share: Of the proposals, those that are shown it; the others tell whether it helps.
        words: That it has at most.
        tokens: Of what was tried, in the question.
    """

    every: Annotated[int, Field(ge=1)] = 50
    share: Annotated[float, Field(ge=0, le=1)] = 0.8
    words: Annotated[int, Field(ge=20, le=1_000)] = 200
    tokens: Annotated[int, Field(ge=500)] = 8_000

    async def write(self, turn: Turn) -> Advice:
        """Asks once."""
        answer = await ask(turn.run, ADVICE, turn.recorded, lambda room: self.prompt(turn, room))
        text = in_words(said(answer.text), self.words)
        if not text:
            raise nothing_said("lessons", answer.model)
        return Advice((text,))

    def prompt(self, turn: Turn, room: int) -> Prompt:
        """The question.

        Args:
            room: Tokens that it may have.
        """
        parts = [
            task_part(turn.run),
            standing(turn.recorded, turn.tried),
            Part("The lessons so far", "\n\n".join(turn.before)),
        ]
        closing = f"Write the lessons as they stand now, in {self.words} words at most, and nothing else."
        return with_account(SYSTEM, parts, turn.tried, room, self.tokens, closing)
