"""The built-in operator: valid, different, reproducible, and in the patch format."""

from __future__ import annotations

import ast
import asyncio
import inspect
import statistics

import numpy as np
import pytest

from shinka_core.edit import apply_patch
from shinka_core.edit.blocks import immutable_parts
from shinka_core.edit.languages import COMMENT
from shinka_core.errors import UnusableAnswerError
from shinka_core.llm.question import CallKey, Material, Message, Question
from shinka_core.operators import MutationModel
from shinka_core.operators.constants import find_constants, skeleton, toward, with_values
from shinka_core.operators.statements import borrow, vary
from shinka_core.program import Purpose
from shinka_core.source import Source

PARENT = """\
import math
LIMIT = 100.0
# EVOLVE-BLOCK-START
def place(n):
    scale = 0.25
    points = [0] * 3
    label = "v1.5"  # keep 2.5
    for i in range(n):
        scale = scale * 1.5
        points[0] = points[0] + scale
    return points[0] / 7
# EVOLVE-BLOCK-END
def main():
    return place(12)
"""
STATISTICS = "# EVOLVE-BLOCK-START\n" + inspect.getsource(statistics) + "# EVOLVE-BLOCK-END\n"


def question(seed: int, parent: str = PARENT, *, inspirations: tuple[str, ...] = (), language: str = "python",
             patch_type: str = "diff", history: tuple[Message, ...] = ()) -> Question:  # fmt: skip
    others = tuple(Source.of(code, language) for code in inspirations)
    material = Material(Source.of(parent, language), others, patch_type)
    return Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "builtin/mutate", "", "", seed, history, material)


@pytest.mark.parametrize(
    ("parent", "answers"), [(PARENT, 40), (STATISTICS, 10), pytest.param(STATISTICS, 40, marks=pytest.mark.slow)]
)
async def test_every_answer_is_a_valid_patch_of_the_block(parent: str, answers: int) -> None:
    operator = MutationModel()
    donor = parent.replace("0.25", "0.75").replace("1.5", "2.5")
    for seed in range(answers):
        patch_type = ["diff", "cross"][seed % 2]
        answer = await operator.ask(question(seed, parent, inspirations=(donor,), patch_type=patch_type))
        child = apply_patch(patch_type, answer.text, Source.of(parent, "python"))
        ast.parse(child.code)
        assert child.code != parent
        assert immutable_parts(child.code) == immutable_parts(parent)
        assert child.name


async def test_the_same_question_has_the_same_answer_and_a_rejected_one_another() -> None:
    operator = MutationModel()
    first, again = [await operator.ask(question(3)) for _ in range(2)]
    after = await operator.ask(question(3, history=(Message("assistant", first.text), Message("user", "no"))))
    assert first.text == again.text
    assert after.text != first.text


async def test_other_languages_have_their_constants_moved() -> None:
    code = "// EVOLVE-BLOCK-START\nfloat a = 0.5; // 9.5\nint b = 12;\n// EVOLVE-BLOCK-END\nint keep = 3;\n"
    answer = await MutationModel().ask(question(1, code, language="cpp"))
    child = apply_patch("diff", answer.text, Source.of(code, "cpp")).code
    assert "// 9.5" in child
    assert child.endswith("int keep = 3;\n")


async def test_a_program_without_anything_to_vary_is_told() -> None:
    with pytest.raises(UnusableAnswerError, match="no constant"):
        await MutationModel().ask(question(1, "hello", language="text"))


def test_only_numbers_of_the_block_are_constants_and_strings_are_not() -> None:
    constants = find_constants(PARENT, "python")
    assert [constant.value for constant in constants] == [0.25, 0, 3, 1.5, 0, 0, 0, 7]
    weights = {constant.value: constant.weight for constant in constants}
    assert weights[0.25] == 1.0
    assert max(constant.weight for constant in constants if constant.value == 0) < 0.2


def test_unchanged_values_give_back_the_very_text() -> None:
    constants = find_constants(PARENT, "python")
    assert with_values(PARENT, constants, [constant.value for constant in constants]) == PARENT


@pytest.mark.parametrize(
    ("language", "written", "value", "doubled", "negative"),
    [
        ("c", "1.5f", 1.5, "3.0f", "(-1.5f)"),
        ("cpp", "10UL", 10, "20UL", "(-10UL)"),
        ("rust", "0.5_f64", 0.5, "1.0_f64", "(-0.5_f64)"),
        ("rust", "3f32", 3.0, "6.0f32", "(-3.0f32)"),
        ("fortran", "1.273d0", 1.273, "2.546d0", "(-1.273d0)"),
        ("fortran", "1.5D-3", 0.0015, "0.003d0", "(-0.0015d0)"),
        ("fortran", "2.5_dp", 2.5, "5.0_dp", "(-2.5_dp)"),
        ("julia", "1.5f0", 1.5, "3.0f0", "(-1.5f0)"),
        ("r", "10L", 10, "20L", "(-10L)"),
    ],
)
def test_a_number_keeps_the_type_that_is_written_behind_it(
    language: str, written: str, value: float, doubled: str, negative: str
) -> None:
    opens, closes = COMMENT[language]
    code = f"{opens}EVOLVE-BLOCK-START{closes}\nx = {written}\n{opens}EVOLVE-BLOCK-END{closes}\n"
    (constant,) = find_constants(code, language)
    assert (constant.value, constant.integer) == (value, isinstance(value, int))
    assert with_values(code, [constant], [value]) == code
    assert f"x = {doubled}\n" in with_values(code, [constant], [2 * value])
    assert f"x = {negative}\n" in with_values(code, [constant], [-value])


def test_prose_has_no_numbers_with_types_and_no_number_is_beyond_floats() -> None:
    prose = "<!-- EVOLVE-BLOCK-START -->\nA 2D map of 5m and 3 rooms.\n<!-- EVOLVE-BLOCK-END -->\n"
    assert [constant.value for constant in find_constants(prose, "markdown")] == [3]
    assert find_constants("// EVOLVE-BLOCK-START\nx = 1e999;\n// EVOLVE-BLOCK-END\n", "c") == []


def test_programs_that_differ_in_constants_alone_have_one_skeleton_and_a_line_between_them() -> None:
    other = PARENT.replace("0.25", "0.75")
    here, there = find_constants(PARENT, "python"), find_constants(other, "python")
    assert skeleton(PARENT, here) == skeleton(other, there)
    moved = [toward(np.random.default_rng(seed), here, there) for seed in range(50)]
    assert len({values[0] for values in moved}) > 10
    assert all(values[1:] == [constant.value for constant in here[1:]] for values in moved)


def test_statements_are_varied_and_borrowed_without_breaking_the_syntax() -> None:
    donor = PARENT.replace("scale = scale * 1.5", "scale = scale + math.sqrt(i)")
    varied = {changed[0] for seed in range(60) if (changed := vary(np.random.default_rng(seed), PARENT))}
    assert len(varied) > 5
    for code in varied:
        ast.parse(code)
        assert code.endswith("def main():\n    return place(12)\n")
    taken = [changed[0] for seed in range(20) if (changed := borrow(np.random.default_rng(seed), PARENT, donor))]
    assert any("math.sqrt(i)" in code for code in taken)


@pytest.mark.parametrize(
    "parent",
    [
        PARENT.replace("\n", "\r\n"),
        "\ufeff" + PARENT,
        PARENT.replace("    label", "    a = 1.0 + 2.0  # \x0c\n    b = 3.0  # \u2028 \x1c\n    label"),
        PARENT.replace("0.25", 'float(f"{d["scale"]}") * 0.25'),
        PARENT.replace("return points[0] / 7", "return points[0 / 7"),
    ],
    ids=["carriage returns", "byte-order mark", "other separators", "newer Python", "broken"],
)
async def test_a_parent_of_any_kind_is_varied_and_keeps_its_bytes(parent: str) -> None:
    assert 1.5 in [constant.value for constant in find_constants(parent.replace("\r\n", "\n"), "python")]
    for seed in range(20):
        answer = await MutationModel().ask(question(seed, parent, inspirations=(parent.replace("1.5", "2.5"),)))
        child = apply_patch("diff", answer.text, Source.of(parent, "python")).code
        assert immutable_parts(child) == immutable_parts(parent)
        assert child.count("\r\n") == child.count("\n") * ("\r" in parent)
        assert child.startswith("\ufeff") == parent.startswith("\ufeff")


def test_all_constants_of_a_line_behind_a_form_feed_are_seen() -> None:
    code = "a = 1.5\x0c\nb = 2.5  # \u2028\nc = 3.5\n"
    constants = find_constants(code, "python")
    assert [constant.value for constant in constants] == [1.5, 2.5, 3.5]
    assert [code[constant.start : constant.end] for constant in constants] == ["1.5", "2.5", "3.5"]


async def test_a_megabyte_is_varied_in_time_that_grows_with_its_length() -> None:
    code = "".join(f'value_{n} = {n}.5  # "why" {n}\n' for n in range(25_000))
    answer = await asyncio.wait_for(MutationModel().ask(question(1, code)), 20)
    assert apply_patch("diff", answer.text, Source.of(code, "text")).code != code
