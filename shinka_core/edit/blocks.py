"""EVOLVE-BLOCKs: the parts of a program that may change.

A block is everything between a line that holds `EVOLVE-BLOCK-START` and the next that holds
`EVOLVE-BLOCK-END`, in whatever comment style. A program without markers may change as a whole:
that is what someone means who marks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from shinka_core.errors import ConfigError

START = "EVOLVE-BLOCK-START"
END = "EVOLVE-BLOCK-END"


class MarkerError(ValueError):
    """The markers of a program do not pair up."""


@dataclass(frozen=True, slots=True)
class Block:
    """A mutable span of a program: `code[start:end]`, whole lines, markers not included."""

    start: int
    end: int


def find_blocks(code: str) -> list[Block]:
    """The mutable spans in order; one span over everything when there are no markers.

    Raises:
        MarkerError: A marker is missing, doubled or out of order.
    """
    blocks: list[Block] = []
    opened: int | None = None
    offset = 0
    for number, line in enumerate(code.splitlines(keepends=True), start=1):
        if START in line:
            if opened is not None:
                raise MarkerError(f"line {number}: {START} inside a block that is still open")
            opened = offset + len(line)
        elif END in line:
            if opened is None:
                raise MarkerError(f"line {number}: {END} without {START}")
            blocks.append(Block(opened, offset))
            opened = None
        offset += len(line)
    if opened is not None:
        raise MarkerError(f"the last {START} has no {END}")
    return blocks or [Block(0, len(code))]


def has_markers(code: str) -> bool:
    """Whether the program says which parts may change."""
    return START in code or END in code


def immutable_parts(code: str) -> list[str]:
    """The texts around the blocks, markers included, in order; one more than there are blocks."""
    parts: list[str] = []
    position = 0
    for block in find_blocks(code):
        parts.append(code[position : block.start])
        position = block.end
    parts.append(code[position:])
    return parts


def block_texts(code: str) -> list[str]:
    """The contents of the blocks, in order."""
    return [code[block.start : block.end] for block in find_blocks(code)]


def with_blocks(parent: str, texts: list[str]) -> str:
    """The parent with other block contents.

    Args:
        texts: One per block of the parent; a missing final line break is added.
    """
    blocks = find_blocks(parent)
    whole = not has_markers(parent)
    pieces: list[str] = []
    position = 0
    for block, text in zip(blocks, texts, strict=True):
        pieces.append(parent[position : block.start])
        # Without it the END marker would join the block's last line and be lost with it.
        pieces.append(text if whole or not text or text.endswith("\n") else text + "\n")
        position = block.end
    pieces.append(parent[position:])
    return "".join(pieces)


def check_seed_program(code: str, language: str) -> None:
    """Refuses a seed program that nothing could be evolved from.

    Raises:
        ConfigError: It is empty or its markers do not pair up.
    """
    if not code.strip():
        raise ConfigError("the seed program is empty; give it a first version to improve")
    try:
        blocks = find_blocks(code)
    except MarkerError as error:
        raise ConfigError(
            f"the seed program ({language}) has broken EVOLVE-BLOCK markers: {error}; "
            f"put a comment with {START} above and one with {END} below each part that may change"
        ) from error
    if all(block.start == block.end for block in blocks):
        raise ConfigError("every EVOLVE-BLOCK of the seed program is empty; put the code to improve inside")
