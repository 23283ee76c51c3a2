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
# Of these a text of several lines may be made.
_LAYOUT = frozenset("\n\t")
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
    if lines:
        text = _LINE_ENDS.sub("\n", text)
    return "".join(each if _is_seen(each) or (lines and each in _LAYOUT) else _escaped(each) for each in text)


def _is_seen(character: str) -> bool:
    if character.isprintable():
        return not _UNSEEN.match(character)
    return unicodedata.category(character) == "Zs"  # spaces of another width


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
