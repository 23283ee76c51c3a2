"""A server that is configured: whether it answers as a Prefect server should, before anything is spent."""

from __future__ import annotations

from importlib.metadata import version

import httpx

from flows.orchestrator.server.probe import PrefectServer, version_in
from shinka_core.errors import ConfigError
from shinka_core.model_address import is_loopback

ANSWER_LIMIT = 10.0
_UNAUTHORIZED, _FORBIDDEN = 401, 403


async def expect_prefect(url: str) -> PrefectServer:
    """Asks the configured server for its version, with Prefect's own client and all its settings.

    Returns:
        The server; without a version when it is Prefect Cloud, which tells none.

    Raises:
        ConfigError: It does not answer, wants a password, or is no Prefect server that this Prefect can use.
    """
    from prefect.client.base import ServerType
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError
    from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    try:
        with temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0, PREFECT_API_REQUEST_TIMEOUT: ANSWER_LIMIT}):
            async with get_client() as client:
                if client.server_type is ServerType.CLOUD:
                    await client.read_flows(limit=1)
                    return PrefectServer("")
                response = await client.request("GET", "/admin/version")
    except PrefectHTTPStatusError as error:
        raise ConfigError(_refusal(url, error.response.status_code)) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, RuntimeError, ValueError) as error:
        raise ConfigError(
            f"PREFECT_API_URL={url} does not answer ({_reason(error)}); {_start_it(url)}, or unset it (it may also "
            "stand in a Prefect profile: `prefect config unset PREFECT_API_URL`)"
        ) from None
    found = version_in(response)
    if not found:
        raise ConfigError(_no_prefect(url, f"HTTP {response.status_code}"))
    if found.split(".")[0] != version("prefect").split(".")[0]:
        raise ConfigError(
            f"PREFECT_API_URL={url} is Prefect {found}, this is {version('prefect')}: use a server of the same generation"
        )
    return PrefectServer(found)


def _refusal(url: str, status: int) -> str:
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return (
            f"PREFECT_API_URL={url} wants a password (HTTP {status}): set PREFECT_API_AUTH_STRING=user:password, "
            "or PREFECT_API_KEY for Prefect Cloud"
        )
    return _no_prefect(url, f"HTTP {status}")


def _no_prefect(url: str, seen: str) -> str:
    hint = "" if url.rstrip("/").endswith("/api") else "; the address of an API ends in /api as a rule"
    return f"PREFECT_API_URL={url} answers, but not as a Prefect server ({seen}){hint}"


def _start_it(url: str) -> str:
    return "start it with `python -m flows.server`" if is_loopback(url) else "start it, or mend the address"


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
