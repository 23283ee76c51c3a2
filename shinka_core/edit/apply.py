"""From a model's answer to a candidate program."""

from __future__ import annotations

from shinka_core.edit.answer import read_edits, read_heading, read_program
from shinka_core.edit.blocks import MarkerError, find_blocks, immutable_parts
from shinka_core.edit.diff import apply_edits
from shinka_core.edit.full import apply_program
from shinka_core.edit.languages import syntax_error
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import PatchError
from shinka_core.program import Candidate, PatchType

# A program larger than this comes from a model that repeats itself.
MAX_PROGRAM = 1_000_000


def apply_patch(
    patch_type: PatchType, answer: str, parent: str, language: str, *, limit: int = MAX_PROGRAM
) -> Candidate:
    """Applies an answer to its parent.

    A model may answer in the other format than the one asked for; the change is taken all the same.

    Args:
        patch_type: What was asked for; decides which reading is tried first.
        answer: The model's whole text.
        parent: Source of the program to change.
        language: Of the program; python and json are checked for syntax.
        limit: Characters that the program may have.

    Returns:
        The candidate; everything outside the EVOLVE-BLOCKs is the parent's, byte for byte.

    Raises:
        PatchError: With a message that can be sent back to the model.
    """
    heading = read_heading(answer)
    code = _changed_code(patch_type, answer, parent)
    if len(code) > limit:
        raise PatchError("program_too_large", f"the program has {len(code)} characters; at most {limit} are accepted")
    if code.strip() == parent.strip():
        raise PatchError("nothing_changed", "the answer leaves the program as it was; make a real change")
    _expect_immutable_parts(parent, code)
    problem = syntax_error(code, language)
    if problem is not None:
        raise PatchError("syntax_error", f"the changed program is not valid {language}: {problem}")
    return Candidate(code, heading.name, heading.description, unified_diff(parent, code))


def _changed_code(patch_type: PatchType, answer: str, parent: str) -> str:
    edits = read_edits(answer)
    if edits:
        return apply_edits(parent, edits)
    program = read_program(answer)
    if program is not None and program.strip():
        # A lone fence in answer to a request for edits is as a rule a fragment; only a program
        # with its markers (or a parent without any) shows that the whole is meant.
        if patch_type is PatchType.DIFF and not _looks_whole(parent, program):
            raise PatchError(
                "no_block_found", "the answer holds code but no SEARCH/REPLACE block; write each change as one"
            )
        return apply_program(parent, program)
    wanted = "SEARCH/REPLACE block" if patch_type is PatchType.DIFF else "fenced program"
    raise PatchError("no_block_found", f"the answer holds no {wanted}")


def _looks_whole(parent: str, program: str) -> bool:
    return "EVOLVE-BLOCK-START" in program or len(program) > len(parent) // 2


def _expect_immutable_parts(parent: str, code: str) -> None:
    try:
        find_blocks(code)
        same = immutable_parts(parent) == immutable_parts(code)
    except MarkerError as error:
        raise PatchError("markers_removed", f"the change breaks the EVOLVE-BLOCK markers: {error}") from error
    if not same:
        raise PatchError("markers_removed", "the change adds or removes EVOLVE-BLOCK markers; leave them as they are")
