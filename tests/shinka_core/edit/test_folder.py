"""Answers about a program of several files: which file an edit is for, and what is refused with which words."""

from __future__ import annotations

import pytest

from shinka_core.edit import Rules, apply_patch
from shinka_core.edit.compose import compose_diff, compose_full
from shinka_core.errors import PatchError
from shinka_core.program import Candidate
from shinka_core.source import Source, SourceFile
from tests.shinka_core.edit.dressing import block, fence
from tests.support.folders import CURVE, MAIN, RULES, package

BETTER_CURVE, BETTER_RULES = CURVE.replace("2.0", "3.0"), RULES.replace("5.0", "6.0")
EDIT = block("    scale = 2.0", "    scale = 3.0")
OTHER = block("    limit = 5.0", "    limit = 6.0")


def applied(answer: str, parent: Source | None = None, patch_type: str = "diff") -> Candidate:
    return apply_patch(patch_type, answer, parent or package())


def refused(answer: str, parent: Source | None = None, patch_type: str = "diff") -> PatchError:
    with pytest.raises(PatchError) as caught:
        applied(answer, parent, patch_type)
    return caught.value


# Two files in which the same search stands: only the path tells.
TWINS = package(rules=CURVE)


@pytest.mark.parametrize(
    "said",
    [
        "inner/rules.py\n",
        "### FILE inner/rules.py\n",
        "### FILE: inner/rules.py\n\n",
        "**inner/rules.py**\n",
        "`inner/rules.py`:\n",
        "File: inner/rules.py\n",
        "file: `inner/rules.py`\n",
        "**File:** `inner/rules.py`\n",
        "# inner/rules.py\n",
        "// inner/rules.py\n",
        "<!-- inner/rules.py -->\n",
        "1. inner/rules.py\n",
        "./inner/rules.py\n",
        "program/inner/rules.py\n",
        "In file `inner/rules.py`:\n",
        "### inner/rules.py\n```python\n",
        "```python\ninner/rules.py\n",
        "```python inner/rules.py\n",
        "```python:inner/rules.py\n",
        "```inner/rules.py\n",
        '```python title="inner/rules.py"\n',
    ],
)
def test_the_line_before_an_edit_names_its_file(said: str) -> None:
    candidate = applied(said + EDIT + ("```\n" if "```" in said else ""), TWINS)
    assert candidate.source == package(rules=BETTER_CURVE)
    assert candidate.diff.startswith("--- a/inner/rules.py\n+++ b/inner/rules.py\n@@")


@pytest.mark.parametrize("path", ["__init__.py", "_inner/_rules.py", "rules_.py"])
@pytest.mark.parametrize("said", ["### FILE {}\n", "**{}**\n", "_{}_\n", "`{}`:\n", "{}\n", "__{}__\n", "File: {}\n"])
def test_underscores_of_a_name_are_a_part_of_it(path: str, said: str) -> None:
    twins = Source.folder([SourceFile(path, CURVE, "python"), SourceFile("curve.py", CURVE, "python")])
    changed = applied(said.format(path) + EDIT, twins).source
    assert [changed.find(other) == twins.find(other) for other in (path, "curve.py")] == [False, True]


def test_the_search_line_may_name_it() -> None:
    answer = EDIT.replace("<<<<<<< SEARCH", "<<<<<<< SEARCH inner/rules.py")
    assert applied(answer, TWINS).source == package(rules=BETTER_CURVE)


def test_an_edit_without_a_path_goes_where_its_search_stands() -> None:
    candidate = applied(f"<NAME>both</NAME>\n<DESCRIPTION>Two files.</DESCRIPTION>\n{OTHER}\n{EDIT}")
    assert candidate.source == package(curve=BETTER_CURVE, rules=BETTER_RULES)
    assert (candidate.name, candidate.description) == ("both", "Two files.")
    assert [line for line in candidate.diff.split("\n") if line.startswith("+++")] == [
        "+++ b/curve.py",
        "+++ b/inner/rules.py",
    ]


@pytest.mark.parametrize(
    "prose",
    ["In the loop:", "Change the constant", "Edit: a larger scale", "File changes", "**Better.**", "Use math.pi", "1."],
)
def test_prose_before_an_edit_names_no_file(prose: str) -> None:
    assert applied(f"{prose}\n{EDIT}").source == package(curve=BETTER_CURVE)


def test_an_edit_without_a_path_that_fits_in_two_files_is_refused() -> None:
    error = refused(EDIT, TWINS)
    assert error.reason == "search_ambiguous"
    assert "fits in curve.py, inner/rules.py; name the file in a line of its own" in str(error)


def test_of_several_edits_those_that_name_no_file_belong_to_the_one_before() -> None:
    more = block("def curve(x):", "def curve(x):\n    x = x + 1")
    answer = f"### FILE inner/rules.py\n{EDIT}\n{more}"
    assert applied(answer, TWINS).source == package(
        rules=BETTER_CURVE.replace("def curve(x):", "def curve(x):\n    x = x + 1")
    )


def test_a_search_that_stands_nowhere_is_told_with_the_files() -> None:
    error = refused(block("    nothing = 0", "    nothing = 1"))
    assert error.reason == "search_not_found"
    assert "is in none of curve.py, inner/rules.py" in str(error)


@pytest.mark.parametrize(
    ("path", "reason", "words"),
    [
        ("inner/rule.py", "unknown_file", "no file 'inner/rule.py'; did you mean 'inner/rules.py'?"),
        ("rules.py", "unknown_file", "did you mean 'inner/rules.py'?"),
        ("other/curve.py", "unknown_file", "did you mean 'curve.py'?"),
        ("quite_another.rs", "unknown_file", "its files are 'curve.py', 'inner/rules.py'"),
        ("/etc/passwd", "unknown_file", "outside of the program"),
        ("../curve.py", "unknown_file", "outside of the program"),
        ("inner/../../curve.py", "unknown_file", "outside of the program"),
        ("main.py", "immutable_region_touched", "main.py stays as it is: only what stands in the EVOLVE-BLOCKs of curve.py"),
        ("table.bin", "immutable_region_touched", "table.bin stays as it is"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("patch_type", ["diff", "full"])
def test_other_paths_are_refused(path: str, reason: str, words: str, patch_type: str) -> None:
    text = EDIT if patch_type == "diff" else fence(BETTER_CURVE)
    error = refused(f"### FILE {path}\n{text}", patch_type=patch_type)
    assert (error.reason, words in str(error)) == (reason, True), str(error)


def test_a_unified_diff_names_its_files() -> None:
    want = package(curve=BETTER_CURVE, rules=BETTER_RULES)
    diff = applied(EDIT + OTHER).diff
    assert applied(fence(diff + "\n", "diff")).source == want
    assert applied(diff).source == want


@pytest.mark.parametrize(
    ("header", "reason", "words"),
    [
        ("--- a/curves.py\n+++ b/curves.py", "unknown_file", "did you mean 'curve.py'"),
        ("--- a/curve.py\n+++ /dev/null", "file_deleted", "files stay"),
        ("--- /dev/null\n+++ b/new.py", "unknown_file", "no file 'new.py'"),
        ("--- a/main.py\n+++ b/main.py", "immutable_region_touched", "main.py stays as it is"),
    ],
)
def test_a_diff_of_other_files_is_refused(header: str, reason: str, words: str) -> None:
    error = refused(fence(f"{header}\n@@ -1 +1 @@\n-    scale = 2.0\n+    scale = 3.0\n", "diff"))
    assert (error.reason, words in str(error)) == (reason, True), str(error)


@pytest.mark.parametrize("patch_type", ["diff", "full"])
def test_whole_files_are_taken_one_by_one(patch_type: str) -> None:
    answer = f"<NAME>anew</NAME>\n### FILE curve.py\n{fence(BETTER_CURVE)}\nand\n\n**inner/rules.py**\n\n{fence(BETTER_RULES)}"
    assert applied(answer, patch_type=patch_type).source == package(curve=BETTER_CURVE, rules=BETTER_RULES)


def test_a_file_that_is_shown_once_more_as_it_is_does_no_harm() -> None:
    answer = f"main.py\n{fence(MAIN)}\ncurve.py\n{fence(CURVE)}\ninner/rules.py\n{fence(BETTER_RULES)}"
    assert applied(answer, patch_type="full").source == package(rules=BETTER_RULES)


def test_the_first_line_of_a_fence_may_name_the_file() -> None:
    answer = fence(f"# inner/rules.py\n{BETTER_RULES}")
    assert applied(answer, patch_type="full").source == package(rules=BETTER_RULES)


def test_a_whole_file_without_a_path_is_the_one_that_defines_the_same() -> None:
    assert applied(fence(BETTER_RULES), patch_type="full").source == package(rules=BETTER_RULES)
    error = refused(fence(BETTER_CURVE), TWINS, "full")
    assert (error.reason, "does not say which of curve.py, inner/rules.py" in str(error)) == ("several_programs", True)


def test_an_answer_that_changes_nothing_is_refused() -> None:
    assert refused(f"curve.py\n{fence(CURVE)}", patch_type="full").reason == "nothing_changed"
    assert refused("I would make it faster.").reason == "no_block_found"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (block("    scale = 2.0", "    scale = (2.0"), "syntax_error"),
        (block("import math", "import sys"), "immutable_region_touched"),
        (block("# EVOLVE-BLOCK-END", ""), "markers_removed"),
        (block("    scale = 2.0", "    # ... rest unchanged"), "placeholder"),
        ("<<<<<<< SEARCH\n    scale = 2.0\n", "truncated_answer"),
    ],
)
def test_what_holds_for_one_file_holds_for_each(edit: str, reason: str) -> None:
    error = refused(f"### FILE curve.py\n{edit}")
    assert error.reason == reason
    assert reason == "truncated_answer" or str(error).startswith("curve.py: ")


def test_line_ends_are_those_of_each_file() -> None:
    parent = package(curve=CURVE.replace("\n", "\r\n"), rules="\ufeff" + RULES)
    child = applied(EDIT + OTHER, parent).source
    assert child == package(curve=BETTER_CURVE.replace("\n", "\r\n"), rules="\ufeff" + BETTER_RULES)


def test_the_limit_is_for_all_files_together() -> None:
    parent = package()
    with pytest.raises(PatchError, match=rf"the program has {parent.length + 3} characters; at most {parent.length}"):
        apply_patch("diff", block("    scale = 2.0", "    scale = 2.0001"), parent, rules=Rules(parent.length))


def test_reasoning_about_files_is_not_their_edit() -> None:
    answer = f"<think>\n### FILE main.py\n{block('def main(seed):', 'def other(seed):')}\n</think>\n### FILE curve.py\n{EDIT}"
    assert applied(answer).source == package(curve=BETTER_CURVE)


def test_without_any_marker_programs_may_change_and_data_may_not() -> None:
    from shinka_core.source import SourceFile

    parent = Source.folder(
        [SourceFile("a.py", "x = 1\n", "python"), SourceFile("b.py", "y = 1\n", "python"), SourceFile("c.json", "{}\n", "json")]
    )  # fmt: skip
    assert applied(block("y = 1", "y = 2"), parent).source.files[1].text == "y = 2\n"
    assert "c.json stays as it is" in str(refused(f"c.json\n{block('{}', '[]')}", parent))


def test_operators_name_the_file_that_they_change() -> None:
    for compose in (compose_diff, lambda _, *rest: compose_full(*rest)):
        answer = compose(CURVE, BETTER_CURVE, "name", "words", "python", "inner/rules.py")
        assert applied(answer, TWINS, "diff").source == package(rules=BETTER_CURVE)
