"""Code that was left out is seen, and comments are left alone."""

from __future__ import annotations

import pytest

from shinka_core.edit.omissions import find_omission, leaves_out
from tests.shinka_core.edit.dressing import applied, block, fence, refused

STEPS = (
    "# EVOLVE-BLOCK-START\n"
    + "\n\n".join(f"def step{n}(x):\n    return x + {n}.0\n" for n in range(6))
    + "# EVOLVE-BLOCK-END\n"
)
OMISSIONS = """\
# ... (rest of the functions unchanged) ...
# ... existing code ...
// ... existing code ...
/* ... existing code ... */
<!-- ... rest of the document ... -->
-- ... remaining query ...
% ... unchanged ...
; ... rest ...
(* ... same as before ... *)
{/* existing code */}
# … rest unchanged …
# rest unchanged
# The rest of the code remains the same
// rest of the code
# TODO keep the rest
# TODO: keep the rest of the code
# Keep existing code
# existing code here
# (existing code)
# previous code
# [rest of the code unchanged]
# other functions unchanged
# (other methods remain unchanged)
# Same as original
# unchanged code
# no changes below this line
# your code here
# implementation omitted for brevity
# ...
// ...
/* ... */
... (rest unchanged) ...
[... rest of the prompt unchanged ...]
[rest of the code]
    pass  # ... existing code"""
COMMENTS = """\
# keep the best
# the rest of the points are placed on a ring
# remaining area
# same as above but mirrored
# existing points stay where they are
# loop over the remaining items
# use the same radius for all
# previous best score
# wait for it...
# TODO: improve the rest of this
# insert the new circle
# points 0, 1, ..., n
# the current code is slow
# other cases
# original algorithm by Smith
x = rest[...]
x[..., 0] = 1
def f(x): ...
print("...")
return x  # unchanged
# return the rest"""


@pytest.mark.parametrize("line", OMISSIONS.split("\n"))
def test_a_line_that_says_so_is_an_omission(line: str) -> None:
    assert leaves_out(line)


@pytest.mark.parametrize("line", COMMENTS.split("\n"))
def test_a_comment_is_none(line: str) -> None:
    assert not leaves_out(line)


@pytest.mark.parametrize("line", ["# ... (rest of the functions unchanged) ...", "# rest unchanged", "..."])
def test_a_program_with_an_omission_is_refused(line: str) -> None:
    program = f"# EVOLVE-BLOCK-START\ndef step0(x):\n    return x + 7.0\n\n\n{line}\n# EVOLVE-BLOCK-END\n"
    for answer, patch_type in (
        (fence(program), "full"),
        (block("    return x + 0.0", f"    return x + 7.0\n{line}"), "diff"),
    ):
        error = refused(answer, STEPS, patch_type)
        assert error.reason == "placeholder"
        assert line in str(error)


def test_a_search_that_leaves_lines_out_is_told_so() -> None:
    error = refused(
        block("def step0(x):\n# ... existing code ...\n    return x + 5.0", "def step0(x):\n    return x"), STEPS
    )
    assert error.reason == "search_not_found"
    assert "leave none out" in str(error)


def test_what_the_parent_has_is_no_omission() -> None:
    parent = STEPS.replace("def step0", "# ... existing code ...\n# rest unchanged\n...\ndef step0")
    assert "x + 7.0" in applied(block("    return x + 0.0", "    return x + 7.0"), parent)
    assert "x + 7.0" in applied(fence(parent.replace("x + 0.0", "x + 7.0")), parent, "full")


def test_a_vague_comment_counts_where_lines_are_gone() -> None:
    parent = [f"line {n}" for n in range(9)]
    vague = "# the remaining points as before"
    assert find_omission([*parent[:3], vague], parent, language="python") == 3
    assert find_omission([*parent, vague], parent, language="python") is None


@pytest.mark.parametrize(("code", "language", "found"), [
    ("class A:\n    def f(self):\n        ...\n", "python", None),
    ("a = 1\n...\nb = 2\n", "python", 1),
    ("int a;\n...\nint b;\n", "c", 1),
])  # fmt: skip
def test_dots_alone_are_code_in_python_where_a_body_stands(code: str, language: str, found: int | None) -> None:
    assert find_omission(code.split("\n"), [], language=language) == found
