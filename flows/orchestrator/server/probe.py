"""What answers at an address: a Prefect server, one that wants a password, or something else."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from flows.orchestrator.server.lease import LASTING, MARK_HEADER

PROBE_LIMIT = 5.0
_OK, _UNAUTHORIZED = 200, 401
_VERSION = re.compile(r"\d+(\.\d+)+[\w.+-]*")


@dataclass(frozen=True)
class PrefectServer:
    """A Prefect server that lets us in.

    Attributes:
        version: Of Prefect.
        mark: Whose own server it is (`Place.mark`); empty for one that belongs to nobody in particular.
    """

    version: str
    mark: str = ""


@dataclass(frozen=True)
class Refused:
    """A Prefect server that wants a password that we have not given."""


@dataclass(frozen=True)
class SomethingElse:
    """An answer that no Prefect server gives, or none at all."""

    seen: str


Answer = PrefectServer | Refused | SomethingElse


async def probe(url: str, auth: str | None = None, timeout: float = PROBE_LIMIT) -> Answer:
    """Asks for what only a Prefect server tells, and only to those it lets in.

    `/health` is open on a server with a password, and many a program answers 200 to whatever is asked.

    Args:
        url: Of the API, on this machine: no proxy is used.
        auth: `user:password`, as in PREFECT_API_AUTH_STRING.
        timeout: Seconds for the whole.
    """
    user, _, password = (auth or "").partition(":")
    try:
        async with httpx.AsyncClient(
            timeout=timeout, trust_env=False, auth=(user, password) if auth else None, verify=False
        ) as client:
            response = await client.get(f"{url}/admin/version")
            if response.status_code == _UNAUTHORIZED:
                open_door = await client.get(f"{url}/health")
                prefect = open_door.status_code == _OK and open_door.text.strip() == "true"
                return Refused() if prefect else SomethingElse("a server that wants a password")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return SomethingElse(type(error).__name__)
    if version := version_in(response):
        mark = response.headers.get(MARK_HEADER, "")
        return PrefectServer(version, "" if mark == LASTING else mark)
    return SomethingElse(f"HTTP {response.status_code}")


def version_in(response: httpx.Response) -> str:
    """The version that a Prefect server answers with; empty when this is no such answer."""
    try:
        version = response.json() if response.status_code == _OK else ""
    except ValueError:
        return ""
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else ""
