"""What a program consists of: one file in the usual case, or several."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
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

    @property
    def text(self) -> str:
        """The text of a program that is one file.

        Raises:
            ValueError: It is a folder, of which no file stands for the others.
        """
        if not self.single:
            raise ValueError(f"the program has {len(self.files)} files and no text of its own")
        return self.files[0].text

    @cached_property
    def language(self) -> str:
        """The language of its file, or what most of its text is written in."""
        sizes: Counter[str] = Counter()
        for file in self.files:
            sizes[file.language] += len(file.text)
        return max(sizes, key=lambda language: sizes[language])

    @property
    def length(self) -> int:
        """Characters of all files."""
        return sum(len(file.text) for file in self.files)

    def with_texts(self, change: Callable[[SourceFile], str]) -> Source:
        """The same files with other texts; the source itself when none differs."""
        files = tuple(replace(file, text=change(file)) for file in self.files)
        return self if files == self.files else Source(files)

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
