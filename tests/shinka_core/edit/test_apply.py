"""From answers to candidates: what is accepted, and what is told when it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.edit import apply_patch, compose_diff, compose_full
from shinka_core.edit.blocks import block_texts, immutable_parts, with_blocks
from shinka_core.errors import PatchError
from shinka_core.program import PatchType
from shinka_core.source import Source
from tests.support.generated import thorough

PARENT = """\
import math

# EVOLVE-BLOCK-START
def area(r):
    factor = 3.0
    return factor * r * r

def border(r):
    return 6.0 * r
# EVOLVE-BLOCK-END

def main():
    return area(1.0)
"""


def edit(search: str, replace: str) -> str:
    return f"<NAME>try_it</NAME>\n<DESCRIPTION>why not</DESCRIPTION>\n<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


def refused(answer: str, parent: str = PARENT, patch_type: str = "diff") -> PatchError:
    with pytest.raises(PatchError) as caught:
        apply_patch(patch_type, answer, Source.of(parent, "python"))
    return caught.value


def test_an_edit_inside_the_block_is_applied_and_named() -> None:
    candidate = apply_patch("diff", edit("    factor = 3.0", "    factor = math.pi"), Source.of(PARENT, "python"))
    assert "factor = math.pi" in candidate.code
    assert (candidate.name, candidate.description) == ("try_it", "why not")
    assert "-    factor = 3.0" in candidate.diff
    assert "+    factor = math.pi" in candidate.diff


def test_several_edits_are_applied_one_after_another() -> None:
    answer = edit("    factor = 3.0", "    factor = 3.1") + edit("    factor = 3.1", "    factor = 3.14")
    assert "factor = 3.14\n" in apply_patch("diff", answer, Source.of(PARENT, "python")).code


def test_an_edit_of_nothing_changes_nothing() -> None:
    one = apply_patch("diff", edit("    factor = 3.0", "    factor = 3.1"), Source.of(PARENT, "python"))
    answer = edit("", "") + edit("    factor = 3.0", "    factor = 3.1")
    assert apply_patch("diff", answer, Source.of(PARENT, "python")).code == one.code
    assert refused(edit("", "")).reason == "nothing_changed"


def test_an_empty_search_adds_at_the_end_of_the_block() -> None:
    code = apply_patch("diff", edit("", "def extra():\n    return 1"), Source.of(PARENT, "python")).code
    assert "return 6.0 * r\ndef extra():\n    return 1\n# EVOLVE-BLOCK-END" in code


def test_trailing_blanks_and_common_indentation_do_not_matter() -> None:
    code = apply_patch(
        "diff",
        edit("factor = 3.0   \nreturn factor * r * r", "factor = 2.0\nreturn factor"),
        Source.of(PARENT, "python"),
    ).code
    assert "    factor = 2.0\n    return factor\n" in code


def test_carriage_returns_do_not_matter() -> None:
    answer = edit("    factor = 3.0", "    factor = 3.5").replace("\n", "\r\n")
    assert "factor = 3.5\n" in apply_patch("diff", answer, Source.of(PARENT, "python")).code


def test_a_search_that_is_not_there_names_the_closest_line() -> None:
    error = refused(edit("    factor = 3.1", "    factor = 4.0"))
    assert error.reason == "search_not_found"
    assert "line 5" in str(error)
    assert "factor = 3.0" in str(error)


def test_a_search_outside_the_block_is_refused() -> None:
    error = refused(edit("    return area(1.0)", "    return 1e9"))
    assert error.reason == "immutable_region_touched"
    assert "line 13" in str(error)


def test_a_search_that_occurs_twice_is_refused() -> None:
    parent = PARENT.replace("    factor = 3.0\n", "    factor = 3.0\n    factor = 3.0\n")
    error = refused(edit("    factor = 3.0", "    factor = 4.0"), parent)
    assert error.reason == "search_ambiguous"
    assert "lines 5, 6" in str(error)


def test_the_same_line_outside_the_block_makes_a_search_not_ambiguous() -> None:
    parent = PARENT + "    factor = 3.0\n"
    parent = parent.replace("    return area(1.0)\n    factor = 3.0\n", "    factor = 3.0\n    return area(factor)\n")
    code = apply_patch("diff", edit("    factor = 3.0", "    factor = 4.0"), Source.of(parent, "python")).code
    assert code.count("factor = 4.0") == 1
    assert immutable_parts(code) == immutable_parts(parent)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no_block_found"),
        ("I cannot help with that.", "no_block_found"),
        ("<<<<<<< SEARCH\n    factor = 3.0\n", "truncated_answer"),
        ("<<<<<<< SEARCH\n    factor = 3.0\n=======\n    factor", "truncated_answer"),
        ("<<<<<<< SEARCH\nx\n>>>>>>> REPLACE\n", "truncated_answer"),
        (edit("    factor = 3.0", "    factor = 3.0"), "nothing_changed"),
        (edit("    factor = 3.0", "    factor = ("), "syntax_error"),
        (edit("# EVOLVE-BLOCK-END", "pass"), "markers_removed"),
        (edit("    factor = 3.0", "    # EVOLVE-BLOCK-END"), "markers_removed"),
        ("```python\nfactor = 4\n```", "no_block_found"),
    ],
)
def test_every_way_of_getting_it_wrong_has_its_reason(answer: str, reason: str) -> None:
    assert refused(answer).reason == reason


def test_a_whole_program_keeps_what_is_around_the_block() -> None:
    child = PARENT.replace("3.0", "3.2").replace("import math", "import os").replace("return area(1.0)", "return 1e9")
    candidate = apply_patch("full", compose_full(child, "whole", "all of it", "python"), Source.of(PARENT, "python"))
    assert "factor = 3.2" in candidate.code
    assert immutable_parts(candidate.code) == immutable_parts(PARENT)


def test_the_inside_of_the_block_alone_is_taken_for_the_block() -> None:
    inside = "def area(r):\n    return r\n\ndef border(r):\n    return 2 * r\n"
    assert block_texts(apply_patch("full", f"```python\n{inside}```", Source.of(PARENT, "python")).code) == [inside]
    assert refused(f"```python\n{inside.split('def border')[0]}```", patch_type="full").reason == "incomplete_program"


def test_a_whole_program_without_markers_loses_what_repeats_the_parent() -> None:
    bare = "".join(line for line in PARENT.splitlines(keepends=True) if "EVOLVE" not in line).replace("3.0", "3.3")
    candidate = apply_patch("full", f"```\n{bare}```", Source.of(PARENT, "python"))
    assert candidate.code.count("def main") == 1
    assert "factor = 3.3" in candidate.code


def test_a_cut_off_program_is_refused() -> None:
    assert refused("```python\ndef area(r):\n    return r\n", patch_type="full").reason == "truncated_answer"


def test_a_program_without_markers_may_change_everywhere() -> None:
    candidate = apply_patch("diff", edit("b = 2", "b = 3"), Source.of("a = 1\nb = 2", "python"))
    assert candidate.code == "a = 1\nb = 3"


def test_a_huge_answer_is_read_in_linear_time() -> None:
    answer = "x" * 2_500_000 + "\n" + "<<<<<<< SEARC\n" * 100_000
    assert refused(answer).reason == "no_block_found"


LINES = st.lists(
    st.sampled_from(["a = 1", "b = 2", "    c = 3", "", "d = 4  ", "é = 'ü'", "if a: b = 2", "x\x0cy"]), max_size=12
)


@thorough
@given(old=LINES, new=LINES, whole=st.booleans())
def test_a_composed_answer_gives_exactly_the_child(old: list[str], new: list[str], whole: bool) -> None:
    parent = "head\n# EVOLVE-BLOCK-START\n" + "\n".join([*old, "end"]) + "\n# EVOLVE-BLOCK-END\ntail\n"
    child = with_blocks(parent, ["\n".join([*new, "end"]) + "\n"])
    answer = compose_full(child, "n", "d") if whole else compose_diff(parent, child, "n", "d")
    if child == parent:
        assert refused_text(answer, parent) in {"nothing_changed", "no_block_found"}
    else:
        assert apply_patch("diff", answer, Source.of(parent, "text")).code == child


def refused_text(answer: str, parent: str) -> str:
    with pytest.raises(PatchError) as caught:
        apply_patch("diff", answer, Source.of(parent, "text"))
    return caught.value.reason


PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<<<<<<< SEARCH\n", "=======\n", ">>>>>>> REPLACE\n", "```python\n", "```\n", "    factor = 3.0\n",
                "# EVOLVE-BLOCK-START\n", "# EVOLVE-BLOCK-END\n", "<NAME>", "</NAME>", "def area(r):\n", "\r\n",
            ]
        ),
        st.text(max_size=20),
    ),
    max_size=15,
)  # fmt: skip


TWO_BLOCKS = "head = 1\n# EVOLVE-BLOCK-START\na = 1\n# EVOLVE-BLOCK-END\nmiddle = 2\n# EVOLVE-BLOCK-START\n    factor = 3.0\n# EVOLVE-BLOCK-END\ntail = 3"
PARENTS = {
    "usual": PARENT,
    "carriage returns": PARENT.replace("\n", "\r\n"),
    "mixed line ends": PARENT.replace("\n", "\r\n", 5),
    "two blocks, no line end": TWO_BLOCKS,
    "no markers": "def area(r):\n    factor = 3.0\n    return factor\n",
    "odd separators": PARENT.replace("factor = 3.0", "factor = 3.0\x0c\u2028    factor = 3.0"),
    "byte order mark": "\ufeff" + PARENT,
    "beyond ASCII": PARENT.replace("factor", "größe").replace("border", "\U0001f600"),
}


@thorough
@given(
    pieces=PIECES,
    patch_type=st.sampled_from(["diff", "full", "cross", "fix"]),
    kind=st.sampled_from(sorted(PARENTS)),
    language=st.sampled_from(["python", "text"]),
)
def test_no_answer_breaks_the_engine_or_the_immutable_text(
    pieces: list[str], patch_type: str, kind: str, language: str
) -> None:
    parent = PARENTS[kind]
    try:
        candidate = apply_patch(patch_type, "".join(pieces), Source.of(parent, language))
    except PatchError as error:
        assert error.reason.isidentifier()
        assert str(error)
    else:
        assert immutable_parts(candidate.code) == immutable_parts(parent)
        assert candidate.code.strip() != parent.strip()


@pytest.mark.parametrize("kind", sorted(PARENTS))
def test_every_kind_of_parent_can_be_edited(kind: str) -> None:
    parent = PARENTS[kind]
    line = next(line for line in parent.split("\n") if line.startswith("    ") and "3.0" in line).rstrip("\r")
    child = apply_patch("diff", edit(line, line.replace("3.0", "4.0")), Source.of(parent, "text")).code
    assert child.replace("4.0", "3.0").replace("\r\n", "\n") == parent.replace("\r\n", "\n")
    assert immutable_parts(child) == immutable_parts(parent)


@pytest.mark.parametrize("form", PatchType)
def test_a_program_of_one_file_may_be_given_as_a_text(form: PatchType) -> None:
    answer = edit("    factor = 3.0", "    factor = math.pi")
    assert apply_patch(form, answer, PARENT, "python") == apply_patch(form, answer, Source.of(PARENT, "python"))
