"""Keeping secrets out of what is stored and shown: settings, errors, logs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from shinka_core.errors import ConfigError

_KEY_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
# What only keys look like: of model providers, code hosts, clouds and chats, signed tokens, private keys.
_SHAPES = (
    r"\bAIza[A-Za-z0-9_\-]{20,}|\b(gh[pousr]|github_pat)_[A-Za-z0-9_]{20,}|\bhf_[A-Za-z0-9]{20,}|\b(AKIA|ASIA)[A-Z0-9]{16}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----([\sA-Za-z0-9+/=:,-]*?-----END [A-Z ]*PRIVATE KEY-----)?"
)
# In a text, where a word too much is a small harm; and of a whole value that somebody may need.
_LOOKS_LIKE_KEY = re.compile(
    rf"\b(sk|pk|rk|gsk|xai|key)-[A-Za-z0-9_\-]{{8,}}|\b(sk|pk|rk)_[A-Za-z0-9_\-]{{16,}}|{_SHAPES}|(?<=Bearer )\S{{8,}}"
)
_IS_KEY = re.compile(rf"\b(sk|pk|gsk|xai|rk)[-_][A-Za-z0-9_\-]{{16,}}|{_SHAPES}")
# A password inside a URL: before `@`, or named in the query.
_WORDS_IN_QUERY = (
    "password|passwd|pwd|key|api[_-]?key|apikey|token|access[_-]?token|secret|signature|sig|subscription-key"
)
_PASSWORD_IN_URL = rf"://[^/?#@]*:[^/?#@]+@|://.*[?&]({_WORDS_IN_QUERY})="
# Shorter values are words like "none" or "local", and appear in any text.
SHORTEST_KEY = 8

# Names that end like a secret's and hold none.
_HARMLESS = re.compile(r"(cache|idempotency|sort|group|primary|foreign|partition)[_-]?key$|tokens$", re.IGNORECASE)
_SECRET_END = re.compile(
    r"(^|[_-]|api|access|auth|secret)(key|token|secret|password|passwd|pwd|passphrase|credential|auth|authorization"
    r"|cookie|signature|sig)s?$",
    re.IGNORECASE,
)
_SECRET_CAMEL = re.compile(r"[a-z](Key|Token|Secret|Password)$")


# What refuses secrets before settings are sent anywhere: Prefect's server holds the parameters of a flow
# run against their JSON schema before it stores them. Written for the regular expressions of Python and
# of browsers alike, so with no flags inside.
def _any_case(words: str) -> str:
    return re.sub(r"[a-z]", lambda letter: f"[{letter[0].upper()}{letter[0]}]", words)


_ENDS_SECRET = _any_case("(key|token|secret|password|passwd|passphrase|credential|auth|authorization|cookie)")
_ENDS_HARMLESS = (
    _any_case("((cache|idempotency|sort|group|primary|foreign|partition)") + "[_-]?" + _any_case("key|tokens)")
)
_NAME_OF_NO_SECRET = f"{_ENDS_HARMLESS}$|^(?!.*{_ENDS_SECRET}[Ss]?$)"
_SECRET_IN_URL = rf"://[^/?#@]*:[^/?#@]+@|://.*[?&]({_any_case(_WORDS_IN_QUERY)})="
URL_WITHOUT_PASSWORD: dict[str, Any] = {"pattern": f"^(?!.*({_SECRET_IN_URL}))"}
NAMES_OF_NO_SECRETS: dict[str, Any] = {
    "propertyNames": {"pattern": _NAME_OF_NO_SECRET},
    "additionalProperties": {"propertyNames": {"pattern": _NAME_OF_NO_SECRET}},
}

# Variables that keys were read from, besides those whose names say so.
_read: set[str] = set()


def read_key(variable: str) -> str | None:
    """The key in an environment variable, without the line break or the quotes it may have come with.

    Returns:
        None when the variable is not set, or empty.

    Raises:
        ConfigError: It holds what no key has: its place is named, not its value.
    """
    _read.add(variable)
    key = os.environ.get(variable, "").strip(" \t\r\n\v\f\x00\ufeff\u200b\xa0")
    if len(key) > 1 and key[0] == key[-1] and key[0] in "'\"":
        key = key[1:-1].strip()
    for place, character in enumerate(key):
        if not "!" <= character <= "~":
            what = {"\n": "a line break", "\r": "a line break", " ": "a space"}.get(
                character, f"U+{ord(character):04X}"
            )
            raise ConfigError(
                f"{variable} holds {what} as character {place + 1} of {len(key)}, which no key can have; "
                "set it to the key alone"
            )
    return key or None


def redact(text: str) -> str:
    """The text without keys: those of this process's environment, and whatever looks like one.

    Providers quote the key they refuse, and their errors are stored and shown.
    """
    values = {value for name, value in os.environ.items() if name in _read or _KEY_NAME.search(name)}
    forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST_KEY}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "[key]")
    return _LOOKS_LIKE_KEY.sub("[key]", text)


def _forms(value: str) -> tuple[str, ...]:
    """A key as it stands, and as messages, URLs and JSON write it."""
    bare = value.strip().strip("'\"").strip()
    return value, bare, quote(bare, safe=""), json.dumps(value)[1:-1], *bare.splitlines()


def looks_like_key(value: str) -> bool:
    """Whether a value is a key of this environment, or of a form that only keys have."""
    return redact(value) != value


def holds_key(value: str) -> bool:
    """Whether a value holds what only keys look like; a stricter look than that of `redact`."""
    return _IS_KEY.search(value) is not None


def is_secret_name(name: str) -> bool:
    """Whether what is called so holds a secret: `api_key`, `X-Api-Key`, `authToken`, but not `prompt_cache_key`."""
    return not _HARMLESS.search(name) and bool(_SECRET_END.search(name) or _SECRET_CAMEL.search(name))


def refuse_stored_secrets(*, urls: Mapping[str, str | None], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Settings are stored with the run, so they must hold no secret.

    Args:
        urls: Settings that are URLs, by name.
        options: Settings that are mappings, by name.

    Raises:
        ConfigError: One of them holds a password or a key, which is not repeated.
    """
    for field, url in urls.items():
        if url is not None and re.search(_PASSWORD_IN_URL, url, re.IGNORECASE):
            where = "PGPASSWORD or ~/.pgpass" if field == "db_path" else "OPENAI_API_KEY"
            where = (
                where if not field.startswith("trackers.") else "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            )
            raise ConfigError(f"{field} holds a password, which would be stored with the run; use {where} instead")
    for field, mapping in options.items():
        for name, value in _entries(mapping):
            if value.strip() and (is_secret_name(name) or looks_like_key(value)):
                raise ConfigError(
                    f"{field} holds {name!r}, which would be stored with the run; set the key in the environment instead"
                )


def _entries(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text inside, with the name it has or its holder has; numbers and switches are no secrets."""
    if isinstance(value, Mapping):
        for inner_name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield from _entries(inner, str(inner_name))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list | tuple):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _entries(inner, name)
    elif isinstance(value, str):
        yield name, value
