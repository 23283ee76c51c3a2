"""Lines that stand for code which the model left out: `# ... rest unchanged ...`, `// existing code here`.

What such a line says in so many words, or with dots, is refused in any case; what might as well be
a comment only where lines of the program are gone. A line that the parent has is no omission.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DOTS = r"(?:\.{3,}|…|\. \. \.)"
# Beginnings and ends of comments, and brackets that omissions are put into.
_LEADER = re.compile(
    r"^[ \t]*(?:#+|//+|--+|/\*+|\*|;+|%+|<!--|\(\*|\{-|\{/\*|\{#|!+|'|\"{3}|REM\b)?[ \t]*", re.IGNORECASE
)
_TRAILER = re.compile(r"[ \t]*(?:\*+/\}?|-->|\*\)|-\}|#\}|\"{3})?[ \t]*$")
_BRACKETS = " \t[](){}<>*_-=:,;"

_THINGS = (
    r"(?:code|function|method|class|implementation|program|file|block|section|script|body|logic|content|definition|import|test|"
    r"line|part|statement|helper|module|text|prompt|document|query|queries|table|struct|case|rule|step|paragraph|instruction)(?:e?s)?"
)
_CODE = r"(?:code|functions?|methods?|implementations?|imports?|class(?:es)?|definitions?|helpers?|content|text|logic)"
_SOME = r"(?:the |all |all the |any |your |our |my |of |of the |these |those )*"
_WHICH = r"(?:existing|previous|original|remaining|other|unchanged|unmodified|same|old|earlier|above|following|subsequent|current|omitted|prior)"
_STAYS = r"(?:unchanged|unmodified|untouched|omitted|identical|the same|same|as is|as-is|as before|as above|as it is|as they are|as it was|here|intact|not shown|elided|truncated|skipped|snipped|left out)"
_LINK = r"(?: (?:is|are|was|were|stays?|remains?|goes|go|kept|left|be|exactly|all|code|mostly))*"

# With dots beside it, any of these words tells.
_HINTS = re.compile(
    rf"\b(?:rest|remain\w*|{_WHICH}|{_STAYS}|{_THINGS}|before|keep|kept|continue[sd]?|etc|snip|omit\w*|abbreviat\w*|brevity|more)\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    "|".join(
        (
            rf"(?:{_SOME}{_WHICH} )+(?:\w+ )?{_THINGS}(?: {_THINGS})?{_LINK} {_STAYS}(?: for brevity)?",
            rf"{_SOME}(?:existing|unchanged|unmodified|previous|original|remaining) {_CODE}(?: {_CODE})?",
            rf"{_SOME}(?:rest|remainder){_LINK} {_STAYS}(?: as (?:before|above|is|in the \w+))?",
            rf"{_SOME}(?:rest|remainder) of (?:the |this |your |all )*(?:\w+ )?{_THINGS}{_LINK}(?: {_STAYS})?(?: for brevity)?",
            rf"{_SOME}(?:\w+ )?{_THINGS}{_LINK} (?:unchanged|omitted|elided|truncated|not shown)(?: for brevity| here| as before)?",
            rf"(?:TODO:? |NOTE:? )?(?:keep|leave|copy|retain|insert|paste|put|place|add) {_SOME}(?:rest|remainder|{_WHICH} {_THINGS})\b.{{0,60}}",
            rf"(?:your|the) (?:{_THINGS}|own \w+) (?:goes )?here",
            r"(?:same|identical|unchanged|unmodified)(?: \w+)? (?:as|to|from) (?:the |in the )?(?:before|above|original|parent|previous|current)(?: \w+)?",
            r"(?:no changes?|nothing changes?|unchanged)(?: needed| required)?(?: (?:here|below|above|after this|from here|beyond this)[\w ]{0,30})",
            r"snip(?:ped)?|omitted(?: for brevity)?|(?:code )?(?:continues|continued) (?:here|unchanged|as before|below)?",
        )
    ),
    re.IGNORECASE,
)
# What may be a comment as well as an omission: it counts where lines are gone.
_VAGUE = re.compile(
    rf"{_SOME}(?:rest|remainder|remaining|{_WHICH})\b.{{0,80}}|.{{0,60}}\b(?:unchanged|as before|as above|omitted)",
    re.IGNORECASE,
)
_EMPTY_BODY = re.compile(
    r"^[ \t]*(?:pass|\.\.\.|\{\s*\}|;|return|return None|todo!\(\);?|unimplemented!\(\);?)[ \t]*(?:#|//|/\*|--)(.*)$"
)
# Characters of a line that stands for lines left out.
LONGEST = 300
_ONLY_DOTS = re.compile(rf"{_DOTS}$")
_STARTS_A_BODY = re.compile(r"[:{(]\s*(?:#.*|//.*)?$")


def find_omission(program: Sequence[str], parent: Sequence[str], *, language: str) -> int | None:
    """The first line of a program that stands for lines left out, from 0; None when there is none.

    Args:
        program: The changed program's lines.
        parent: The lines that it was made from; what stands in them is none.
    """
    known = {line.strip() for line in parent}
    lost = _size(program) < _size(parent)
    for number, line in enumerate(program):
        if len(line) > LONGEST or line.strip() in known:
            continue
        if leaves_out(line) or (lost and _is_comment(line) and _VAGUE.fullmatch(_inner(line))):
            return number
        if _ONLY_DOTS.fullmatch(line.strip()) and _stands_for_lines(program, number, language):
            return number
    return None


def leaves_out(line: str) -> bool:
    """Whether a line says that something was left out in its place."""
    if len(line) > LONGEST:
        return False
    body = _EMPTY_BODY.match(line)
    if body is not None:
        inner = body.group(1).strip(_BRACKETS + "/")
        return bool(_PLAIN.fullmatch(inner.strip(". …")) or (_dotted(inner) and _HINTS.search(inner)))
    inner = _inner(line)
    if not _is_comment(line):
        # A line of prose between dots or brackets, or the words alone; code is not to be taken for it.
        bare = line.strip()
        if not (re.match(rf"[\[(<{{]?\s*{_DOTS}", bare) and re.search(r"[A-Za-z]", bare)) and not bare.startswith("["):
            return False
    if not inner.strip(". …"):
        return _is_comment(line) and _dotted(inner)
    if _dotted(inner) and _HINTS.search(inner):
        return True
    return _PLAIN.fullmatch(inner.strip(". …" + _BRACKETS)) is not None


def _inner(line: str) -> str:
    """What a comment says."""
    text = _TRAILER.sub("", line[_LEADER.match(line).end() :])  # pyright: ignore[reportOptionalMemberAccess]
    return text.strip(_BRACKETS)


def _is_comment(line: str) -> bool:
    match = _LEADER.match(line)
    return match is not None and bool(match.group().strip())


def _dotted(inner: str) -> bool:
    return re.match(_DOTS, inner) is not None or re.search(rf"{_DOTS}$", inner) is not None


def _stands_for_lines(program: Sequence[str], number: int, language: str) -> bool:
    """Whether a line of dots alone is no code: in Python it may be the body of a stub."""
    if language != "python":
        return True
    before = next((line for line in reversed(program[:number]) if line.strip()), "")
    indented = program[number][:1] in " \t"
    return not (indented and _STARTS_A_BODY.search(before))


def _size(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if line.strip())
