"""Files that a change adds to a program that is a folder.

A new file may change again later, like those of the seed program: where these say with EVOLVE-BLOCKs what may
change, one is put around the whole of a new file. So it is in a language that has comments to put it in.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from shinka_core.edit.blocks import END, START, has_markers
from shinka_core.edit.evolvable import NO_PROGRAMS
from shinka_core.edit.languages import COMMENT, known_language
from shinka_core.errors import PatchError
from shinka_core.source import Source, SourceFile
from shinka_core.source_folder import MOST_FILES, folded_path, is_left_over

# Characters of a path; some systems take no more than 260 with the folder before it.
LONGEST_PATH = 150

_NAME = re.compile(r"[\w+@~-][\w.+@~-]*(?<!\.)")
# Files that may be added: the sources of programs. What begins a file of PHP is no comment.
_PROGRAMS = COMMENT.keys() - NO_PROGRAMS - {"php"}


def new_file(path: str, source: Source) -> SourceFile:
    """The file at a path that a program does not have, still empty.

    Raises:
        PatchError: `unknown_file`: no program can have such a file, or this one cannot.
    """
    problem = _problem(path, source)
    if problem is not None:
        raise PatchError("unknown_file", f"the new file {path!r} {problem}")
    language = known_language(PurePosixPath(path))
    assert language is not None, "looked at"
    return SourceFile(path, "", language)


def marked(file: SourceFile, text: str, source: Source) -> str:
    """The text of a new file as it is stored: inside of an EVOLVE-BLOCK where the program has any."""
    body = text if text.endswith("\n") else f"{text}\n"
    if not any(has_markers(other.text) for other in source.files if not other.is_data):
        return body
    opens, closes = COMMENT[file.language]
    return f"{opens}{START}{closes}\n{body}{opens}{END}{closes}\n"


def _problem(path: str, source: Source) -> str | None:
    parts = path.split("/")
    if len(path) > LONGEST_PATH or not all(_NAME.fullmatch(part) and not is_left_over(part) for part in parts):
        return "has a name that not every system takes; choose a short one of letters, digits and underscores"
    language = known_language(PurePosixPath(path))
    if language not in _PROGRAMS:
        what = "has no extension of a programming language" if language is None else f"would be {language}"
        return f"{what}; only source files can be added, in a language with comments"
    if len(source.files) >= MOST_FILES:
        return f"would be one too many: the program has {len(source.files)} files"
    folders = {"/".join(parts[:end]) for end in range(1, len(parts))}
    for file in source.files:
        if file.path in folders or file.path.startswith(f"{path}/"):
            return f"cannot be there beside {file.path!r}; choose another place"
        if folded_path(file.path) == folded_path(path):
            return f"is the file {file.path!r} on some systems; name it as it is listed, or choose another name"
    return None
