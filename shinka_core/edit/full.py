"""Applying a whole program: whatever the model does around the blocks, the parent's text stays."""

from __future__ import annotations

from shinka_core.edit.blocks import MarkerError, block_texts, find_blocks, has_markers, immutable_parts, with_blocks
from shinka_core.errors import PatchError


def apply_program(parent: str, program: str) -> str:
    """Takes the block contents of the model's program into the parent.

    A program that repeats the markers gives its block contents; one without markers is taken as
    the content of the only block, unless it repeats text from around the block as well: then
    that text is cut off where it matches the parent exactly.

    Raises:
        PatchError: `markers_removed` when the blocks cannot be told apart.
    """
    if not has_markers(parent):
        return program
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
        return with_blocks(parent, texts)
    if len(find_blocks(parent)) > 1:
        raise PatchError(
            "markers_removed",
            "the program lost its EVOLVE-BLOCK markers; repeat the whole program with every marker line",
        )
    return with_blocks(parent, [_without_surroundings(parent, program)])


def _without_surroundings(parent: str, program: str) -> str:
    head, tail = (_lines_without_markers(part) for part in immutable_parts(parent))
    body = program
    if head.strip() and body.startswith(head):
        body = body[len(head) :]
    if tail.strip() and body.rstrip().endswith(tail.rstrip()):
        body = body.rstrip()[: -len(tail.rstrip())]
    return body


def _lines_without_markers(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not has_markers(line))
