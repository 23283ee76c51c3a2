"""Which file an edit is for: the line that names it, in the forms that models write.

    ### FILE src/solver.py        **src/solver.py**        `src/solver.py`:
    File: src/solver.py           # src/solver.py          ```python src/solver.py

before an edit, or before or inside the fence around it, or behind the word SEARCH.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NoReturn

from shinka_core.edit.evolvable import evolvable_files
from shinka_core.edit.languages import known_language
from shinka_core.edit.new_files import new_file
from shinka_core.errors import PatchError
from shinka_core.source import Source, SourceFile

HOW = "name the file in a line of its own before each edit: ### FILE path/to/file"
# Of a line that names a file; a longer one is prose.
LONGEST = 300

_SAID = re.compile(
    r"^[ \t]*(?:[#>*+\-/;%]{1,8}[ \t]*|<!--[ \t]*|\d{1,3}[.)][ \t]+)?[*_`\"'\[(<{ ]*"
    r"(?:(?P<word>(?i:file(?:[ ]?name|[ ]?path)?|path|in(?: file)?|update|edit|change|modify))[*_` ]*(?::[*_` ]*|[ \t]+))?"
    r"[*_`\"'\[(<{ ]*(?P<path>[^\s`*\"'<>|:]+(?: [^\s`*\"'<>|:]+)*?)[*_`\"'\])>} ]*:?[*_` ]*(?:-->|\*/)?[ \t]*$"
)
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*(.*?)[ \t]*$")
_SEARCH_LINE = re.compile(r"[ \t]*<{3,}[ \t]*SEARCH\b[ \t]*:?[ \t]*(\S.*)$", re.IGNORECASE)
_INFO = re.compile(r"(?:[\w+#-]*[ \t:,]+)?(?:(?:title|file(?:name)?|path)=)?[\"']?([^\s\"'=]+)[\"']?$", re.IGNORECASE)


class Paths:
    """The files of a program, by what a model may call them."""

    def __init__(self, source: Source, *, new_files: bool = False) -> None:
        """Looks what there is.

        Args:
            new_files: Whether a path that is none of the program's is that of a new file.
        """
        self._source = source
        self._new_files = new_files
        self._known = [file.path for file in source.files]
        self.evolvable = [file.path for file in evolvable_files(source)]

    def named(self, lines: Sequence[str], first: int) -> str | None:
        """The path that stands before a line of an answer: in the line above, blank ones and one fence apart.

        Args:
            first: The first line of the edit, from 0.

        Raises:
            PatchError: `unknown_file` for a path that is none of the program's.
        """
        search = _SEARCH_LINE.match(lines[first]) if first < len(lines) else None
        if search is not None and (said := self._path_in(search.group(1))) is not None:
            return said
        fence = _FENCE.match(lines[first]) if first < len(lines) else None
        if fence is not None and (said := self._in_info(fence.group(1))) is not None:
            return said
        opened = fence is not None
        for number in range(first - 1, max(first - 8, -1), -1):
            line = lines[number]
            if not line.strip():
                continue
            fence = _FENCE.match(line)
            if fence is None or opened:
                return self._path_in(line)
            opened = True
            if (said := self._in_info(fence.group(1))) is not None:
                return said
        return None

    def in_first_line(self, body: str) -> str | None:
        """The path in the first line of a fenced file, if that names one of the program's files alone."""
        said = self._said(body.split("\n", 1)[0])
        return self._resolved(said[0]) if said is not None else None

    def _in_info(self, info: str) -> str | None:
        match = _INFO.match(info)
        if match is None or ("." not in match.group(1) and "/" not in match.group(1)):
            return None
        return self._path_in(match.group(1))

    def _path_in(self, line: str) -> str | None:
        said = self._said(line)
        if said is None:
            return None
        path, called = said
        found = self._resolved(path)
        if found is None and _looks_like_a_path(path, called=called):
            return self._new(path)
        return found

    def _new(self, path: str) -> str:
        """The path of a new file, as the program will have it.

        Raises:
            PatchError: `unknown_file`.
        """
        path = _bare(path)
        if not self._new_files or _is_outside(path):
            self.refuse(path)
        return new_file(path, self._source).path

    def file(self, path: str) -> SourceFile:
        """The file at a path that was given out here; a new one is empty."""
        return self._source.find(path) or new_file(path, self._source)

    def is_new(self, path: str) -> bool:
        """Whether the program does not have a file that was given out here."""
        return path not in self._known

    def _said(self, line: str) -> tuple[str, bool] | None:
        """What may be a path in a line, and whether the line calls it a file."""
        match = _SAID.match(line) if len(line) <= LONGEST else None
        if match is None:
            return None
        path, first = match.group("path"), match.start("path")
        path = line[len(line[:first].rstrip("_")) : first] + path
        while len(path) > 2 and path[0] == path[-1] == "_":  # on both sides they are emphasis, else a part of the name
            path = path[1:-1]
        return path.rstrip(",.;"), (match.group("word") or "").lower().startswith(("file", "path"))

    def of_diff(self, old: str, new: str) -> str:
        """The file that the two header lines of a unified diff are about.

        Raises:
            PatchError: `unknown_file`, `file_deleted`.
        """
        before, after = (line[3:].split("\t")[0].strip() for line in (old, new))
        if after == "/dev/null":
            raise PatchError(
                "file_deleted", f"the diff deletes {before!r}; files stay, empty what is not needed in them"
            )
        for name in (after, before):
            bare = name[2:] if name[:2] in ("a/", "b/") else name
            for path in (name, bare):
                if (found := self._resolved(path)) is not None:
                    return found
        path = after[2:] if after[:2] in ("a/", "b/") else after
        if before != "/dev/null":
            self.refuse(path)
        return self._new(path)

    def _resolved(self, path: str) -> str | None:
        """The path of the program that a model means: also with `./`, `a/` or the folder's name before it."""
        path = _bare(path)
        if path in self._known:
            return path
        parts = path.split("/")
        if path.startswith("/") or ".." in parts:
            return None
        if len(parts) > 1 and parts[0] in ("a", "b", "program", "initial") and "/".join(parts[1:]) in self._known:
            return "/".join(parts[1:])
        return None

    def refuse(self, path: str) -> NoReturn:
        """Refuses a path that is none of the program's, with the nearest that is.

        Raises:
            PatchError: `unknown_file`.
        """
        if _is_outside(path):
            raise PatchError(
                "unknown_file", f"{path!r} is outside of the program; its files are named as {self._some()}"
            )
        same = [known for known in self._known if PurePosixPath(known).name == PurePosixPath(path).name]
        near = same or difflib.get_close_matches(path, self._known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"its files are {self._some()}"
        raise PatchError("unknown_file", f"the program has no file {path!r}; {hint}")

    def expect_evolvable(self, path: str) -> None:
        """Refuses a file that stays as it is.

        Raises:
            PatchError: `immutable_region_touched`.
        """
        if path in self._known and path not in self.evolvable:
            raise PatchError(
                "immutable_region_touched",
                f"{path} stays as it is: only what stands in the EVOLVE-BLOCKs of {self.all()} may change",
            )

    def all(self) -> str:
        """The files that may change, in words."""
        return ", ".join(self.evolvable)

    def _some(self) -> str:
        shown = [*self.evolvable, *(path for path in self._known if path not in self.evolvable)][:10]
        return ", ".join(repr(path) for path in shown)


def _is_outside(path: str) -> bool:
    """Whether a path leads out of every folder."""
    return path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path) is not None


def _bare(path: str) -> str:
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return path


def _looks_like_a_path(said: str, *, called: bool) -> bool:
    """Whether words that name none of the files are meant as a path, and not as prose."""
    if not re.fullmatch(r"[\w./~\-+@\\]{3,}", said):
        return False
    name = PurePosixPath(said).name
    known = bool(name.rpartition(".")[0]) and known_language(PurePosixPath(name)) is not None
    return known or (called and ("/" in said or "." in name))
