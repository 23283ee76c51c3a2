"""Asking whether two nearly equal programs really differ."""

from __future__ import annotations

import re

from shinka_core.program import Program
from shinka_core.prompts.programs import fenced

SYSTEM = """\
You compare two programs for the same task. They look alike. Decide whether the new one could behave in a \
meaningfully different way: another algorithm, other parameters that matter, another result. Renamed variables, \
comments, layout and equivalent expressions make no difference. Begin your answer with the single word YES if it \
differs meaningfully or NO if it does not, then give the reason in one sentence."""

_FIRST_WORD = re.compile(r"[A-Za-z]+")


def novelty_prompt(code: str, nearest: Program, language: str) -> tuple[str, str]:
    """The system and user message of the question."""
    user = (
        f"# Existing program\n{fenced(nearest.code, language)}\n\n"
        f"# New program\n{fenced(code, language)}\n\n"
        "Does the new program differ meaningfully? YES or NO first."
    )
    return SYSTEM, user


def read_novelty_answer(text: str) -> tuple[bool, str]:
    """The verdict and its reason; an answer that says neither YES nor NO first counts as NO."""
    match = _FIRST_WORD.search(text)
    word = match.group(0).lower() if match else ""
    reason = " ".join(text.split())[:500]
    return word in ("yes", "novel"), reason or "the judge gave no answer"
