"""Unified diffs and other formats that nobody asked for: applied right, or named."""

from __future__ import annotations

import pytest

from tests.shinka_core.edit.dressing import BETTER, HEADING, PROMPT, applied, fence, refused

HUNK = " def area(r):\n-    factor = 3.0\n+    factor = math.pi\n     return factor * r * r\n"
HEADER = "--- a/main.py\n+++ b/main.py\n"


@pytest.mark.parametrize(
    "diff",
    [
        f"{HEADER}@@ -4,3 +4,3 @@\n{HUNK}",
        f"{HEADER}@@ -400,30 +1,2 @@ def area(r):\n{HUNK}",
        f"{HEADER}@@\n{HUNK}",
        f"{HEADER}@@ ... @@\n{HUNK}",
        f"diff --git a/main.py b/main.py\nindex 83db48f..bf26911 100644\n{HEADER}@@ -4,3 +4,3 @@\n{HUNK}",
        f"--- main.py\t2024-01-01 00:00:00\n+++ main.py\t2024-01-01 00:00:01\n@@ -4,3 +4,3 @@\n{HUNK}",
        f"@@ -4,3 +4,3 @@\n{HUNK}",
        HUNK,
        f"{HEADER}@@ -1,6 +1,6 @@\n import math\n \n # EVOLVE-BLOCK-START\n{HUNK}",
        f"{HEADER}@@ -1,6 +1,6 @@\n import math\n\n # EVOLVE-BLOCK-START\n{HUNK}",
        f"{HEADER}@@ -4,3 +4,3 @@\n{HUNK}\\ No newline at end of file\n",
    ],
)
def test_a_diff_whose_text_fits_is_applied(diff: str) -> None:
    for patch_type in ("diff", "full"):
        assert applied(HEADING + fence(diff, "diff"), patch_type=patch_type) == BETTER


def test_a_diff_without_a_fence_is_applied() -> None:
    assert applied(f"{HEADING}\n{HEADER}@@ -4,3 +4,3 @@\n{HUNK}\nThat is all.\n") == BETTER


def test_two_hunks_are_both_applied() -> None:
    second = "@@ -6 +6 @@\n-    return factor * r * r\n+    return factor * r ** 2\n"
    first = f"{HEADER}@@ -5 +5 @@\n-    factor = 3.0\n+    factor = math.pi\n"
    assert applied(fence(first + second, "diff")) == BETTER.replace("factor * r * r", "factor * r ** 2")


@pytest.mark.parametrize(
    ("diff", "words"),
    [
        (f"{HEADER}@@ -4,3 +4,3 @@\n{HUNK.replace('3.0', '3.5')}", "closest line"),
        (f"{HEADER}@@ -5,0 +5,1 @@\n+    factor = 4.0\n", "no line to find its place"),
        (
            f"{HEADER}@@ -4,3 +4,3 @@\n{HUNK.replace('+    factor', '    factor')}@@ -1 +1 @@\nimport os\n",
            "unified diff",
        ),
        (f"{HEADER}@@ -5 +5 @@\n-    factor = 3.0\nfactor = math.pi\n", "begins with none of"),
        (f"{HEADER}@@ -4,3 +4,3 @@\n{HUNK}--- a/other.py\n+++ b/other.py\n@@ -1 +1 @@\n-x\n+y\n", "several files"),
        ("nothing\n", "unified diff with a line"),
    ],
)
def test_a_diff_that_does_not_fit_is_named(diff: str, words: str) -> None:
    error = refused(fence(diff, "diff"))
    assert error.reason == "wrong_format"
    assert words in str(error)
    assert "SEARCH/REPLACE" in str(error)


def test_a_diff_is_no_program() -> None:
    diff = '--- a/initial.md\n+++ b/initial.md\n@@ -8,4 +8,4 @@\n {"answer": 0}\n ~~~\n \n Never explain.\n-Never guess.\n+Never.\n'
    assert refused(fence(diff, "diff"), PROMPT, language="markdown").reason == "wrong_format"
    assert refused(fence(diff, "diff"), PROMPT, "full", "markdown").reason == "wrong_format"


def test_a_diff_outside_of_the_block_is_refused() -> None:
    diff = f"{HEADER}@@ -11,2 +11,2 @@\n def main(seed):\n-    return area(1.0)\n+    return 1e9\n"
    assert refused(fence(diff, "diff")).reason == "immutable_region_touched"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            "*** Begin Patch\n*** Update File: main.py\n@@\n-    factor = 3.0\n+    factor = 4\n*** End Patch\n",
            "Begin Patch",
        ),
        ("<search>\n    factor = 3.0\n</search>\n<replace>\n    factor = 4\n</replace>\n", "<search>"),
    ],
)
def test_other_formats_are_named(answer: str, words: str) -> None:
    error = refused(answer)
    assert error.reason == "wrong_format"
    assert words in str(error)
