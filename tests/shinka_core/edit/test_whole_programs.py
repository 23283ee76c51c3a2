"""Whole programs: which of several blocks it is, and what is a piece of one."""

from __future__ import annotations

import pytest

from tests.shinka_core.edit.dressing import AREA, BETTER, HEADING, PROMPT, applied, block, fence, refused

FULL = "full"
TESTS = "import unittest\n\n\nclass TestArea(unittest.TestCase):\n" + "".join(
    f"    def test_{n}(self):\n        self.assertGreater(area({n}.0), 0.0)\n\n" for n in range(12)
)
DRAFT = AREA.replace("3.0", "3.1")


@pytest.mark.parametrize(
    "answer",
    [
        fence(BETTER, "python main.py"),
        fence(BETTER, 'python title="main.py" {linenos=true}'),
        fence(BETTER, "{.python .numberLines}"),
        fence(BETTER, "python", "~~~"),
        fence(BETTER, "python", "``````"),
        fence(BETTER, ""),
        fence(BETTER, "py"),
        fence(BETTER.replace("\n", "\n   "), "python", "   ```").replace("   ```", "   ```", 1),
        "\n".join(f"    {line}" for line in fence(BETTER).split("\n")),
        fence(BETTER) + "\nA test for it:\n\n" + fence(TESTS),
        fence(TESTS) + "\nThe program:\n\n" + fence(BETTER),
        fence(BETTER) + "It prints\n" + fence("3.14159\n" * 100, "text"),
        "Before:\n" + fence(AREA) + "After:\n" + fence(BETTER),
        "After:\n" + fence(BETTER) + "instead of\n" + fence(AREA),
        "A first try:\n" + fence(DRAFT) + "Better:\n" + fence(BETTER),
        fence(BETTER) + "\nRun it with\n" + fence("python main.py\n", "bash"),
        BETTER,
        HEADING + "\n" + BETTER + "\nThis should score best.\n",
        fence(BETTER) + "and the tests, cut:\n```python\nimport unittest\n",
        fence(HEADING + fence(BETTER), "", "````"),
        fence(HEADING + fence(BETTER), ""),
        fence(BETTER).replace("\n", "\r\n"),
        fence(BETTER.replace("import math", "import os").replace("area(1.0)", "1e9")),
        fence("".join(line for line in BETTER.splitlines(keepends=True) if "EVOLVE" not in line)),
        block(AREA.rstrip("\n"), DRAFT.rstrip("\n")) + "\nThe whole program:\n" + fence(BETTER),
    ],
)
def test_the_program_is_found(answer: str) -> None:
    assert applied(answer, patch_type=FULL) == BETTER


def test_the_prose_between_two_blocks_is_no_program() -> None:
    parent = "// EVOLVE-BLOCK-START\nint f(int x) { return x + 3; }\n// EVOLVE-BLOCK-END\nint main() { return f(1); }\n"
    child = parent.replace("3", "4")
    answer = fence(child, 'cpp title="main.cpp"') + "\nThe function adds four.\n\n" + fence("output: 5\n", "text")
    assert applied(answer, parent, FULL, "cpp") == child


SUM = "def total(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s\n\n\ndef mean(xs):\n    return total(xs) / len(xs)\n"


def test_without_markers_it_is_the_block_that_defines_what_the_parent_defines() -> None:
    child = SUM.replace("s = 0", "s = 0.0")
    usage = "print(total([1, 2, 3]))\n" * 40
    for answer in (fence(child) + fence(TESTS), fence(TESTS) + fence(child), fence(child) + fence(usage)):
        assert applied(answer, SUM, FULL) == child


@pytest.mark.parametrize(
    "part", ["def area(r):\n    return 3.14 * r * r\n", "    factor = 3.14\n    return factor * r * r\n"]
)
def test_a_piece_is_not_the_whole(part: str) -> None:
    parent = AREA.replace(
        "    return factor * r * r\n", "    return factor * r * r\n\n\ndef border(r):\n    return 6.0 * r\n"
    )
    assert refused(fence(part), parent, FULL).reason in ("incomplete_program", "syntax_error")
    error = refused(fence(part), parent)
    assert error.reason == "no_block_found"
    assert "SEARCH/REPLACE" in str(error)


def test_one_function_of_six_is_not_the_whole() -> None:
    parent = "\n\n".join(f"def step{n}(x):\n    return x + {n}.0\n" for n in range(6))
    error = refused(fence("def step0(x):\n    return x + 7.0\n"), parent, FULL)
    assert error.reason == "incomplete_program"
    assert "step1" in str(error)


def test_a_whole_program_in_answer_to_a_request_for_edits() -> None:
    assert applied(fence(BETTER)) == BETTER
    child = SUM.replace("s = 0", "s = 0.0")
    assert applied(fence(child), SUM) == child


@pytest.mark.parametrize(
    ("before", "after"),
    [("#include <cstdio>\n", "#include <cstdio>\n#include <vector>\n"), ("(1));\n", "(1));  // prints 5\n")],
)
def test_without_markers_a_changed_surrounding_is_not_put_into_the_block(before: str, after: str) -> None:
    parent = (
        "#include <cstdio>\n\n// EVOLVE-BLOCK-START\nint f(int x) {\n    return x + 3;\n}\n// EVOLVE-BLOCK-END\n\n"
        'int main() {\n    std::printf("%d", f(1));\n}\n'
    )
    bare = "".join(line for line in parent.splitlines(keepends=True) if "EVOLVE" not in line).replace("x + 3", "x + 4")
    answer = fence(bare.replace(before, after), "cpp")
    if before.startswith("#include"):
        # What is below the block is there as it was, so nothing of it gets into the block.
        assert applied(answer, parent, FULL, "cpp").count("int main") == 1
    else:
        assert refused(answer, parent, FULL, "cpp").reason == "markers_removed"


def test_imports_that_stand_above_the_block_are_not_doubled() -> None:
    answer = fence("import math\n\n\ndef area(r):\n    return math.pi * r * r\n")
    code = applied(answer, patch_type=FULL)
    assert code.count("import math") == 1
    assert "return math.pi * r * r" in code


@pytest.mark.parametrize(
    "program",
    [
        AREA.replace("# EVOLVE-BLOCK-END\n", ""),
        AREA.replace("# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-START\n"),
        AREA + AREA.replace("import math", ""),
    ],
)
def test_broken_or_doubled_markers_are_refused(program: str) -> None:
    assert refused(fence(program.replace("3.0", "4.0")), patch_type=FULL).reason == "markers_removed"


def test_markers_around_a_program_that_has_none_are_left_out() -> None:
    child = SUM.replace("s = 0", "s = 0.0")
    assert applied(fence(f"# EVOLVE-BLOCK-START\n{child}# EVOLVE-BLOCK-END\n"), SUM, FULL) == child


@pytest.mark.parametrize("patch_type", [FULL, "diff"])
def test_a_program_that_is_cut_off_is_refused(patch_type: str) -> None:
    assert refused("```python\n" + BETTER[:60], patch_type=patch_type).reason == "truncated_answer"


def test_fences_inside_of_a_program_belong_to_it() -> None:
    child = PROMPT.replace("problems.", "problems step by step.")
    for marks in ("```", "````", "~~~"):
        assert applied(fence(child, "markdown", marks), PROMPT, FULL, "markdown") == child


def test_fences_that_cannot_be_told_apart_are_refused_with_the_remedy() -> None:
    parent = "Answer so:\n\n```\nx\n```\n\nNever guess.\n"
    child = parent.replace("guess", "ever guess")
    assert applied(fence(child, "markdown", "````"), parent, FULL, "markdown") == child
    error = refused(fence(child, "markdown"), parent, FULL, "markdown")
    assert error.reason == "nested_fence"
    assert "````" in str(error)


@pytest.mark.parametrize("inside", ["```", "```text"])
def test_fences_in_a_docstring_belong_to_the_program(inside: str) -> None:
    documented = f'    """The area.\n\n    {inside}\n    area(1.0)\n    ```\n    """\n'
    child = BETTER.replace("def area(r):\n", "def area(r):\n" + documented)
    for parent in (AREA, AREA.replace("def main", "def mean").replace("def area(r):\n", "def area(r):\n" + documented)):
        own = child.replace("def main", "def mean") if "mean" in parent else child
        assert applied(fence(own), parent, FULL) == own
        cut = refused("```python\n" + own[: own.index("def m")], parent, FULL)
        assert cut.reason in ("truncated_answer", "nested_fence")


def test_a_closing_fence_that_slipped_to_the_right_closes() -> None:
    assert applied("```python\n" + BETTER + "    ```\nThat is all.\n", patch_type=FULL) == BETTER


def test_the_missing_last_line_end_stays_missing() -> None:
    assert applied(fence("a = 1\nb = 3\n"), "a = 1\nb = 2", FULL) == "a = 1\nb = 3"
    assert applied(block("b = 2", "b = 3"), "a = 1\nb = 2") == "a = 1\nb = 3"
    assert applied(block("b = 2", "b = 3"), AREA.replace("3.0", "3.0\n    b = 2").rstrip()).endswith("return area(1.0)")


def test_a_description_of_the_answer_with_a_line_of_code_in_it_is_no_fence() -> None:
    assert applied("I use ```math.pi``` here.\n" + fence(BETTER), patch_type=FULL) == BETTER


def test_what_is_new_outside_of_the_block_alone_is_said_to_be() -> None:
    error = refused(fence(AREA + "\n\ndef wider(r):\n    return area(2 * r)\n"), patch_type="full")
    assert error.reason == "nothing_changed"
    assert "outside the EVOLVE-BLOCK" in str(error)
    assert "outside" not in str(refused(fence(AREA), patch_type="full"))
    assert "outside" not in str(refused(fence(AREA[AREA.index("# EVOLVE") :]), patch_type="full"))


def test_blank_lines_at_the_ends_of_the_block_are_no_change() -> None:
    spread = AREA.replace("START\n", "START\n\n").replace("# EVOLVE-BLOCK-END", "\n\n# EVOLVE-BLOCK-END")
    for parent, answer in ((AREA, spread), (spread, AREA)):
        assert refused(fence(answer), parent, patch_type="full").reason == "nothing_changed"
    inside = AREA.replace("    factor = 3.0\n", "    factor = 3.0\n\n")
    assert applied(fence(inside), patch_type="full") == inside
