"""Reading a model's answer: a title, and edits, a whole program or a diff.

The format asked for is

    <NAME>short_snake_case</NAME>
    <DESCRIPTION>what changes and why</DESCRIPTION>
    SEARCH/REPLACE blocks, or one fenced program

Models forget parts of it, think aloud, add drafts, tests and examples, and take other formats.
Every search here is linear in the length of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shinka_core.edit.blocks import MarkerError, block_texts, find_blocks, has_markers
from shinka_core.edit.fences import Fenced, fence_for, find_fenced, has_fences
from shinka_core.edit.heading import Heading, read_heading
from shinka_core.edit.hunks import LANGUAGES as DIFFS
from shinka_core.edit.hunks import Diff, find_diff
from shinka_core.edit.languages import is_named
from shinka_core.edit.names import defined_names
from shinka_core.edit.search_replace import Block, read_blocks
from shinka_core.errors import PatchError
from shinka_core.source_text import MARK
from shinka_core.thinking import without_thinking

_HEADING_TAG = re.compile(r"[ \t]*<(?:name|description)>", re.IGNORECASE)
# Beside a program these are examples of how to use it or of what it prints.
_NEVER_PROGRAMS = DIFFS | {"console", "output", "bash", "sh", "shell", "text", "txt", "plaintext", "log", "mermaid"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer holds, its reasoning left out.

    Attributes:
        text: Of the answer.
        blocks: SEARCH/REPLACE blocks.
        fenced: Fenced blocks; only the program among them counts.
        diff: A unified diff.
    """

    heading: Heading
    text: str
    blocks: list[Block]
    fenced: list[Fenced]
    diff: Diff | None


def read_answer(answer: str, parent: str) -> Reading:
    """Takes an answer apart.

    Args:
        parent: The program that it is about, with line feeds alone.

    Raises:
        PatchError: `truncated_answer` when a block is not finished or the answer never begins,
            `wrong_markers` when blocks cannot be told from the program.
    """
    spoken = without_thinking(answer.removeprefix(MARK), known=parent)
    if spoken.unfinished:
        raise PatchError(
            "truncated_answer",
            "the reasoning in the answer has no end, so it cannot be told from the answer; close it, think more "
            "briefly, and give the answer after it",
        )
    lines = spoken.text.rstrip("\n").split("\n")
    blocks = read_blocks(lines, parent)
    fenced = find_fenced(lines)
    if not blocks and len(fenced) == 1 and fenced[0].closed and _holds_an_answer(fenced[0], parent):
        lines = fenced[0].body.split("\n")  # the fence is around the whole answer
        fenced = find_fenced(lines)
    diff = None if blocks else find_diff(lines, fenced)
    code = {number for block in blocks for number in range(block.first, block.last + 1)}
    if not blocks:
        code = {number for block in fenced for number in range(block.first, block.last + 1)}
    prose = "\n".join(line for number, line in enumerate(lines) if number not in code)
    return Reading(read_heading(prose), "\n".join(lines), blocks, fenced, diff)


def choose_program(reading: Reading, parent: str, language: str) -> str | None:
    """The whole program in an answer, or None when there is none.

    It is the last block with the markers; where the parent has none, the block that defines what
    the parent defines. Length tells nothing: tests are often longer.

    Raises:
        PatchError: `truncated_answer` when its fence is never closed, `nested_fence` when fences
            inside of it cannot be told from its own.
    """
    marked = has_markers(parent)
    whole = [block for block in reading.fenced if block.closed and block.body.strip()]
    unclosed = any(not block.closed for block in reading.fenced)
    if marked and (with_markers := [block for block in whole if _has_all_markers(block.body, parent)]):
        return _last_changed(with_markers, parent)
    _refuse_nested(reading.fenced, parent)
    if unclosed:
        raise PatchError("truncated_answer", "the code block is cut off: its closing fence is missing")
    if not reading.fenced and marked and _has_all_markers(reading.text, parent):
        return reading.text  # without a fence; the markers say where the blocks are
    likely = _of_language(whole, language)
    if not likely:
        return None
    names = defined_names(parent)
    if len({block.body for block in likely}) > 1 and not names:
        raise PatchError(
            "several_programs",
            "the answer holds several code blocks, and it is not clear which is the program; give one",
        )
    if len(likely) > 1:
        shared = [len(names & defined_names(block.body)) for block in likely]
        likely = [block for block, count in zip(likely, shared, strict=True) if count == max(shared)]
    return _last_changed(likely, parent)


def _holds_an_answer(block: Fenced, parent: str) -> bool:
    lines = block.body.split("\n")
    return any(_HEADING_TAG.match(line) for line in lines[:3]) and not any(
        _HEADING_TAG.match(line) for line in parent.split("\n")
    )


def _has_all_markers(program: str, parent: str) -> bool:
    if not has_markers(program):
        return False
    try:
        return len(find_blocks(program)) == len(find_blocks(parent))
    except MarkerError:
        return False


def _last_changed(blocks: Sequence[Fenced], parent: str) -> str:
    """The last of several programs that is not the parent shown once more."""

    def content(program: str) -> Collection[str]:
        texts = block_texts(program) if _has_all_markers(program, parent) else [program]
        return [text.strip() for text in texts]

    changed = [block for block in blocks if content(block.body) != content(parent)]
    return (changed or list(blocks))[-1].body


def _of_language(blocks: Sequence[Fenced], language: str) -> list[Fenced]:
    """The blocks that are labelled as the program's language, else those that are not labelled, else others."""
    named = [block for block in blocks if is_named(language, block.language)]
    bare = [block for block in blocks if not block.language]
    other = [block for block in blocks if block.language and block.language not in _NEVER_PROGRAMS]
    return named or bare or other


def _refuse_nested(blocks: Sequence[Fenced], parent: str) -> None:
    """Refuses programs with fences of their own where it is not clear which fence closes which."""
    if len(blocks) < 2 and all(block.closed for block in blocks):
        return
    torn = len(blocks) > 1 and has_markers(parent) and any(has_markers(block.body) for block in blocks)
    stray = not blocks[-1].closed and not blocks[-1].body.strip()
    if torn or stray or has_fences(parent) or any(block.nested for block in blocks):
        raise PatchError(
            "nested_fence",
            "the program has fences of its own, and it is not clear which fence ends it; put the program into a fence "
            f"that is longer than any inside: {fence_for(parent, *(block.body for block in blocks))}",
        )
