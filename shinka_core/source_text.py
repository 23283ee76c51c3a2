"""The text of a program as it lies in its file: encoding, byte-order mark, line ends.

Programs travel as they were read, mark and carriage returns included, so that what nobody changes
stays as it is. Models, parsers and edits see the plain text: no mark, line feeds alone.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

MARK = "\ufeff"
# Lines to be aligned one by one; where more were changed, new lines take the usual line end.
ALIGNED_LINES = 2_000

_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)
_NOT_A_STATEMENT = re.compile(r"^[ \t\f]*(?:#.*)?$")
_WIDE = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))  # fmt: skip


class NotTextError(ValueError):
    """The bytes are no text in the encoding that they should have."""


def read_source(data: bytes, language: str) -> str:
    """The text of a program, with its byte-order mark and its line ends as they are.

    Args:
        language: Python names another encoding than UTF-8 in a comment; other languages do not.

    Raises:
        NotTextError: The text is in another encoding, or in none.
    """
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            raise NotTextError(f"it is {encoding}; save it as UTF-8")
    marked = data.startswith(codecs.BOM_UTF8)
    encoding = "utf-8" if marked else encoding_of(data[:2_000].decode("latin-1"), language)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise NotTextError(
            f"line {line} holds the byte 0x{data[error.start]:02x}, which is no {encoding}; save it as UTF-8"
        ) from error


def source_bytes(code: str, language: str) -> bytes:
    """What to write into a program's file; the reverse of `read_source`.

    Raises:
        NotTextError: The encoding that the program names does not have one of its characters.
    """
    encoding = encoding_of(code, language)
    try:
        return code.encode(encoding)
    except UnicodeEncodeError as error:
        line = code.count("\n", 0, error.start) + 1
        raise NotTextError(
            f"line {line} holds {code[error.start]!r}, which {encoding}, the encoding of this program, does not have"
        ) from error


def encoding_of(code: str, language: str) -> str:
    """The encoding that a program names for itself (PEP 263); UTF-8 for all but Python.

    Raises:
        NotTextError: It names one that there is not.
    """
    if language != "python" or code.startswith(MARK):
        return "utf-8"
    for line in re.split(r"\r\n|\r|\n", code[:2_000])[:2]:
        named = _CODING.match(line)
        if named:
            try:
                "".encode(named.group(1))
                return codecs.lookup(named.group(1)).name
            except LookupError as error:
                raise NotTextError(f"it names an unknown encoding, {named.group(1)!r}; save it as UTF-8") from error
        if not _NOT_A_STATEMENT.match(line):
            break
    return "utf-8"


def lines_of(text: str) -> list[str]:
    """The lines with their ends: LF or CR LF, or CR in a text without any LF.

    Form feeds and the like belong to their lines, and so does a carriage return among line feeds.
    """
    end = "\r" if _has_old_ends(text) else "\n"
    lines = text.split(end)
    return [line + end for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def plain(text: str) -> str:
    """The text as models and parsers see it: no byte-order mark, line feeds alone."""
    text = text.removeprefix(MARK)
    if "\r" not in text:
        return text
    return text.replace("\r", "\n") if _has_old_ends(text) else text.replace("\r\n", "\n")


def _has_old_ends(text: str) -> bool:
    return "\n" not in text and "\r" in text


@dataclass(frozen=True, slots=True)
class Dress:
    """What `plain` takes off a program, to be put on a changed one."""

    original: str

    def put_on(self, changed: str) -> str:
        """The changed plain text with the original's mark and line ends; unchanged lines keep their own.

        Args:
            changed: Derived from `plain(original)`.
        """
        mark = MARK if self.original.startswith(MARK) else ""
        if "\r" not in self.original:
            return mark + changed
        return mark + _with_ends(lines_of(self.original.removeprefix(MARK)), changed)


def _with_ends(old: list[str], changed: str) -> str:
    """Gives each line that is still there its own end back, and every other one the usual end."""
    kinds = ("\r\n", "\n") if any(line.endswith("\n") for line in old) else ("\r",)
    ends = [next((end for end in kinds if line.endswith(end)), "") for line in old]
    bare = [line[: len(line) - len(end)] for line, end in zip(old, ends, strict=True)]
    usual = max(kinds, key=ends.count)
    if set(ends) <= {usual, ""} and not (usual == "\n" and "\r\n" in changed):
        return changed.replace("\n", usual)
    if ends[-1]:
        bare, ends = [*bare, ""], [*ends, ""]
    new = changed.split("\n")
    kept: list[str | None] = [None] * len(new)
    first = 0
    while first < min(len(bare), len(new)) and bare[first] == new[first]:
        kept[first] = ends[first]
        first += 1
    last = 0
    while last < min(len(bare), len(new)) - first and bare[-1 - last] == new[-1 - last]:
        last += 1
        kept[-last] = ends[-last]
    inner_old, inner_new = bare[first : len(bare) - last], new[first : len(new) - last]
    if max(len(inner_old), len(inner_new)) <= ALIGNED_LINES:
        for a, b, size in SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_matching_blocks():
            kept[first + b : first + b + size] = ends[first + a : first + a + size]
    # A line feed alone would turn a carriage return that ends its line into a part of the line's end.
    return (
        "".join(
            line + ("\r\n" if line.endswith("\r") else end or usual)
            for line, end in zip(new[:-1], kept[:-1], strict=True)
        )
        + new[-1]
    )
