"""EVOLVE-BLOCKs: the parts of a program that may change.

A block is everything between a line that is a comment with `EVOLVE-BLOCK-START` and the next with
`EVOLVE-BLOCK-END`, in whatever comment style. A line that only speaks of them, such as one of a
docstring, is none. A program without markers may change as a whole: that is what someone means who
marks nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shinka_core.errors import ConfigError

START = "EVOLVE-BLOCK-START"
END = "EVOLVE-BLOCK-END"

_MENTION = re.compile(r"EVOLVE-BLOCK-(?:START|END)\b")
# What may stand before a marker: the beginning of a comment in some language, and ornaments.
_LEADER = re.compile(
    r"[ \t\ufeff]*(?:#|//|--|/\*|\*|;|%|<!--|\(\*|\{-|\{/\*|\{#|!|'|\\|@c\b|dnl\b|rem\b|::|c\b|\.\.)?[-=~*#/!;%<> \t]*$",
    re.IGNORECASE,
)
# Without a comment around it, nothing may follow either: prose that begins with the word is prose.
_BARE = re.compile(r"[ \t\ufeff]*$")
_ORNAMENTS = re.compile(r"[-=~*#/!;%<> \t\r]*$")


class MarkerError(ValueError):
    """The markers of a program do not pair up."""


@dataclass(frozen=True, slots=True)
class Block:
    """A mutable span of a program: `code[start:end]`, whole lines, markers not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Marker:
    opens: bool
    start: int
    end: int  # behind its line end


def is_marker(line: str) -> bool:
    """Whether a line is a marker, and not one that speaks of markers."""
    match = _MENTION.search(line)
    if match is None or _MENTION.search(line, match.end()) is not None:
        return False
    before, after = line[: match.start()], line[match.end() :]
    return _LEADER.match(before) is not None and (not _BARE.match(before) or _ORNAMENTS.match(after) is not None)


def _markers(code: str) -> list[_Marker]:
    found: list[_Marker] = []
    position = 0
    while (match := _MENTION.search(code, position)) is not None:
        start = max(code.rfind("\n", 0, match.start()), code.rfind("\r", 0, match.start())) + 1
        ending = _LINE_END.search(code, match.end())
        end = ending.end() if ending else len(code)
        if is_marker(code[start:end]):
            found.append(_Marker(match.group().endswith("START"), start, end))
        position = end
    return found


_LINE_END = re.compile(r"\r\n|\r|\n")


def find_blocks(code: str) -> list[Block]:
    """The mutable spans in order; one span over everything when there are no markers.

    Raises:
        MarkerError: A marker is missing, doubled or out of order.
    """
    blocks: list[Block] = []
    opened: _Marker | None = None
    for marker in _markers(code):
        if marker.opens:
            if opened is not None:
                raise MarkerError(
                    f"line {_line(code, marker)}: {START} inside a block that is still open (since line {_line(code, opened)})"
                )
            opened = marker
        elif opened is None:
            raise MarkerError(f"line {_line(code, marker)}: {END} without {START}")
        else:
            blocks.append(Block(opened.end, marker.start))
            opened = None
    if opened is not None:
        raise MarkerError(f"the {START} of line {_line(code, opened)} has no {END}")
    return blocks or [Block(0, len(code))]


def _line(code: str, marker: _Marker) -> int:
    return len(_LINE_END.findall(code, 0, marker.start)) + 1


def has_markers(code: str) -> bool:
    """Whether the program says which parts may change."""
    return bool(_markers(code))


def mention_of(code: str) -> re.Match[str] | None:
    """Where a text first speaks of markers, whether it has one or not."""
    return _MENTION.search(code)


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


def without_markers(code: str) -> str:
    """The program without its marker lines."""
    pieces: list[str] = []
    position = 0
    for marker in _markers(code):
        pieces.append(code[position : marker.start])
        position = marker.end
    return "".join([*pieces, code[position:]])


def check_seed_program(code: str, language: str) -> None:
    """Refuses a seed program that nothing could be evolved from.

    Raises:
        ConfigError: It is empty or its markers do not pair up.
    """
    if not code.strip().strip("\ufeff").strip():
        raise ConfigError("the seed program is empty; give it a first version to improve")
    try:
        blocks = find_blocks(code)
    except MarkerError as error:
        raise ConfigError(
            f"the seed program ({language}) has broken EVOLVE-BLOCK markers: {error}; "
            f"put a comment with {START} above and one with {END} below each part that may change"
        ) from error
    mention = mention_of(code)
    if mention is not None and not has_markers(code):
        line = len(_LINE_END.findall(code, 0, mention.start())) + 1
        raise ConfigError(
            f"the seed program ({language}) speaks of {mention.group()} in line {line} but has no marker: a marker is a "
            f"comment of its own line; put one with {START} above and one with {END} below each part that may change"
        )
    if all(not code[block.start : block.end].strip() for block in blocks):
        raise ConfigError("every EVOLVE-BLOCK of the seed program is empty; put the code to improve inside")
