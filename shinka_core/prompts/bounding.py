"""Making a proposal's prompt fit into a model's context, and what goes first.

In this order, each only as far as is needed:

1. of the other versions, the lowest score first, what stands outside their EVOLVE-BLOCKs: it is the same everywhere;
2. the other versions themselves, the lowest score first;
3. what was tried before from the current program, the oldest first;
4. feedback, error and metrics of the current program, in the middle: beginning and end say most; its instances and
   artifacts with them;
5. earlier answers of the same sampling with what was wrong with them, the oldest first, then the last one's middle;
6. lines of the current program outside its EVOLVE-BLOCKs, those farthest from file ends and blocks first;
7. the direction to follow, where there is one.

The text of its EVOLVE-BLOCKs, the task and the answer format never go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from shinka_core.bounds import shortened
from shinka_core.edit.blocks import END, START, block_texts, has_markers, immutable_parts
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.feedback import Tried
from shinka_core.program import Program
from shinka_core.prompts.pieces import with_fewer_pieces
from shinka_core.source import Source

# Characters kept of each text, step by step.
FEEDBACKS = (1_000, 200, 0)
ECHOES = (4_000, 500)
SURROUNDINGS = (8_000, 2_000, 400, 0)

# In the line that stands for lines that are left out; no program may hold it.
GAP = "outside the EVOLVE-BLOCK left out here"


@dataclass(slots=True)
class Draft:
    """The parts of a prompt that may become shorter.

    Attributes:
        history: Contents of earlier answers and of what was said about them, in turn.
        tried: The newest first.
        gaps: Whether lines of the parent are left out.
        left_out: What was left out so far, in words.
    """

    parent: Program
    inspirations: list[Program]
    history: list[str]
    tried: list[Tried] = field(default_factory=list[Tried])
    gaps: bool = False
    left_out: tuple[str, ...] = ()


def shorter(draft: Draft) -> Iterator[None]:
    """Takes one thing after the other out of the draft, and stops after each."""
    yield from _without_surroundings(draft)
    while draft.inspirations:
        draft.inspirations.pop(0)
        yield _note(draft, "other versions")
    while draft.tried:
        draft.tried.pop()
        yield _note(draft, "what was tried before")
    parent = draft.parent
    for limit in FEEDBACKS:
        draft.parent = _with_feedback(parent, limit)
        yield _note(draft, "feedback")
    while len(draft.history) > 2:
        del draft.history[:2]
        yield _note(draft, "earlier answers")
    for limit in ECHOES:
        if draft.history and len(draft.history[0]) > limit:
            draft.history[0] = shortened(draft.history[0], limit)
            yield _note(draft, "the middle of the last answer")
    for keep in SURROUNDINGS:
        source = without_surroundings(parent.source, keep)
        if source != draft.parent.source:
            draft.parent, draft.gaps = replace(draft.parent, source=source), True
            yield _note(draft, "lines outside the EVOLVE-BLOCK")


def _note(draft: Draft, what: str) -> None:
    if what not in draft.left_out:
        draft.left_out = (*draft.left_out, what)


def _without_surroundings(draft: Draft) -> Iterator[None]:
    for number, program in enumerate(draft.inspirations):
        source = without_surroundings(program.source, 0)
        if source is not program.source:
            draft.inspirations[number] = replace(program, source=source)
            yield _note(draft, "what is outside the blocks of other versions")


def _with_feedback(program: Program, limit: int) -> Program:
    return replace(
        with_fewer_pieces(program, limit),
        text_feedback=shortened(program.text_feedback, limit) if limit else "",
        error=shortened(program.error, max(limit, FEEDBACKS[-2])),
        public_metrics=program.public_metrics if limit else {},
    )


def without_surroundings(source: Source, keep: int) -> Source:
    """The program with gaps as `elided` makes them; in a folder also in the files that stay as they are."""
    evolvable = {file.path for file in evolvable_files(source)}
    return source.with_texts(
        lambda file: elided(file.text, keep) if file.path in evolvable else _gapped(file.text, keep)
    )


def elided(code: str, keep: int) -> str:
    """The program with a marked gap in each long part outside its EVOLVE-BLOCKs; the marker lines stay.

    Args:
        keep: Characters of a part to keep, half from either end, in whole lines.
    """
    if not has_markers(code):
        return code
    blocks, parts = block_texts(code), immutable_parts(code)
    pieces = [_gapped(parts[0], keep)]
    for block, part in zip(blocks, parts[1:], strict=True):
        pieces += [block, _gapped(part, keep)]
    return "".join(pieces)


def _gapped(part: str, keep: int) -> str:
    lines = part.splitlines(keepends=True)
    first = 1 if lines and END in lines[0] else 0
    last = len(lines) - 1 if len(lines) > first and START in lines[-1] else len(lines)
    head = first + _fitting(lines[first:last], keep // 2)
    tail = last - _fitting(lines[head:last][::-1], keep // 2)
    if tail - head < 2:  # the mark is a line itself
        return part
    return "".join([*lines[:head], f"[... {tail - head} lines {GAP}; they stay as they are ...]\n", *lines[tail:]])


def _fitting(lines: Sequence[str], room: int) -> int:
    """How many of the first lines fit."""
    for number, line in enumerate(lines):
        room -= len(line)
        if room < 0:
            return number
    return len(lines)
