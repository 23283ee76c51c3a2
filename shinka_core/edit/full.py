"""Applying a whole program: whatever the model does around the blocks, the parent's text stays."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shinka_core.edit.blocks import (
    MarkerError,
    block_texts,
    find_blocks,
    has_markers,
    immutable_parts,
    with_blocks,
    without_markers,
)
from shinka_core.edit.names import defined_names
from shinka_core.errors import PatchError

_IMPORT = re.compile(
    r"[ \t]*(?:import\b|from\b.*\bimport\b|#[ \t]*include\b|use\b|using\b|package\b|require\b|library\(|open\b|@)"
)
# Of a line, below which that it occurs twice means nothing.
SIGNIFICANT = 6


def apply_program(parent: str, program: str) -> str:
    """Takes the block contents of the model's program into the parent.

    A program that repeats the markers gives its block contents; one without markers is taken as
    the content of the only block, unless it repeats text from around the block as well: then
    that text is cut off where it matches the parent exactly.

    Args:
        parent: With line feeds alone.
        program: With line feeds alone.

    Raises:
        PatchError: `markers_removed` when the blocks cannot be told apart, `incomplete_program` when
            it is a part of the program, `nothing_changed` when it has changes around the blocks alone.
    """
    if not has_markers(parent):
        return _in_place_of(parent, program)
    if has_markers(program):
        try:
            texts = block_texts(program)
        except MarkerError as error:
            raise PatchError("markers_removed", f"the program's EVOLVE-BLOCK markers are broken: {error}") from error
        wanted = len(find_blocks(parent))
        if len(texts) != wanted:
            raise PatchError(
                "markers_removed",
                f"the program has {len(texts)} EVOLVE-BLOCKs where the parent has {wanted}; keep each",
            )
        return _changed(parent, with_blocks(parent, texts), program)
    if len(find_blocks(parent)) > 1:
        raise PatchError(
            "markers_removed",
            "the program lost its EVOLVE-BLOCK markers; repeat the whole program with every marker line",
        )
    return with_blocks(parent, [_without_surroundings(parent, program)])


def _changed(parent: str, child: str, program: str) -> str:
    """The child, unless all that is new in the program stands where nothing may change: that is told as such."""
    known = {line.strip() for line in _lines(parent)}
    if child.strip() == parent.strip() and any(line.strip() not in known for line in _lines(program)):
        raise PatchError(
            "nothing_changed",
            "all that is new in the answer stands outside the EVOLVE-BLOCK, which stays as it is; put it between the two "
            "marker lines, and use it there",
        )
    return child


def is_whole(parent: str, program: str) -> bool:
    """Whether code that came unasked is meant as the whole program, and not as a piece of it."""
    if has_markers(program):
        return True
    if has_markers(parent):
        head, tail = (_lines(without_markers(part)) for part in _around(parent))
        lines = _lines(program)
        return bool(head or tail) and _begins(lines, head) is not None and _begins(lines[::-1], tail[::-1]) is not None
    names = defined_names(parent)
    if names:
        return names <= defined_names(program) and 2 * len(program) > len(parent)
    old = {line.strip() for line in _lines(parent)}
    return bool(old) and 2 * len(old & {line.strip() for line in _lines(program)}) >= len(old)


def _in_place_of(parent: str, program: str) -> str:
    """The program of a parent that may change as a whole."""
    if has_markers(program):
        program = without_markers(program)
    names, kept = defined_names(parent), defined_names(program)
    if kept and kept < names and 2 * len(kept) <= len(names) and 2 * len(program) < len(parent):
        _refuse_part(names - kept)
    ends = len(parent) - len(parent.rstrip("\n"))
    return program if ends else program.removesuffix("\n")


def _refuse_part(missing: frozenset[str]) -> None:
    some = ", ".join(sorted(missing)[:5])
    raise PatchError(
        "incomplete_program",
        f"the answer holds a part of the program: {some} {'are' if len(missing) > 1 else 'is'} missing; write the whole "
        "program, with the EVOLVE-BLOCK marker lines where it has them",
    )


def _around(parent: str) -> tuple[str, str]:
    parts = immutable_parts(parent)
    return parts[0], parts[-1]


def _without_surroundings(parent: str, program: str) -> str:
    head, tail = (without_markers(part) for part in _around(parent))
    block = block_texts(parent)[0]
    body, begins, ends = _cut(program, head, tail)
    for part, cut in ((head, begins), (tail, ends)):
        if not cut:
            _expect_none_of(part, body)
    if not begins:
        body = _without_imports(body, head)
    whole = begins and ends and bool(head.strip() or tail.strip())
    missing = defined_names(block) - defined_names(body)
    if not whole and missing:
        _refuse_part(missing)
    return body


def _cut(program: str, head: str, tail: str) -> tuple[str, bool, bool]:
    """The program without what is around the block, and whether its beginning and its end are those around."""
    body = program
    begins, ends = not head.strip(), not tail.strip()
    if not begins:
        if body.startswith(head):
            body, begins = body[len(head) :], True
        elif (at := _begins(body.split("\n"), _lines(head))) is not None:
            body, begins = "\n".join(body.split("\n")[at:]).lstrip("\n"), True
    if not ends:
        lines = body.split("\n")
        if body.rstrip().endswith(tail.rstrip()):
            body, ends = body.rstrip()[: -len(tail.rstrip())], True
        elif (at := _begins(lines[::-1], _lines(tail)[::-1])) is not None:
            body, ends = "\n".join(lines[: len(lines) - at]).rstrip("\n") + "\n", True
    return body, begins, ends


def _begins(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """How many lines there are up to the end of the wanted ones, blank lines apart; None when it begins otherwise."""
    at = 0
    for line in wanted:
        while at < len(lines) and not lines[at].strip():
            at += 1
        if at == len(lines) or lines[at].rstrip() != line.rstrip():
            return None
        at += 1
    return at


def _expect_none_of(around: str, body: str) -> None:
    """Text from around the block that was changed cannot be told from the block's own."""
    names = defined_names(around)
    if names:
        doubled = bool(names & defined_names(body))
    else:
        old = {line.strip() for line in _lines(around) if len(line.strip()) >= SIGNIFICANT and not _IMPORT.match(line)}
        doubled = any(line.strip() in old for line in _lines(body))
    if doubled:
        raise PatchError(
            "markers_removed",
            "the program has no EVOLVE-BLOCK markers, and what it has around the block is not what the parent has there; "
            "repeat the whole program with both marker lines",
        )


def _without_imports(body: str, head: str) -> str:
    """The body without imports at its beginning that stand above the block already."""
    known = {line.strip() for line in _lines(head)}
    lines = body.split("\n")
    at = 0
    while at < len(lines) - 1 and (not lines[at].strip() or (lines[at].strip() in known and _IMPORT.match(lines[at]))):
        at += 1
    repeated = any(line.strip() for line in lines[:at])
    return "\n".join(lines[at:]) if repeated else body


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]
