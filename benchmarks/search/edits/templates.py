"""Texts of edits with constants to be filled in."""

from __future__ import annotations

import re
from random import Random

CONSTANT = re.compile(r"<(draw|-?\d+\.?\d*)>")
DRAWS = 21


def filled(rng: Random, template: str) -> str:
    """The text with a value for each constant in angle brackets."""

    def value(match: re.Match[str]) -> str:
        plain = match.group(1)
        if plain == "draw":
            return str(rng.randrange(DRAWS))
        if rng.random() < 0.5:
            return plain
        near = float(plain) * (1 + 0.3 * rng.gauss(0, 1))
        return f"{near:.4g}" if "." in plain else str(max(1, round(near)))

    return CONSTANT.sub(value, template)
