"""What a program consists of: one file in the usual case, or several."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from shinka_core.source_text import plain


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a program.

    Attributes:
        path: Inside the program's folder, with `/`; "" when the program is this one file.
        text: With its byte-order mark and line ends as they are in the file.
    """

    path: str
    text: str
    language: str


@dataclass(frozen=True)
class Source:
    """The files of a program, in the order of their paths.

    Attributes:
        files: At least one.
    """

    files: tuple[SourceFile, ...]

    @classmethod
    def of(cls, text: str, language: str) -> Source:
        """A program that is one file."""
        return cls((SourceFile("", text, language),))

    @property
    def single(self) -> bool:
        """Whether the program is one file and no folder."""
        return len(self.files) == 1 and not self.files[0].path

    @cached_property
    def digest(self) -> str:
        """Names exactly these files: 64 hexadecimal digits of a SHA-256."""
        return _digest(self.files, lambda text: text)

    @cached_property
    def key(self) -> str:
        """The same for programs that differ in byte-order marks, line ends and closing blank lines alone."""
        return _digest(self.files, lambda text: plain(text).rstrip())


def _digest(files: tuple[SourceFile, ...], form: Callable[[str], str]) -> str:
    digest = hashlib.sha256()
    for file in files:
        for part in (file.path, form(file.text)):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
