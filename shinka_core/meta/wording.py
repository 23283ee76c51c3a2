"""A question about the search in words, as long as the model that is asked can read.

What is said in parts is shortened part by part: the last part goes first, then the one before it, each in the middle
down to its least, so whoever writes the parts puts them in the order of their worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shinka_core.bounds import shortened
from shinka_core.prompts import Prompt
from shinka_core.prompts.token_estimate import tokens_at_most

# Of what a part has, so much stays in one step.
STEP = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a question.

    Attributes:
        title: Of its section; "" for one without.
        least: Characters below which it is not shortened; 0: it may be left out.
    """

    title: str
    text: str
    least: int = 0

    def __str__(self) -> str:
        return "\n".join(line for line in (f"# {self.title}" if self.title else "", self.text) if line)


def worded(system: str, parts: Sequence[Part], room: int | None, closing: str = "") -> Prompt:
    """The messages of a question.

    Args:
        parts: Of the user's message, the least needed last; those without a text are left out.
        room: Tokens that all of it may have; None: any number.
        closing: What stands behind the parts and is never shortened.

    Returns:
        The prompt; one that cannot be made to fit says so.
    """
    left = [part for part in parts if part.text.strip()]
    cut: dict[str, None] = {}
    prompt = _prompt(system, left, closing)
    while room is not None and prompt.tokens > room:
        index = next((number for number in reversed(range(len(left))) if _gives(left[number])), None)
        if index is None:
            return replace(prompt, fits=False)
        part = left[index]
        cut[part.title] = None
        keep = max(int(len(part.text) * STEP), part.least)
        if keep < SHORTEST and not part.least:
            del left[index]
        else:
            left[index] = replace(part, text=shortened(part.text, keep) if keep >= SHORTEST else part.text[:keep])
        prompt = replace(_prompt(system, left, closing), left_out=tuple(cut))
    return prompt


# Characters of a part that are worth a mark of what is left out.
SHORTEST = 200


def _gives(part: Part) -> bool:
    return len(part.text) > max(part.least, 0) + (SHORTEST if part.least else 0)


def _prompt(system: str, parts: Sequence[Part], closing: str) -> Prompt:
    user = "\n\n".join([*map(str, parts), *([closing] if closing else [])])
    return Prompt(system, user, tokens=tokens_at_most(system) + tokens_at_most(user))
