"""The last defence: whatever text reaches a column can be stored, read back, and sent to a model again.

Texts are cleaned where they enter; what enters by a way that nobody thought of is cleaned here, so that it
costs no program and no answer.
"""

from __future__ import annotations

import json
import math
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from shinka_core.storable import storable

NUL = "\x00"
# How JSON writes the characters that no database stores.
_NUL_IN_JSON, _HALF_IN_JSON = "\\u0000", "\\ud"


class StorableText(TypeDecorator[str]):
    """Text without NUL characters and halves of surrogate pairs."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Called by SQLAlchemy with what is to be stored or compared."""
        return value if value is None or encodable(value) is not None else storable(value)


def encodable(text: str) -> str | None:
    """The text itself if any database can store it, else None."""
    if NUL in text:
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def dump_json(value: Any) -> str:
    """The value as JSON that every database accepts; what JSON has no word for becomes null or a string."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError):
        text = ""
    if text and _NUL_IN_JSON not in text and encodable(text) is not None:
        return text
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def load_json(text: str) -> Any:
    """The reverse; rows of earlier versions may hold what is not stored any more."""
    value = json.loads(text)
    return plain(value) if _NUL_IN_JSON in text or _HALF_IN_JSON in text.lower() else value


def plain(value: Any) -> Any:
    """The value in words of JSON, all of its strings storable."""
    if isinstance(value, str):
        return value if encodable(value) is not None else storable(value)
    if isinstance(value, dict):
        return {plain(str(key)): plain(inner) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return plain(str(value))
