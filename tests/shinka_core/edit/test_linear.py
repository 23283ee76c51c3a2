"""No answer takes longer to read than its length: what a regular expression holds up, everybody waits for."""

from __future__ import annotations

import contextlib
import time

import pytest

from shinka_core.edit import apply_patch
from shinka_core.errors import PatchError
from shinka_core.source import Source

PARENT = "# EVOLVE-BLOCK-START\nLAST = 0\n# EVOLVE-BLOCK-END\n"
EDIT = "<<<<<<< SEARCH\nLAST = 0\n=======\nLAST = 1\n>>>>>>> REPLACE\n"

UNITS = [
    " ", "\t", "\n", " \n", "<", "<think>\n", "</think>", "<summary> ", "`", "```\n", "~~~\n", "=======\n",
    "<<<<<<< SEARCH\n", ">>>>>>> REPLACE\n", EDIT, "@@ -1 +1 @@\n", "- x\n", "#", "**", "answer: ", "Answer:\n",
    "<|channel|>final<|message|>", "</s>", "<NAME>", "\\", "\"", "(", "...", "# ...\n", "# EVOLVE-BLOCK-START\n",
    "LAST = 0\n", "x = 1\n", "a",
]  # fmt: skip
PLACES = {
    "alone": lambda text: text,
    "before": lambda text: f"{text}\n{EDIT}",
    "after": lambda text: f"{EDIT}{text}",
    "thought": lambda text: f"<think>\n{text}\n</think>\n{EDIT}",
    "headed": lambda text: f"Thinking:\nanswer{text}",
    "fenced": lambda text: f"```\n{text}\n```\n",
    "searched": lambda text: EDIT.replace("LAST = 0", text),
    "put": lambda text: EDIT.replace("LAST = 1", text),
}


def seconds(answer: str, patch_type: str) -> float:
    started = time.thread_time()
    with contextlib.suppress(PatchError):
        apply_patch(patch_type, answer, Source.of(PARENT, "text"))
    return time.thread_time() - started


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("unit", UNITS)
def test_eight_times_the_text_takes_about_eight_times_as_long(unit: str, place: str) -> None:
    for patch_type in ("diff", "full"):
        short, long = (PLACES[place](unit * (length // len(unit))) for length in (2_500, 20_000))
        bound = 20 * max(seconds(short, patch_type), 0.01)
        # One of three: a collection of garbage that falls into one of them is not what is measured.
        assert any(seconds(long, patch_type) < bound for _ in range(3))
