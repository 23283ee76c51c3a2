"""Text of programs and models in one line, or as prose, that moves no terminal and hides nothing."""

from __future__ import annotations

import unicodedata

# Control characters, marks that turn the direction of writing and other unseen ones, halves of characters, odd line ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def prose(text: str) -> str:
    """The text with its line feeds and tabs; what cannot be seen, and could move what can, as an escape."""
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in _UNSEEN else _escape(letter)
        for letter in text.replace("\r\n", "\n")
    )


def one_line(text: str, longest: int) -> str:
    """The same in one line, cut where it is longer."""
    line = " ".join(prose(text).split())
    return line if len(line) <= longest else line[: longest - 3] + "..."


def _escape(letter: str) -> str:
    return letter.encode("ascii", "backslashreplace").decode() if ord(letter) > 127 else f"\\x{ord(letter):02x}"
