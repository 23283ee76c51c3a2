"""An edit that is derived from its parent, in any dress, gives the program meant or a refusal: never another."""

from __future__ import annotations

import difflib

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shinka_core.edit import apply_patch
from shinka_core.errors import PatchError
from shinka_core.source import Source

LINES = st.lists(
    st.sampled_from(
        [
            "a = 1", "b = 2", "    c = 3", "        d = 4", "", "if a: b", "# a comment", "\ttab = 5", "e = '='", "a = 1  ",
            "=======", "Role", "```json", "```", "x\x0cy", "</think>", "<think>", "return a", "    return a", "...", "é = 'ü'",
        ]
    ),
    min_size=1,
    max_size=9,
)  # fmt: skip
DRAFT = "<<<<<<< SEARCH\na = 1\n=======\na = 99\n>>>>>>> REPLACE\n"
BEFORE = [
    "", "<NAME>n</NAME>\n<DESCRIPTION>d</DESCRIPTION>\n", f"<think>\n{DRAFT}</think>\n", f"{DRAFT}</think>\n",
    "<think>\n<<<<<<< SEARCH\nb = 2\n</think>\n", "Here it is:\n\n", f"<reasoning>{DRAFT}```python\na = 99\n```\n</reasoning>\n",
]  # fmt: skip
AFTER = ["", "\nThis should score best.\n", "\nIt prints\n~~~text\na = 99\n~~~\n", "<|im_end|>"]
MARKS = [(7, 7, 7), (9, 9, 9), (5, 5, 5), (12, 12, 12)]
LANGUAGES = ["text", "cpp"]


def program(block: list[str], *, marked: bool) -> str:
    inside = "\n".join(block) + "\n"
    return f"head()\n// EVOLVE-BLOCK-START\n{inside}// EVOLVE-BLOCK-END\ntail()\n" if marked else inside


def as_blocks(old: list[str], new: list[str], lengths: tuple[int, int, int], context: int, indent: str) -> str:
    """The edits from one list of lines to another, with so many lines around each."""
    pieces: list[str] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        search = old[group[0][1] : group[-1][2]]
        replace = new[group[0][3] : group[-1][4]]
        assume(any(line.strip() for line in search))  # an empty search is one for the end
        opening, divider, closing = ("<" * lengths[0], "=" * lengths[1], ">" * lengths[2])
        lines = [f"{opening} SEARCH", *search, divider, *replace, f"{closing} REPLACE"]
        pieces.append("\n".join(indent + line if line else line for line in lines))
    return "\n".join(pieces) + "\n"


def outcome(patch_type: str, answer: str, parent: str, language: str) -> str | None:
    try:
        return apply_patch(patch_type, answer, Source.of(parent, language)).code
    except PatchError as error:
        assert str(error)
        return None


@settings(max_examples=400, deadline=None)
@given(
    old=LINES, new=LINES, marked=st.booleans(), lengths=st.sampled_from(MARKS), context=st.integers(0, 3),
    indent=st.sampled_from(["", "", "  ", "    "]), before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER),
    fenced=st.booleans(), crlf=st.booleans(), language=st.sampled_from(LANGUAGES),
)  # fmt: skip
def test_edits(
    old: list[str], new: list[str], marked: bool, lengths: tuple[int, int, int], context: int, indent: str, before: str,
    after: str, fenced: bool, crlf: bool, language: str,
) -> None:  # fmt: skip
    parent, child = program(old, marked=marked), program(new, marked=marked)
    edits = as_blocks(old, new, lengths, context, indent)
    answer = before + (f"````\n{edits}````\n" if fenced else edits) + after
    if crlf:
        parent, child = parent.replace("\n", "\r\n"), child.replace("\n", "\r\n")
    assert outcome("diff", answer, parent, language) in (None, child)


@settings(max_examples=400, deadline=None)
@given(
    old=LINES, new=LINES, fence=st.sampled_from(["```", "````", "~~~"]), info=st.sampled_from(["", "text", "cpp main.cpp"]),
    before=st.sampled_from(BEFORE[1:]), after=st.sampled_from(AFTER), language=st.sampled_from(LANGUAGES),
    patch_type=st.sampled_from(["full", "diff"]), mark=st.sampled_from(["", "\ufeff"]),
)  # fmt: skip
def test_whole_programs(
    old: list[str], new: list[str], fence: str, info: str, before: str, after: str, language: str, patch_type: str,
    mark: str,
) -> None:  # fmt: skip
    parent, child = mark + program(old, marked=True), mark + program(new, marked=True)
    answer = f"{before}{fence}{info}\n{child.removeprefix(mark)}{fence}\n{after}"
    assert outcome(patch_type, answer, parent, language) in (None, child)


@settings(max_examples=300, deadline=None)
@given(
    old=LINES, new=LINES, context=st.integers(0, 3), fenced=st.booleans(), counted=st.booleans(), marked=st.booleans()
)
def test_unified_diffs(old: list[str], new: list[str], context: int, fenced: bool, counted: bool, marked: bool) -> None:
    parent, child = program(old, marked=marked), program(new, marked=marked)
    lines = difflib.unified_diff(parent.split("\n")[:-1], child.split("\n")[:-1], "a/x", "b/x", lineterm="", n=context)
    diff = "".join((line if counted or not line.startswith("@@") else "@@ ... @@") + "\n" for line in lines)
    answer = f"````diff\n{diff}````\n" if fenced else diff + "\nThat is all.\n"
    assert outcome("diff", answer, parent, "text") in (None, child)


SAFE = st.lists(st.sampled_from([f"value_{n} = {n}" for n in range(12)]), min_size=3, max_size=9, unique=True)


@settings(max_examples=300, deadline=None)
@given(old=SAFE, new=SAFE, before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER), lengths=st.sampled_from(MARKS))
def test_what_is_clear_is_not_refused(
    old: list[str], new: list[str], before: str, after: str, lengths: tuple[int, int, int]
) -> None:
    parent, child = program(old, marked=True), program(new, marked=True)
    edits = as_blocks(old, new, lengths, 20, "")
    assert outcome("diff", before + edits + after, parent, "cpp") == (child if old != new else None)
    whole = f"{before}```cpp\n{child}```\n{after}"
    assert outcome("full", whole, parent, "cpp") == (child if old != new else None)
