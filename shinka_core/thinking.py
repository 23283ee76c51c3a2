"""What a model thinks aloud before it answers is no part of the answer.

Reasoning comes between tags (`<think>`, `[THINK]`, `<details type="reasoning">`, ...), in channels
(`<|channel|>analysis<|message|>`), with the closing tag alone (the chat template wrote the opening
one), or under a heading. Tags count where reasoning stands: at the beginning of a line, outside of
code. The same tags inside a program or an edit are text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = (
    r"think|thinking|thought|thoughts|reasoning|reason|reflection|scratchpad|analysis|antthinking|inner_monologue|"
    r"internal_monologue|chain_of_thought|cot|seed:think|ant:thinking|longcat_think|monologue"
)
_OPENING = re.compile(
    rf"<(?:{_WORDS})(?:\s[^<>\n]{{0,200}})?>|\[(?:think|thinking|reasoning)\]|\u25c1think\u25b7|<\|begin_of_thought\|>|<\|start_thinking\|>|<unused94>"
    r"|<details\s[^<>\n]{0,200}type=[\"']?reasoning[^<>\n]{0,200}>"
    r"|(?:<details>\s*)?<summary>\s*(?:thought|thinking|reasoning)[^<>\n]{0,200}</summary>",
    re.IGNORECASE | re.ASCII,
)
_CLOSING = re.compile(
    rf"</(?:{_WORDS})\s*>|\[/(?:think|thinking|reasoning)\]|\u25c1/think\u25b7|<\|end_of_thought\|>|<\|end_thinking\|>|<unused95>|</details>",
    re.IGNORECASE | re.ASCII,
)
_CHANNEL = re.compile(r"<\|channel\|>\s*([a-z]+)[^<\n]{0,200}(?:<\|constrain\|>[^<\n]{0,50})?<\|message\|>")
_CHANNEL_END = re.compile(r"<\|(?:end|return|start|call|channel)\|>")
# Servers that drop the special tokens leave the names of the channels behind.
_BARE_CHANNELS = re.compile(r"\A\s*analysis(?=[A-Z\"'(\[])")
_FINAL = "assistantfinal"
# What a server that skips no special token leaves at the end.
_LAST_TOKEN = re.compile(r"(?:<\|[a-z_]{2,30}\|>|</s>)\Z")
LONGEST_TOKEN = 34
# Blanks are never given back: each pair of neighbours that shared them would multiply the time of a long run of them.
_HEADING = r"[ \t]*+(?:\#{{1,6}}[ \t]*+|\*\*[ \t]*+|__)?(?:{words})[ \t]*+:?[ \t]*+(?:\*\*|__)?[ \t]*+:?[ \t]*+$"
_HERE = r"(?:here(?: is|'s) )?"
_THINKING_HEADING = re.compile(
    r"\A" + _HEADING.format(words=_HERE + r"(?:my )?(?:thinking|thoughts?|reasoning|scratchpad|chain of thought|draft)(?: process)?"),
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_ANSWER_HEADING = re.compile(
    r"^" + _HEADING.format(words=_HERE + r"(?:my )?(?:final )?(?:answer|response|output|solution)"),
    re.IGNORECASE | re.MULTILINE,
)

_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})(.*)$")
_SEARCH = re.compile(r"[ \t]*(?:<{3,}|-{5,}|>{5,})[ \t]*SEARCH\b")
_REPLACE = re.compile(r"[ \t]*(?:>{3,}|\+{5,})[ \t]*REPLACE\b")


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer without its reasoning.

    Attributes:
        text: What is left.
        unfinished: The reasoning has no end, so the answer may never have begun.
    """

    text: str
    unfinished: bool = False


def without_thinking(text: str, *, known: str = "") -> Spoken:
    """The answer without what was thought aloud; takes time in proportion to its length.

    Args:
        known: The program that the answer is about: tags that occur in it are taken for its text
            wherever they stand inside code.
    """
    text = text.replace("\r\n", "\n")
    if "<|channel|>" not in known:
        channelled = _final_channel(text)
        if channelled is not None:
            return channelled
    spoken = _without_tags(text, known)
    if _THINKING_HEADING.match(spoken.text.lstrip()):
        headings = list(_ANSWER_HEADING.finditer(spoken.text))
        if headings:
            spoken = Spoken(spoken.text[headings[-1].end() :], spoken.unfinished)
    return Spoken(_without_last_tokens(spoken.text), spoken.unfinished)


def _without_last_tokens(text: str) -> str:
    end, found = _end_of_words(text, len(text)), False
    while (token := _LAST_TOKEN.search(text[max(end - LONGEST_TOKEN, 0) : end])) is not None:
        end, found = _end_of_words(text, end - len(token.group())), True
    return text[:end] if found else text


def _end_of_words(text: str, end: int) -> int:
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _final_channel(text: str) -> Spoken | None:
    channels = list(_CHANNEL.finditer(text)) if "<|channel|>" in text else []
    if channels:
        final = [channel for channel in channels if channel.group(1) == "final"]
        if not final:
            return Spoken("", unfinished=True)
        end = _CHANNEL_END.search(text, final[-1].end())
        return Spoken(text[final[-1].end() : end.start() if end else len(text)])
    if _BARE_CHANNELS.match(text):
        _, found, after = text.rpartition(_FINAL)
        return Spoken(after if found else "", unfinished=not found)
    return None


def _without_tags(text: str, known: str) -> Spoken:
    if not any(_CLOSING.match(text, at) or _OPENING.match(text, at) for at in _beginnings(text)):
        return Spoken(text)
    lines = text.split("\n")
    start = _after_stray_end(lines, known)
    if start is None:
        return Spoken("", unfinished=True)
    kept: list[str] = []
    place = _Place()
    index = start
    while index < len(lines):
        line = lines[index]
        if (place.in_prose or (place.at_top_of_fence and not _OPENING.search(known))) and (
            opening := _opens(line, first=index == start)
        ):
            end = _end_of_thinking(lines, index, opening)
            if end is None:
                return Spoken("\n".join(kept), unfinished=True)
            index, rest = end
            if rest.strip():
                lines[index] = rest
            else:
                index += 1
            continue
        place.pass_over(line)
        kept.append(line)
        index += 1
    return Spoken("\n".join(kept))


def _beginnings(text: str) -> Iterator[int]:
    """Where a tag can begin; looked for one by one, because a search of a long text keeps other threads waiting."""
    return (match.start() for match in re.finditer("[<\\[\u25c1]", text))


class _Place:
    """Where a line stands: in prose, in a fence, or in a SEARCH/REPLACE block."""

    def __init__(self) -> None:
        self._fence = ""
        self._depth = 0
        self._in_edit = False
        self._in_diff = False
        self._before = ""
        self.unopened = False  # an end of an edit was there that has no beginning
        self.at_top_of_fence = False  # of one that may be around the whole answer, reasoning included

    @property
    def in_prose(self) -> bool:
        return not self._fence and not self._in_edit and not self._in_diff

    def pass_over(self, line: str) -> None:
        self.at_top_of_fence = self.at_top_of_fence and not line.strip()
        before, self._before = self._before, line
        if not self._fence and not self._in_edit and before.startswith("--- ") and line.startswith("+++ "):
            self._in_diff = True
        elif self._in_diff and line[:1] not in "+-@ \\":
            self._in_diff = False
        if self._in_edit:
            self._in_edit = not _REPLACE.match(line)
        elif _SEARCH.match(line):
            self._in_edit = True
        elif _REPLACE.match(line):
            self.unopened = True
        elif match := _FENCE.match(line):
            fence, info = match.groups()
            if not self._fence:
                self._fence, self._depth = fence, 1
                self.at_top_of_fence = True
            elif fence.startswith(self._fence):
                self._depth += 1 if info.strip() else -1  # one inside of it, as models write them
                self._fence = self._fence if self._depth else ""


def _opens(line: str, *, first: bool) -> re.Match[str] | None:
    """The tag with which reasoning begins: at the beginning of a line, or after the first words of the answer."""
    bare = line.lstrip(" \t*_>")
    match = _OPENING.match(bare)
    if match is None and first:
        match = _OPENING.search(bare)
        if match is not None and ("<" in bare[: match.start()] or bare[match.end() :].strip()):
            return None
    return match


def _end_of_thinking(lines: list[str], index: int, opening: re.Match[str]) -> tuple[int, str] | None:
    """The line in which reasoning ends and what follows in it; None when it does not end.

    A tag that is opened again and not closed as often is one that the reasoning speaks of: then
    the last closing one ends it.
    """
    depth = 0
    last: tuple[int, str] | None = None
    for number in range(index, len(lines)):
        line = opening.string if number == index else lines[number]
        position = opening.start() if number == index else 0
        marks = [(match.start(), match.end(), 1) for match in _OPENING.finditer(line, position)]
        marks += [(match.start(), match.end(), -1) for match in _CLOSING.finditer(line, position)]
        for _, end, step in sorted(marks):
            depth += step
            if step < 0:
                last = (number, line[end:])
            if depth == 0:
                return last
    return last


def _after_stray_end(lines: list[str], known: str) -> int | None:
    """Where the answer begins when it has closing tags that nothing opens: behind the last of them.

    None when such a tag stands inside of code, and it is not clear whether the code is a draft or the answer.
    """
    depth = start = 0
    doubtful = False
    place, whole = _Place(), _Place()  # since the last end of reasoning, and since the beginning
    for index, line in enumerate(lines):
        outside = place.in_prose
        surely_outside = outside and whole.in_prose
        place.pass_over(line)
        whole.pass_over(line)
        bare = line.strip()
        if not _CLOSING.search(bare) and not _OPENING.search(bare):
            continue
        closings = list(_CLOSING.finditer(bare))
        last = closings[-1].start() if closings else -1
        marks = [(match, True) for match in _OPENING.finditer(bare)] + [(match, False) for match in closings]
        for match, opens in sorted(marks, key=lambda mark: mark[0].start()):
            if opens:
                # Prose that only speaks of a tag opens nothing.
                depth += not outside or match.start() == 0 or match.start() < last
            elif depth > 0:
                depth -= 1
            elif _ends_reasoning(bare, match, inside=not outside, known=known):
                rest = bare[match.end() :]
                if rest.strip():
                    lines[index] = rest
                start = index if rest.strip() else index + 1
                doubtful = not surely_outside
                place = _Place()
    # What follows a draft is whole by itself; what follows a line of code is not.
    return None if doubtful and (place.unopened or not place.in_prose) else start


def _ends_reasoning(line: str, closing: re.Match[str], *, inside: bool, known: str) -> bool:
    """Whether a closing tag without an opening one is the end of reasoning, and not a piece of code or of a sentence."""
    tag = closing.group(0)
    if tag.lower() == "</details>" or (inside and tag in known):
        return False
    follows = line[closing.end() :].lstrip()
    return closing.start() == 0 or not follows or (not inside and follows.startswith(("<", "`")))
