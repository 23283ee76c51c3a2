"""The environment of an evaluation: everything but secrets.

Evaluated code is written by a model. It has no business with provider keys, database passwords or the
orchestrator's address, so variables that look like secrets are left out, by their name or by their value.
What an evaluator really needs is named in `LocalJobConfig.env`: `HF_TOKEN: $HF_TOKEN` gives it this process's
variable of that name, so that the key itself is in no settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from shinka_core.errors import ConfigError
from shinka_core.secrets import SHORTEST_KEY, holds_key

# Words that a name is made of. Not every word with KEY in it: MONKEY_PATCH; nor TOKENIZERS_PARALLELISM or AUTH_MODE.
_SECRET_WORDS = re.compile(
    r"(^|_)((API|ACCESS|PRIVATE|SECRET|SSH|GPG|SIGNING|ENCRYPTION|MASTER|LICENSE)?KEYS?|TOKENS?|SECRETS?|PASS|PASSWORDS?"
    r"|PASSWD|PASSPHRASE|CREDENTIALS?|CREDS|AUTHORIZATION|COOKIES?|PAT|DSN|CONNECTION_STRING|WEBHOOK(_URL)?)(_|$)"
    r"|(APIKEY|TOKEN|SECRET|PASSWORD|PASSWD)S?$"
    r"|(^|_)AUTH$",
    re.IGNORECASE,
)
# The orchestrator's, the program database's, and what leads to an agent that has keys.
_OURS = re.compile(
    r"^(PREFECT_.*|PGPASSWORD|PGPASSFILE|(DATABASE|DB)_URL|NETRC|SSH_AUTH_SOCK|GPG_AGENT_INFO)$", re.IGNORECASE
)
_PASSWORD_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]*:[^/?#@\s]+@", re.IGNORECASE)
# Numbers and switches are no secrets whatever their names: MAX_TOKENS=4096.
_PLAIN = re.compile(r"-?\d{0,6}(\.\d{1,6})?|true|false|yes|no|on|off|none", re.IGNORECASE)
_COUNTED = re.compile(r"TOKENS?($|_)|KEYS($|_)", re.IGNORECASE)
_REFERENCE = re.compile(r"\$(\w+)|\$\{(\w+)\}")
# Everybody expects these to be left out, so nothing is said of them.
_EXPECTED = re.compile(r"^PREFECT_|_API_KEY$|^(GITHUB|GH)_TOKEN$", re.IGNORECASE)


def evaluation_environment(environment: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables an evaluation sees.

    Args:
        environment: Of this process.
        extra: Added as they are, also when they look like secrets; `$NAME` stands for a variable of this process.

    Raises:
        ConfigError: A variable that `extra` refers to is not set.
    """
    kept = {name: value for name, value in environment.items() if not is_secret(name, value)}
    return kept | {name: _referred(name, value, environment) for name, value in extra.items()}


def withheld(environment: Mapping[str, str], extra: Mapping[str, str]) -> list[str]:
    """Names of variables that somebody may miss in an evaluation."""
    missing = (name for name, value in environment.items() if is_secret(name, value) and name not in extra)
    return sorted(name for name in missing if not _EXPECTED.search(name))


def is_secret(name: str, value: str) -> bool:
    """Whether a variable looks like one that holds a secret."""
    if _OURS.search(name):
        return True
    if _SECRET_WORDS.search(name):
        return not (_COUNTED.search(name) and _PLAIN.fullmatch(value))
    return bool(_PASSWORD_IN_URL.search(value) or holds_key(value))


def refuse_keys(env: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
    """Settings are stored with the run, and a command line is for everybody on the machine to see.

    Args:
        env: `LocalJobConfig.env`, where `$NAME` stands for a key without holding it.
        arguments: `LocalJobConfig.extra_cmd_args`.

    Raises:
        ConfigError: One of them holds a key, which is not repeated.
    """
    for name, value in env.items():
        if is_secret(name, value) and value and not _REFERENCE.fullmatch(value):
            raise ConfigError(
                f"job.env holds a key or password as {name!r}, which would be stored with the run; set it in the environment "
                f"of this process and write {name}: ${name}"
            )
    for name, value in arguments.items():
        if isinstance(value, str) and value and is_secret(name.replace("-", "_"), value):
            raise ConfigError(
                f"job.extra_cmd_args holds a key or password as {name!r}, which would be stored with the run and shown in "
                f"lists of processes; give it to the evaluator in its environment: job.env {name.upper()}: ${name.upper()}"
            )


def _referred(name: str, value: str, environment: Mapping[str, str]) -> str:
    found = _REFERENCE.fullmatch(value)
    if found is None:
        return value
    of = found[1] or found[2]
    if of not in environment:
        raise ConfigError(
            f"job.env: {name!r} stands for the variable {of}, which is not set; set it, or leave {name} out"
        )
    return environment[of]


class GivenKeys:
    """Keys that an evaluator was given, which it may quote in whatever it writes."""

    def __init__(self, environment: Mapping[str, str], extra: Mapping[str, str]) -> None:
        """Looks for them among `LocalJobConfig.env`."""
        values = {name: _referred(name, value, environment) for name, value in extra.items()}
        self._keys = [value for name, value in values.items() if len(value) >= SHORTEST_KEY and is_secret(name, value)]

    def out_of(self, value: Any) -> Any:
        """The text, or the JSON value with all its texts, without them."""
        if not self._keys:
            return value
        if isinstance(value, str):
            for key in self._keys:
                value = value.replace(key, "[key]")
            return value
        if isinstance(value, dict):
            items: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            return {self.out_of(key): self.out_of(inner) for key, inner in items}
        if isinstance(value, list | tuple):
            return [self.out_of(inner) for inner in value]  # pyright: ignore[reportUnknownVariableType]
        return value
