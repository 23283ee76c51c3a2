"""Keeping secrets out of what is stored: settings, errors, logs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from shinka_core.errors import ConfigError

# A variable or setting of such a name holds a secret.
SECRET_NAME = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH|AUTHORIZATION)(S|_|$)"
    r"|^(AWS|AZURE|GOOGLE|GCP|OPENAI|ANTHROPIC|GEMINI|DEEPSEEK|OPENROUTER|HF|HUGGING|WANDB|PREFECT|PG|DATABASE|DB)_"
    r"|^(PGPASSWORD|DATABASE_URL|DB_URL|NETRC|SSH_AUTH_SOCK)$",
    re.IGNORECASE,
)
_KEY_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_LOOKS_LIKE_KEY = re.compile(r"\b(sk|pk|gsk|xai|key)-[A-Za-z0-9_\-]{8,}|\bAIza[A-Za-z0-9_\-]{20,}|(?<=Bearer )\S{8,}")
# A password inside a URL: `user:password@host`, or named in the query.
_PASSWORD_IN_URL = r"://[^/?#@]*:[^/?#@]+@|://.*[?&](password|passwd|pwd)="
# Shorter values are words like "none" or "local", and appear in any text.
SHORTEST_KEY = 8


# What refuses secrets before settings are sent anywhere: Prefect's server holds the parameters of a flow
# run against their JSON schema before it stores them. Written for the regular expressions of Python and
# of browsers alike, so with no flags inside.
_SECRET_WORDS = ("key", "token", "secret", "password", "passwd", "credential", "auth", "authorization")
_ANY_CASE = "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in _SECRET_WORDS)
_NAME_OF_NO_SECRET = f"[Tt][Oo][Kk][Ee][Nn][Ss]|^(?!.*({_ANY_CASE})([Ss]|[_-]|$))"
URL_WITHOUT_PASSWORD: dict[str, Any] = {"pattern": f"^(?!.*({_PASSWORD_IN_URL}))"}
NAMES_OF_NO_SECRETS: dict[str, Any] = {
    "propertyNames": {"pattern": _NAME_OF_NO_SECRET},
    "additionalProperties": {"propertyNames": {"pattern": _NAME_OF_NO_SECRET}},
}


def redact(text: str) -> str:
    """The text without keys: those of this process's environment, and whatever looks like one.

    Providers quote the key they refuse, and their errors are stored and shown.
    """
    for name, value in os.environ.items():
        if len(value) >= SHORTEST_KEY and _KEY_NAME.search(name):
            text = text.replace(value, "[key]")
    return _LOOKS_LIKE_KEY.sub("[key]", text)


def refuse_stored_secrets(*, urls: Mapping[str, str | None], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Settings are stored with the run, so they must hold no secret.

    Args:
        urls: Settings that are URLs, by name.
        options: Settings that are mappings, by name.

    Raises:
        ConfigError: One of them holds a password or a key.
    """
    for field, url in urls.items():
        if url is not None and re.search(_PASSWORD_IN_URL, url):
            where = "PGPASSWORD or ~/.pgpass" if field == "db_path" else "OPENAI_API_KEY"
            raise ConfigError(f"{field} holds a password, which would be stored with the run; use {where} instead")
    for field, mapping in options.items():
        for name in _names(mapping):
            if SECRET_NAME.search(name.replace("-", "_")) and "TOKENS" not in name.upper():
                raise ConfigError(
                    f"{field} holds {name!r}, which would be stored with the run; set the key in the environment instead"
                )


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
            yield str(name)  # pyright: ignore[reportUnknownArgumentType]
            yield from _names(inner)
