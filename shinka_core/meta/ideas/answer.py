"""Reading ideas out of an answer, in whatever form a model has given them.

Asked for is a heading line for each (`### IDEA 1: title`) with its text below. Models also write the line in bold or
with other words, number a list, use tags, or answer in JSON; fences and reasoning around all of it do not count.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shinka_core.meta.words import cleaned, in_words
from shinka_core.thinking import without_thinking

# Words of an idea's text, and of its title.
LONGEST, TITLE = 300, 20

_DRESS = r"[ \t]*(?:[>#*_-]{1,6}[ \t]*){0,3}"
_NUMBER = r"(?:#|no\.?|number)?[ \t]*(?:\d{1,2}|[A-H]|I{1,3}|IV|V)\b"
_HEADING = re.compile(
    rf"^{_DRESS}(?:idea|direction|proposal|option|approach)[ \t]*{_NUMBER}[ \t]*(?:of[ \t]+\d+)?[*_]{{0,2}}"
    r"[ \t]*[:.)\u2013\u2014-]*[*_]{0,2}[ \t]*(?P<title>.*)$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^(?:#{1,6}[ \t]*|[*_]{1,2})?\(?\d{1,2}[.):][*_]{0,2}[ \t]+(?P<title>\S.*)$")
_TAG = re.compile(r"<idea\b[^>]{0,200}>", re.IGNORECASE)
_INNER = re.compile(r"<(title|name|heading)\b[^>]{0,50}>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_ANY_TAG = re.compile(
    r"</?(?:ideas?|title|name|heading|text|what|how|why|description|details)\b[^>]{0,200}>", re.IGNORECASE
)
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,}).*$", re.MULTILINE)
# Where a title that is a whole sentence or more ends.
_TITLE_END = re.compile(r"(?:[*_]{1,2})?[ \t]*(?:[:\u2013\u2014]|[.](?=\s|$)|[ \t]-[ \t])[ \t]*")
TITLES = ("title", "name", "idea", "heading", "direction")


@dataclass(frozen=True, slots=True)
class Direction:
    """An idea as a model gave it."""

    title: str
    text: str


def read_ideas(answer: str, most: int, *, cut: bool = False) -> list[Direction]:
    """The ideas of an answer, in their order, none twice; none when it holds none.

    Args:
        most: That are taken.
        cut: The answer ends before its end: of several ideas the last may be half of one, and is left out.
    """
    spoken = without_thinking(answer)
    if spoken.unfinished:
        return []
    text = spoken.text.replace("\r\n", "\n")
    for read in READERS:
        found = {_key(one): one for one in map(_bounded, read(text)) if _says_something(one)}
        if found:
            ideas = list(found.values())
            return (ideas[:-1] if cut and len(ideas) > 1 else ideas)[:most]
    return []


def _of_json(text: str) -> Iterator[Direction]:
    for start in (match.start() for match in re.finditer(r"[\[{]", text[:2_000])):
        try:
            value, _ = json.JSONDecoder().raw_decode(text[start:])
        except (ValueError, RecursionError):
            continue
        yield from _of_value(value)
        return


def _of_value(value: Any) -> Iterator[Direction]:
    parts: list[Any] = _of_outer(value) if isinstance(value, dict) else value if isinstance(value, list) else []  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    for part in parts:
        if isinstance(part, str):
            yield _split(part)
        elif isinstance(part, dict):
            yield _of_object(part)  # pyright: ignore[reportUnknownArgumentType]


def _of_outer(value: dict[str, Any]) -> list[Any]:
    """The ideas of an object: one that holds a list of them, one by name, or one that is an idea itself."""
    titled = any(isinstance(value.get(name), str) for name in TITLES)
    for inner in value.values():
        if isinstance(inner, list) and not titled:
            return inner  # pyright: ignore[reportUnknownVariableType]
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return [{"title": name} | inner for name, inner in value.items()]
    return [value]


def _of_object(value: dict[str, Any]) -> Direction:
    told = {name.lower(): _as_text(part) for name, part in value.items()}
    title = next((told.pop(name) for name in TITLES if told.get(name)), "")
    rest = "\n".join(part for part in told.values() if any(letter.isalpha() for letter in part))
    return Direction(title, rest) if title else _split(rest)


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_as_text(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    return str(value) if isinstance(value, str | int | float) else ""


def _of_tags(text: str) -> Iterator[Direction]:
    for part in _TAG.split(text)[1:]:
        body = re.split(r"</idea\s*>", part, maxsplit=1, flags=re.IGNORECASE)[0]
        titled = _INNER.search(body)
        if titled is not None:
            body = body[: titled.start()] + body[titled.end() :]
            yield Direction(titled.group(2), _ANY_TAG.sub("\n", body))
        else:
            yield _split(_ANY_TAG.sub("\n", body))


def _by(mark: re.Pattern[str]) -> Callable[[str], Iterator[Direction]]:
    def read(text: str) -> Iterator[Direction]:
        lines = _FENCE.sub("", text).splitlines()
        heads = [(number, match) for number, line in enumerate(lines) if (match := mark.match(line))]
        ends = [number for number, _ in heads[1:]] + [len(lines)]
        for (number, match), end in zip(heads, ends, strict=False):
            body = "\n".join(lines[number + 1 : end]).strip()
            title = match.group("title").strip()
            if title and body:
                yield _long_title(title, body)
            else:
                yield _split(title or body)

    return read


READERS: tuple[Callable[[str], Iterator[Direction]], ...] = (_of_json, _of_tags, _by(_HEADING), _by(_LISTED))


def _long_title(title: str, body: str) -> Direction:
    """A title may hold the beginning of the text."""
    if len(title.split()) <= TITLE:
        return Direction(title, body)
    head = _split(title)
    return Direction(head.title, f"{head.text}\n{body}")


def _split(text: str) -> Direction:
    """Title and text of what is written in one: the first line, or what stands before the first colon or full stop."""
    first, _, rest = text.strip().partition("\n")
    if rest.strip() and len(first.split()) <= TITLE:
        return Direction(first, rest)
    end = _TITLE_END.search(text)
    if end is not None and 0 < len(text[: end.start()].split()) <= TITLE:
        return Direction(text[: end.start()], text[end.end() :])
    return Direction(" ".join(text.split()[:TITLE]), text)


def _bounded(one: Direction) -> Direction:
    title = " ".join(in_words(cleaned(one.title), TITLE).split()).strip("*_`#>:.- ")
    return Direction(title, in_words(cleaned(one.text), LONGEST))


def _says_something(one: Direction) -> bool:
    """Whether it is more than a word or a place that was left to be filled in."""
    words = re.findall(r"\w{2,}", f"{one.title} {one.text}")
    return len(words) >= 3 and bool(one.title)


def _key(one: Direction) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", one.title.lower()))
