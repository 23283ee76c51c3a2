"""What a program consists of: one file in the usual case, or several.

Of a folder every file is a part: those in a known language as texts, all others as data, which is carried along
as it is. Data is held as base64, so that a source is text throughout.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from shinka_core.source_text import plain, source_bytes

# The language of files that are in none.
DATA = "data"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a program.

    Attributes:
        path: Inside the program's folder, with `/`; "" when the program is this one file.
        text: With its byte-order mark and line ends as they are in the file; of data its base64.
        language: `DATA` for what is no text.
    """

    path: str
    text: str
    language: str

    @property
    def is_data(self) -> bool:
        """Whether it is carried along and read by nobody but the program."""
        return self.language == DATA

    @property
    def content(self) -> bytes:
        """What to write into the file.

        Raises:
            NotTextError: The encoding that it names does not have one of its characters.
        """
        return base64.b64decode(self.text) if self.is_data else source_bytes(self.text, self.language)

    @property
    def size(self) -> int:
        """Bytes of data, characters of a text."""
        return len(self.text) * 3 // 4 - self.text[-2:].count("=") if self.is_data else len(self.text)


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

    @classmethod
    def folder(cls, files: Iterable[SourceFile]) -> Source:
        """A program that is a folder of these files.

        Raises:
            ValueError: There is none, or one twice.
        """
        ordered = tuple(sorted(files, key=lambda file: file.path))
        if not ordered or len({file.path for file in ordered}) < len(ordered) or not all(file.path for file in ordered):
            raise ValueError("a folder has at least one file, each with a path of its own")
        return cls(ordered)

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
            sizes[file.language] += 0 if file.is_data else 1 + len(file.text)
        return max(sizes, key=lambda language: sizes[language])

    @property
    def length(self) -> int:
        """Characters of all files that are texts."""
        return sum(len(file.text) for file in self.files if not file.is_data)

    @property
    def data_size(self) -> int:
        """Bytes of all others."""
        return sum(file.size for file in self.files if file.is_data)

    def find(self, path: str) -> SourceFile | None:
        """The file at a path, or None."""
        return next((file for file in self.files if file.path == path), None)

    def with_texts(self, change: Callable[[SourceFile], str]) -> Source:
        """The same files with other texts, data apart; the source itself when none differs."""
        files = tuple(file if file.is_data else replace(file, text=change(file)) for file in self.files)
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
        path, text = (f"\0{file.path}", file.text) if file.is_data else (file.path, form(file.text))
        for part in (path, text):  # no path of a file has a NUL
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()
