"""What a provider says when it does not answer, read out of whatever form it says it in.

An error comes as `{"error": {...}}`, `{"error": "..."}`, a list of those, `{"detail": ...}`,
`{"code": ..., "message": ...}`, plain text or a web page, with a status of 400 and more or with 200.
"""

from __future__ import annotations

import html
import json
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
        wait: Seconds the provider asks to wait, uncut, or None.
        page: Whether it is a web page and no message of a model endpoint.
    """

    status: int
    codes: frozenset[str]
    words: str
    param: str = ""
    wait: float | None = None
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
    """Seconds the provider asks to wait, uncut, or None when it does not say.

    Args:
        headers: Names in lower case; `Retry-After` may be seconds or a date.
        words: An error's message: "Please try again in 11h6m".
    """
    milliseconds, value = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds is not None:
            return max(float(milliseconds) / 1000, 0.0)
        if value is not None:
            return max(_seconds(value.strip()), 0.0)
    except (ValueError, OverflowError):
        pass
    for delay in _values(body, ("retryDelay", "retry_after", "retryAfter")):
        if isinstance(delay, int | float) and not isinstance(delay, bool):
            return max(float(delay), 0.0)
        if isinstance(delay, str) and (part := _PART.fullmatch(delay.strip())):
            return float(part[1]) * _unit(part[2])
    if asked := _WAIT.search(words):
        return sum(float(number) * _unit(unit) for number, unit in _PART.findall(asked[1]))
    return None


def _seconds(value: str) -> float:
    if value.replace(".", "", 1).isdigit():
        return float(value)
    return parsedate_to_datetime(value).timestamp() - time.time()


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
