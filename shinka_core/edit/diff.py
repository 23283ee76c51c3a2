"""Applying SEARCH/REPLACE edits inside EVOLVE-BLOCKs."""

from __future__ import annotations

import difflib
import textwrap

from shinka_core.edit.answer import Edit
from shinka_core.edit.blocks import END, START, find_blocks, has_markers
from shinka_core.errors import PatchError

# Looking for the closest line compares every pair; beyond this the hint is not worth its time.
HINT_LINES = 2_000
HINT_LENGTH = 200


def apply_edits(code: str, edits: list[Edit]) -> str:
    """Applies the edits one after another, each to the outcome of the one before.

    Args:
        code: The parent program.
        edits: In the order of the answer.

    Raises:
        PatchError: `search_not_found`, `search_ambiguous`, `immutable_region_touched` or
            `markers_removed`; the message says which edit and what to do.
    """
    for index, edit in enumerate(edits, start=1):
        which = f"SEARCH block {index} of {len(edits)}"
        if START in edit.replace or END in edit.replace or START in edit.search or END in edit.search:
            raise PatchError(
                "markers_removed", f"{which} contains an EVOLVE-BLOCK marker; leave both marker lines out of the edit"
            )
        code = _apply(code, edit, which)
    return code


def _apply(code: str, edit: Edit, which: str) -> str:
    if not edit.search.strip():
        end = find_blocks(code)[-1].end
        before = code[:end]
        gap = "" if not before or before.endswith("\n") else "\n"
        return before + gap + edit.replace + code[end:]
    found = find_exact(code, edit.search) or _find_lenient(code, edit.search)
    inside = [span for span in found if _mutable(code, span)]
    if len(inside) > 1:
        lines = ", ".join(str(code.count("\n", 0, start) + 1) for start, _ in inside)
        raise PatchError(
            "search_ambiguous",
            f"{which} matches {len(inside)} places (lines {lines}); include more lines around the one you mean",
        )
    if inside:
        start, end = inside[0]
        return code[:start] + _reindented(code[start:end], edit) + code[end:]
    if found:
        line = code.count("\n", 0, found[0][0]) + 1
        raise PatchError(
            "immutable_region_touched",
            f"{which} matches line {line}, outside the EVOLVE-BLOCK; only code between {START} and {END} may change",
        )
    raise PatchError("search_not_found", f"{which} is not in the program{_closest(code, edit.search)}")


def _mutable(code: str, span: tuple[int, int]) -> bool:
    return any(block.start <= span[0] and span[1] <= block.end for block in find_blocks(code))


def find_exact(code: str, search: str) -> list[tuple[int, int]]:
    """Places where the search stands as whole lines."""
    spans: list[tuple[int, int]] = []
    padded = code if code.endswith("\n") else code + "\n"
    start = padded.find(search)
    while start >= 0:
        if start == 0 or padded[start - 1] == "\n":
            spans.append((start, min(start + len(search), len(code))))
        start = padded.find(search, start + 1)
    return spans


def _find_lenient(code: str, search: str) -> list[tuple[int, int]]:
    """Places that match but for trailing blanks and one common indentation."""
    wanted = _normal(search.strip("\n").split("\n"))
    lines = code.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    first = wanted[0].strip()
    spans: list[tuple[int, int]] = []
    for index in range(len(lines) - len(wanted) + 1):
        if lines[index].strip() == first and _normal(lines[index : index + len(wanted)]) == wanted:
            spans.append((offsets[index], min(offsets[index + len(wanted)], len(code))))
    return spans


def _normal(lines: list[str]) -> list[str]:
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).split("\n")


def _reindented(matched: str, edit: Edit) -> str:
    """The replacement, moved by the indentation in which the match differs from the search."""
    replace = edit.replace
    if matched and not matched.endswith("\n"):
        replace = replace.removesuffix("\n")
    have, want = _indentation(edit.search), _indentation(matched)
    if have == want:
        return replace
    shifted = [
        want + line[len(have) :] if line.startswith(have) and line.strip() else line for line in replace.split("\n")
    ]
    return "\n".join(shifted)


def _indentation(text: str) -> str:
    for line in text.split("\n"):
        if line.strip():
            return line[: len(line) - len(line.lstrip())]
    return ""


def _closest(code: str, search: str) -> str:
    """Names the line of the program that is most like the first line searched for."""
    wanted = next((line.strip() for line in search.split("\n") if line.strip()), "")[:HINT_LENGTH]
    lines = code.split("\n")[:HINT_LINES]
    stripped = [line.strip()[:HINT_LENGTH] for line in lines]
    match = difflib.get_close_matches(wanted, [line for line in stripped if line], n=1, cutoff=0.5)
    if not match:
        return "; copy the lines to replace exactly as they stand in the program"
    number = stripped.index(match[0]) + 1
    where = (
        ""
        if not has_markers(code)
        or any(
            block.start <= sum(len(line) + 1 for line in lines[: number - 1]) < block.end for block in find_blocks(code)
        )
        else " (outside the EVOLVE-BLOCK)"
    )
    return (
        f"; the closest line is line {number}{where}: {lines[number - 1].strip()[:HINT_LENGTH]!r}. Copy lines exactly"
    )
