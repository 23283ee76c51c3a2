"""Text of others as it is shown to a person: what would act on a terminal or hide in a page is spelled out.

Programs, models, evaluators and file names say what they like. What is stored or sent keeps their words as they are;
what a person is shown has every character that is none to see as the escape that stands for it in Python.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and marks that Unicode would have left out of sight, beside what it calls a control or a format character.
_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
CUT = "..."


def as_shown(text: object, *, lines: bool = False, longest: int | None = None) -> str:
    """The text with control characters, bidi and zero-width marks and lone surrogates written as escapes.

    What it returns can be printed, encoded as UTF-8 and put on one line. It says nothing about HTML or Markdown.

    Args:
        text: Or anything that has one.
        lines: Keep line feeds and tabs; every other end of a line becomes a line feed.
        longest: Characters of what is shown; a longer text is cut, and ends with `...`.
    """
    text = str(text)
    if longest is None:
        return _spelled(text, lines)
    shown = _spelled(text[: longest + 1], lines)
    return shown if len(shown) <= longest else shown[: max(longest - len(CUT), 0)] + CUT[:longest]


def _spelled(text: str, lines: bool) -> str:
    if text.isprintable() and not _UNSEEN.search(text):
        return text
    return _LINE_ENDS.sub("\n", text).translate(_LINES) if lines else text.translate(_LINE)


class _Spelling(dict[int, str]):
    """What stands for a character, by its number; letters and spaces stand for themselves."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        if character.isprintable() and not _UNSEEN.match(character):
            return character
        if unicodedata.category(character) == "Zs":  # a space of another width
            return character
        return character.encode("unicode_escape").decode("ascii")


_LINE = _Spelling()
_LINES = _Spelling({ord(each): each for each in "\n\t"})
