"""What a provider says when it does not answer, read out of whatever form it says it in.

An error comes as `{"error": {...}}`, `{"error": "..."}`, a list of those, `{"detail": ...}`,
`{"code": ..., "message": ...}`, plain text or a web page, with a status of 400 and more or with 200.
"""

from __future__ import annotations

import html
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

from shinka_core.model_address import without_secrets
from shinka_core.secrets import redact

# Characters of a provider's words that are kept.
LONGEST_WORDS = 500
_TEXTS = ("message", "msg", "status_msg", "error_msg", "error_message", "detail", "reason", "raw")
_CODES = ("code", "type", "status", "error_code", "status_code", "quotaId")
_INNER = (
    "error",
    "metadata",
    "innererror",
    "inner_error",
    "base_resp",
    "response",
    "details",
    "detail",
    "errors",
    "violations",
)
# Seconds; nobody is waited for longer, and dates end somewhere.
LONGEST_WAIT = 366 * 86400.0
# Headers that count what is left of a day or longer, and when it begins anew: Mistral's, Cerebras's.
_LEFT_OF_A_DAY = re.compile(r"remaining.*(day|week|month)")
# Deeper than any provider goes; what a server sends has no depth that is promised.
_DEPTH = 8
_PAGE = re.compile(r"^\s*(<!doctype html|<html|<head|<\?xml|<body|<center|<h1)", re.IGNORECASE)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT = r"(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
_LENGTH = rf"\d+(?:\.\d+)?\s*{_UNIT}"
_WAIT = re.compile(
    rf"(?:try again|retry|wait|available|reset\w*|come back)\D{{0,30}}?({_LENGTH}(?:[\s,]*(?:and )?{_LENGTH})*)",
    re.IGNORECASE,
)
_PART = re.compile(rf"(\d+(?:\.\d+)?)\s*({_UNIT})", re.IGNORECASE)


def phrases(pattern: str) -> re.Pattern[str]:
    """What is looked for in a complaint, in capitals or not."""
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, in the provider's words.

    Attributes:
        status: Of HTTP, or what the body says when that is 200; 0 when nobody says.
        codes: Every code, type and status in the body, in lower case.
        words: One line, bounded and without keys.
        param: The part of the request that is complained about, or "".
        wait: Seconds the provider asks to wait, or None.
        used_up: Whether its headers say that nothing is left of a day, a week or a month.
        page: Whether it is a web page and no message of a model endpoint.
    """

    status: int
    codes: frozenset[str]
    words: str
    param: str = ""
    wait: float | None = None
    used_up: bool = False
    page: bool = False

    def mentions(self, pattern: re.Pattern[str]) -> bool:
        """Whether words or codes match."""
        return bool(pattern.search(self.words) or any(pattern.search(code) for code in self.codes))


def read_complaint(status: int, headers: Mapping[str, str], text: str, body: Any) -> Complaint:
    """Reads what a reply complains about.

    Args:
        headers: Names in lower case.
        body: The text as JSON, or None when it is none.
    """
    said = _unwrapped(body)
    page = body is None and bool(_PAGE.match(text))
    codes = frozenset(str(code).lower() for code in _values(said, _CODES) if isinstance(code, str | int))
    words = "; ".join(dict.fromkeys(_texts(said))) if said is not None else _visible(text, page=page)
    if 300 <= status < 400:
        words = f"it redirects to {without_secrets(headers.get('location', ''))}; {words}".strip("; ")
    return Complaint(
        status=_status(status, codes),
        codes=codes,
        words=one_line(words or _visible(text, page=page)),
        param=next((str(value) for value in _values(said, ("param",)) if isinstance(value, str)), ""),
        wait=retry_after(headers, words[: 4 * LONGEST_WORDS], said),
        used_up=bool(_used_up(headers)),
        page=page,
    )


def is_complaint(body: Any) -> bool:
    """Whether the body of a 200 is an error all the same."""
    unwrapped = _unwrapped(body)
    if not isinstance(unwrapped, dict):
        return False
    said = cast(dict[str, Any], unwrapped)
    if said.get("error") or said.get("object") == "error":
        return True
    if said.get("choices") or said.get("output"):
        return False
    return any(said.get(name) for name in (*_TEXTS, "errors", "base_resp"))


def one_line(text: str) -> str:
    """The text as it may be shown and stored: without keys, in one line, bounded."""
    return redact(" ".join(text.split()))[:LONGEST_WORDS]


def retry_after(headers: Mapping[str, str], words: str = "", body: Any = None) -> float | None:
    """Seconds the provider asks to wait, a year at most, or None when it does not say.

    Args:
        headers: Names in lower case; `Retry-After` may be seconds, a length or a date.
        words: An error's message: "Please try again in 11h6m".
    """
    for asked in _waits(headers, words, body):
        if math.isfinite(asked):
            return min(max(asked, 0.0), LONGEST_WAIT)
    return None


def _waits(headers: Mapping[str, str], words: str, body: Any) -> Iterator[float]:
    """All that is said of it, the likeliest to be exact first."""
    said = {name: value.strip() for name, value in headers.items()}
    if (milliseconds := _number(said.get("retry-after-ms", ""))) is not None:
        yield milliseconds / 1000
    if (seconds := _seconds(said.get("retry-after", ""))) is not None:
        yield seconds
    for name in _used_up(said):
        if (seconds := _number(said.get(name.replace("remaining", "reset"), ""))) is not None:
            yield seconds
    for delay in _values(body, ("retryDelay", "retry_after", "retryAfter")):
        if isinstance(delay, int | float) and not isinstance(delay, bool):
            yield float(delay)
        elif isinstance(delay, str) and (part := _PART.fullmatch(delay.strip())):
            yield float(part[1]) * _unit(part[2])
    if asked := _WAIT.search(words):
        yield _length(asked[1])


def _used_up(headers: Mapping[str, str]) -> list[str]:
    """The headers that say of a day or longer that nothing is left."""
    return [name for name, value in headers.items() if _LEFT_OF_A_DAY.search(name) and _number(value) == 0]


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _seconds(value: str) -> float | None:
    if (number := _number(value)) is not None:
        return number
    if re.fullmatch(rf"({_LENGTH}\s*)+", value, re.IGNORECASE):
        return _length(value)
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


def _length(words: str) -> float:
    """Seconds of "11h6m" and its like."""
    return sum(float(number) * _unit(unit) for number, unit in _PART.findall(words))


def _unit(word: str) -> float:
    word = word.lower()
    return _UNITS["ms"] if word.startswith(("ms", "milli")) else _UNITS[word[0]]


def _unwrapped(body: Any) -> Any:
    """Gemini's endpoint sends its errors in a list."""
    return body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else body  # pyright: ignore[reportUnknownVariableType]


def _status(status: int, codes: frozenset[str]) -> int:
    """The status that counts: the body's own where HTTP says that all is well, or hides a 429 behind another."""
    inner = [int(code) for code in codes if code.isdigit() and 400 <= int(code) < 600]
    if 200 <= status < 300:
        return max(inner, default=0)
    return 429 if 429 in inner and status in (400, 500, 502, 503) else status


def _texts(said: Any, depth: int = 0) -> Iterator[str]:
    """Messages, the outermost first."""
    if isinstance(said, str):
        nested = _json(said)
        if isinstance(nested, dict) and depth < _DEPTH:
            yield from _texts(nested, depth + 1)
        elif said.strip():
            yield said
    elif isinstance(said, list):
        for inner in said[:3]:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(inner, depth + 1) if depth < _DEPTH else ()
    elif isinstance(said, dict) and depth < _DEPTH:
        for name in (*_TEXTS, *_INNER):
            value: Any = said.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(value, str | dict | list):
                yield from _texts(value, depth + 1)
        located = said.get("loc")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(located, list):
            yield ".".join(str(part) for part in located)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _values(said: Any, names: tuple[str, ...], depth: int = 0) -> Iterator[Any]:
    """Values of those names, the outermost first."""
    if isinstance(said, str) and depth:
        said = _json(said)
    if depth > _DEPTH:
        return
    if isinstance(said, dict):
        yield from (said[name] for name in names if said.get(name) is not None)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        for inner in _INNER:
            yield from _values(said.get(inner), names, depth + 1)  # pyright: ignore[reportUnknownMemberType]
    elif isinstance(said, list):
        for inner in said[:5]:  # pyright: ignore[reportUnknownVariableType]
            yield from _values(inner, names, depth + 1)


def _json(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _visible(text: str, *, page: bool) -> str:
    """What a reader would see of it."""
    text = text[:20_000]
    if page:
        text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)", " ", text)
        text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    return text
