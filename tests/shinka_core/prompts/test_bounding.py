"""A prompt fits into the model's context: what goes first, and what never goes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.edit import apply_patch
from shinka_core.errors import PatchError
from shinka_core.program import Program, Sampling
from shinka_core.prompts import Prompt
from shinka_core.prompts.bounding import GAP, elided
from shinka_core.prompts.token_estimate import tokens_at_most
from shinka_core.source import Source
from tests.support.pace import stretched
from tests.support.prompting import proposal_prompt

BLOCK = "".join(f"step_{n} = {n}\n" for n in range(60))
HEAD = "import math\n" + "".join(f"HEAD_{n} = {n}\n" for n in range(400))
TAIL = "".join(f"TAIL_{n} = {n}\n" for n in range(400)) + "print(main())\n"
CODE = f"{HEAD}# EVOLVE-BLOCK-START\n{BLOCK}# EVOLVE-BLOCK-END\n{TAIL}"
FEEDBACK = "begin of feedback " + "x y " * 900 + " end of feedback"
HISTORY = ["oldest answer " + "a " * 3_000, "oldest complaint", "newest answer " + "b " * 3_000, "newest complaint"]


def program(name: str, score: float, code: str = CODE, **fields: object) -> Program:
    return Program(name, 1, Source.of(code.replace("step_0 ", f"{name} "), "python"), 0, score, True, **fields)  # type: ignore[arg-type]


def sampling(patch_type: str = "diff") -> Sampling:
    parent = program("the_parent", 3.0, text_feedback=FEEDBACK, public_metrics={"width": 7})
    return Sampling(parent, (program("lowest", 1.0), program("second", 2.0)), 0, patch_type, "m", 0, 0)


def prompt(room: int | None, patch_type: str = "diff") -> Prompt:
    return proposal_prompt(
        sampling(patch_type), task="Make it fast.", use_text_feedback=True, history=HISTORY, room=room
    )


def text(made: Prompt) -> str:
    return "\n".join((made.system, made.user, *made.history))


WHOLE = prompt(None)


def test_what_fits_is_left_alone() -> None:
    assert prompt(WHOLE.tokens) == WHOLE
    assert WHOLE.fits
    assert WHOLE.left_out == ()
    assert GAP not in WHOLE.user


# What a prompt holds as long as there is room, in the order in which it goes.
GOES = [
    ("HEAD_200 = 200", 3),
    ("lowest", 1),
    ("second", 1),
    ("x y " * 200, 1),
    ("oldest complaint", 1),
    ("b " * 2_900, 1),
    ("TAIL_200 = 200", 1),
]


def test_the_less_there_is_room_the_more_is_left_out_in_this_order() -> None:
    last = dict(GOES)
    for room in range(WHOLE.tokens, 2_000, -500):
        made = prompt(room)
        assert made.fits
        assert made.tokens <= room
        count = {what: min(text(made).count(what), last[what]) for what, _ in GOES}
        missing = [count[what] < times for what, times in GOES]
        # The surroundings of other versions go before all else, those of the parent last.
        assert missing[1:] == sorted(missing[1:], reverse=True), (room, missing)
        assert not missing[1] or count["HEAD_200 = 200"] <= 1
        assert BLOCK.replace("step_0 ", "the_parent ") in made.user, "the parent's block never goes"
        assert "Make it fast." in made.system
        assert "newest complaint" in made.history
    assert prompt(2_500).left_out == (
        "what is outside the blocks of other versions", "other versions", "feedback", "earlier answers",
        "the middle of the last answer", "lines outside the EVOLVE-BLOCK",
    )  # fmt: skip


def test_the_least_is_the_task_the_block_and_the_last_complaint() -> None:
    made = prompt(1)
    assert not made.fits
    assert BLOCK.replace("step_0 ", "the_parent ") in made.user
    assert made.history[-1] == "newest complaint"
    assert "import math" not in made.user
    assert "left out above" in made.user, "the model is told"


def test_a_crossover_without_other_versions_left_asks_for_a_better_program() -> None:
    assert "and the others shown" in prompt(None, "cross").user
    assert "and the others shown" not in prompt(3_000, "cross").user


def test_feedback_keeps_its_beginning_and_its_end() -> None:
    rooms = range(WHOLE.tokens, 2_000, -100)
    made = next(made for made in map(prompt, rooms) if made.left_out[-1:] == ("feedback",))
    assert "begin of feedback" in made.user
    assert "end of feedback" in made.user
    assert "characters left out" in made.user


def test_a_gap_is_marked_and_stands_for_whole_lines() -> None:
    short = elided(CODE, 400)
    kept = short.split("\n")
    marks = [line for line in kept if GAP in line]
    assert len(marks) == 2
    assert all(line in CODE.split("\n") for line in kept if line not in marks)
    gone = sum(int(mark.split()[1]) for mark in marks)
    assert len(kept) - len(marks) + gone == len(CODE.split("\n"))
    assert "import math" in kept
    assert "print(main())" in kept
    assert "TAIL_0 = 0" in kept, "what is next to the block is kept, too"


@given(st.lists(st.sampled_from(["a = 1", "b" * 50, "", "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END"]), max_size=30))
def test_blocks_and_markers_of_any_program_stay(lines: list[str]) -> None:
    code = "\n".join(["# EVOLVE-BLOCK-START", "first", "# EVOLVE-BLOCK-END", *lines])
    try:
        short = elided(code, 40)
    except ValueError:
        return  # the markers of this one do not pair up
    assert [line for line in short.split("\n") if "EVOLVE-BLOCK-" in line] == [
        line for line in code.split("\n") if "EVOLVE-BLOCK-" in line
    ]


def test_an_edit_that_searches_for_what_was_left_out_applies_nowhere() -> None:
    mark = next(line for line in elided(CODE, 0).split("\n") if GAP in line)
    answer = f"<<<<<<< SEARCH\n{mark}\n=======\nx = 1\n>>>>>>> REPLACE\n"
    with pytest.raises(PatchError) as caught:
        apply_patch("diff", answer, Source.of(CODE, "python"))
    assert caught.value.reason == "search_not_found"


def test_a_whole_program_with_gaps_changes_the_block_alone() -> None:
    child = elided(CODE, 0).replace("step_5 = 5", "step_5 = 6")
    candidate = apply_patch("full", f"```python\n{child}```", Source.of(CODE, "python"))
    assert candidate.code == CODE.replace("step_5 = 5", "step_5 = 6")


@pytest.mark.parametrize(
    ("what", "real"),
    # Tokens in the encodings of three large families, the most of them.
    [
        ("def area(radius):\n    return 3.14159 * radius ** 2\n", 18),
        ("for index in range(len(values)):\n    total += values[index] * weights[index]\n", 22),
        ("The quick brown fox jumps over the lazy dog.", 10),
        ("0.123456, 0.654321, 0.999999", 16),
    ],
)
def test_the_estimate_is_rather_too_high_and_not_by_much(what: str, real: int) -> None:
    assert real <= tokens_at_most(what) <= 2 * real


def test_a_megabyte_is_counted_in_no_time() -> None:
    started = time.thread_time()
    assert tokens_at_most(CODE * 100) > 100_000
    took = time.thread_time() - started
    assert took < stretched(0.5)
    assert tokens_at_most("") == 0
    assert tokens_at_most("漢字") >= 2
