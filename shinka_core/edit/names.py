"""What a program defines by name, as far as its lines tell in any of the usual languages."""

from __future__ import annotations

import re

_MODIFIERS = (
    r"(?:(?:export|default|pub(?:\([a-z]{1,10}\))?|async|static|inline|public|private|protected|internal|final|abstract|virtual|"
    r"unsafe|extern|const|local|open|override|data|sealed|pure|elemental|recursive|__global__|__device__|__host__)[ \t]+){0,6}"
)
_KEYWORD = re.compile(
    rf"^[ \t]*{_MODIFIERS}(?:def|class|fn|func|fun|function|struct|enum|trait|interface|subroutine|module|defmodule|theorem|lemma|"
    r"macro|procedure|task|sub|type|record|object)[ \t]+(?:\([^)\n]{0,80}\)[ \t]*)?([A-Za-z_][\w!?.]{0,200})",
    re.MULTILINE,
)
_C_LIKE = re.compile(
    r"^[ \t]*(?:[A-Za-z_][\w:<>,*&\[\]]{0,100}[ \t*&]+){1,6}([A-Za-z_~][\w:~]{0,200})[ \t]*\([^;{}()]{0,500}\)[ \t]*(?:const[ \t]*)?(?:noexcept[ \t]*)?\n?[ \t]*\{",
    re.MULTILINE,
)
_ASSIGNED = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?:(?:const|let|var)[ \t]+)?([A-Za-z_.][\w.]{0,200})[ \t]*(?:<-|=|:=)[ \t]*(?:async[ \t]*)?(?:function\b|\([^()\n]{0,200}\)[ \t]*=>)",
    re.MULTILINE,
)
_JULIA_SHORT = re.compile(r"^([A-Za-z_]\w{0,200}!?)\([^()\n]{0,200}\)[ \t]*=(?!=)", re.MULTILINE)
_NO_NAMES = frozenset(
    {"if", "for", "while", "switch", "return", "else", "catch", "do", "sizeof", "match", "new", "throw"}
)


def defined_names(code: str) -> frozenset[str]:
    """Functions, classes and the like that the program defines."""
    found = {
        match.group(1) for pattern in (_KEYWORD, _C_LIKE, _ASSIGNED, _JULIA_SHORT) for match in pattern.finditer(code)
    }
    return frozenset(found - _NO_NAMES)
