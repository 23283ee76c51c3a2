"""A program as a person edits it, and what the edit makes of its parent: under the same rules as a model's answer.

Of a model's answer what stands outside of the EVOLVE-BLOCKs is left out without a word; a person is told.
"""

from __future__ import annotations

import re
from collections import Counter

from shinka_core.edit.apply import apply_patch
from shinka_core.edit.compose import compose_full
from shinka_core.edit.evolvable import evolvable_files
from shinka_core.edit.fences import fence_for
from shinka_core.edit.rules import Rules
from shinka_core.errors import PatchError
from shinka_core.program import Candidate
from shinka_core.source import Source
from shinka_core.source_text import plain

_PATH = re.compile(r"^### FILE (.+)$", re.MULTILINE)


def editable(source: Source) -> str:
    """What a person is given to edit: the text of a program, or the files of a folder that may change, each fenced."""
    if source.single:
        return plain(source.text)
    return "\n\n".join(f"### FILE {file.path}\n{_fenced(file.text, file.language)}" for file in evolvable_files(source))


def apply_by_hand(text: str, parent: Source, candidate: Candidate, rules: Rules) -> Candidate:
    """The candidate that a person makes of another one.

    Args:
        text: `editable` of the candidate, as the person left it.
        parent: Of the candidate.

    Raises:
        PatchError: With a message for the person.
    """
    text = plain(text)
    answer = compose_full(text, "edit", "edit") if parent.single else text
    made = apply_patch("full", answer, parent, rules=rules)
    if not _kept(text, made.source):
        raise PatchError(
            "immutable_region_touched",
            "the text outside of the EVOLVE-BLOCKs was changed, which stays as the parent has it; change the lines "
            "between the markers alone",
        )
    return Candidate(made.source, candidate.name, candidate.description, made.diff)


def _kept(text: str, source: Source) -> bool:
    """Whether all that the person wrote is in the program, blank lines apart."""
    wanted, got = _lines(text), _lines(editable(source))
    if source.single or _PATH.findall(text) == _PATH.findall(editable(source)):
        return wanted == got
    return not Counter(wanted) - Counter(got)  # some of the files were left out


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _fenced(text: str, language: str) -> str:
    fence = fence_for(text)
    return f"{fence}{language}\n{plain(text).rstrip()}\n{fence}"
