"""From a model's answer to a candidate program."""

from __future__ import annotations

from dataclasses import replace

from shinka_core.edit.answer import Reading, choose_program, read_answer
from shinka_core.edit.blocks import MarkerError, block_texts, find_blocks, immutable_parts
from shinka_core.edit.diff import PROSE, apply_edits, mutable_lines
from shinka_core.edit.folder import apply_to_files, joined
from shinka_core.edit.full import apply_program, is_whole
from shinka_core.edit.hints import name_of
from shinka_core.edit.hunks import apply_diff, refuse_other_formats
from shinka_core.edit.omissions import find_omission
from shinka_core.edit.rules import STANDARD, Rules
from shinka_core.edit.search_replace import AS_BLOCKS, refuse_other_marks
from shinka_core.edit.syntax import new_syntax_error
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import PatchError
from shinka_core.program import Candidate
from shinka_core.source import Source, SourceFile
from shinka_core.source_text import Dress, NotTextError, plain, source_bytes

# Characters without a picture that belong to their neighbours, as in emoji and Persian.
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"


def apply_patch(
    form: str, answer: str, parent: Source | str, language: str | None = None, *, rules: Rules = STANDARD
) -> Candidate:
    """Applies an answer to its parent.

    A model may answer in the other format than the one asked for; the change is taken all the same.

    Args:
        form: What was asked for, edits (`diff`) or a whole program (`full` and all others); decides which reading is
            tried first.
        answer: The model's whole text.
        parent: The program to change, or the text of one that is one file; python and json are checked for syntax.
        language: Of a text.
        rules: What the change may be.

    Returns:
        The candidate; everything outside the EVOLVE-BLOCKs is the parent's, byte for byte, and inside
        it every line that was not changed.

    Raises:
        PatchError: With a message that can be sent back to the model.
    """
    if isinstance(parent, str):
        parent = Source.of(parent, language or "text")

    def change(part: str, file: SourceFile) -> str:
        asked = form if file.text.strip() else "full"  # what is put into an empty file is all of it
        return _changed_text(asked, read_answer(part, plain(file.text)), file, rules)

    reading = read_answer(answer, joined(parent))
    if parent.single:
        file = parent.files[0]
        text = _changed_text(form, reading, file, rules)
        child = Source((replace(file, text=text),))
    else:
        if not (reading.blocks or reading.fenced or reading.diff):
            refuse_other_formats(reading.text)
            refuse_other_marks(reading.text)
        child = apply_to_files(reading, parent, change, new_files=rules.new_files)
        _expect_size(child.length, rules.limit)
    return Candidate(child, reading.heading.name, reading.heading.description, unified_diff(parent, child))


def _expect_size(length: int, limit: int) -> None:
    if length > limit:
        raise PatchError("program_too_large", f"the program has {length} characters; at most {limit} are accepted")


def _changed_text(form: str, reading: Reading, file: SourceFile, rules: Rules) -> str:
    """The new text of a file, as it is stored."""
    old, language = plain(file.text), file.language
    new = _changed_code(form, reading, old, language)
    _expect_size(len(new), rules.limit)
    if new.strip() == old.strip() or (language not in PROSE and _same_blocks(old, new)):
        raise PatchError("nothing_changed", "the answer leaves the program as it was; make a real change")
    _expect_immutable_parts(old, new)
    _expect_all_of_it(old, new, language)
    _expect_plain_characters(old, new, language)
    code = Dress(file.text).put_on(new)
    problem = new_syntax_error(code, file.text, language, rules.python)
    if problem is not None:
        raise PatchError("syntax_error", f"the changed program is not valid {language}: {problem}")
    return code


def _same_blocks(parent: str, code: str) -> bool:
    """Whether no more than blank lines at the ends of EVOLVE-BLOCKs were added or taken away."""
    try:
        if immutable_parts(parent) != immutable_parts(code):
            return False
        before, after = ([text.strip("\n").rstrip() for text in block_texts(each)] for each in (parent, code))
    except MarkerError:
        return False
    return before == after


def _changed_code(form: str, reading: Reading, parent: str, language: str) -> str:
    asked_for_edits = form == "diff"
    if reading.blocks and asked_for_edits:
        return apply_edits(parent, [block.readings for block in reading.blocks], language)
    if reading.diff is not None:
        return apply_diff(parent, reading.diff, language)
    program = choose_program(reading, parent, language) if not reading.blocks or reading.fenced else None
    if program is not None and program.strip():
        # A lone fence in answer to a request for edits is as a rule a fragment; only a program
        # with its markers (or with all that its parent has) shows that the whole is meant.
        if not (asked_for_edits or reading.blocks) or is_whole(parent, program):
            return apply_program(parent, program)
        if not reading.blocks:
            raise PatchError("no_block_found", f"the answer holds code but no SEARCH/REPLACE block; {AS_BLOCKS}")
    if reading.blocks:
        return apply_edits(parent, [block.readings for block in reading.blocks], language)
    refuse_other_formats(reading.text)
    refuse_other_marks(reading.text)
    wanted = f"SEARCH/REPLACE block; {AS_BLOCKS}" if asked_for_edits else "fenced program"
    raise PatchError("no_block_found", f"the answer holds no {wanted}")


def _expect_immutable_parts(parent: str, code: str) -> None:
    try:
        find_blocks(code)
        same = immutable_parts(parent) == immutable_parts(code)
    except MarkerError as error:
        raise PatchError("markers_removed", f"the change breaks the EVOLVE-BLOCK markers: {error}") from error
    if not same:
        raise PatchError("markers_removed", "the change adds or removes EVOLVE-BLOCK markers; leave them as they are")


def _expect_all_of_it(parent: str, code: str, language: str) -> None:
    if not any(text.strip() for text in block_texts(code)):
        raise PatchError("incomplete_program", "the change leaves nothing in the EVOLVE-BLOCK")
    lines, old = code.split("\n"), parent.split("\n")
    for span in mutable_lines(code):
        found = find_omission(lines[span.start : span.stop], old, language=language)
        if found is not None:
            number = span.start + found
            raise PatchError(
                "placeholder",
                f"line {number + 1} of the changed program stands for code that is left out: {lines[number].strip()!r}; "
                "write out every line (or word the comment otherwise, if it is none)",
            )


def _expect_plain_characters(parent: str, code: str, language: str) -> None:
    """Refuses new characters that nobody sees, where they are no text but code."""
    if language in PROSE or (code.isascii() and not _controls(code) - _controls(parent)):
        return
    known = set(parent)
    for number, line in enumerate(code.split("\n"), start=1):
        if line.isascii() and line.isprintable():
            continue
        blanks = line[: len(line) - len(line.lstrip())]
        odd = [mark for mark in line if not mark.isprintable() and mark not in f"\t\f \u00a0{_JOINERS}"]
        odd += [mark for mark in blanks if mark not in "\t\f "]
        new = next((mark for mark in odd if mark not in known), None)
        if new is not None:
            raise PatchError(
                "syntax_error",
                f"line {number} of the changed program holds {name_of(new)}, which nobody can see; leave it out",
            )
    _expect_encodable(code, language)


def _expect_encodable(code: str, language: str) -> None:
    try:
        source_bytes(code, language)
    except NotTextError as error:
        raise PatchError("syntax_error", f"the changed program cannot be stored: {error}") from error


def _controls(text: str) -> set[str]:
    return {mark for mark in set(text) if not mark.isprintable()} - {"\n", "\t", "\f"}
