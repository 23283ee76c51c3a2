"""Keeps Prefect's clients from asking a proxy for a server on this machine.

Prefect's HTTP and websocket clients take HTTP_PROXY from the environment, which on a company's network
is set, often without NO_PROXY, and no proxy can reach 127.0.0.1 of another machine. The environment
belongs to the host program, so the clients are told instead, and only for addresses on this machine.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from shinka_core.model_address import is_loopback

logger = logging.getLogger("shinka.server")

_DONE = "shinka_spares_loopback"


def spare_loopback() -> None:
    """Tells Prefect's clients, once per process."""
    from prefect.client import base
    from prefect.events import clients as events

    known = _tell_http(getattr(base, "PrefectHttpxAsyncClient", None))
    known &= _tell_http(getattr(base, "PrefectHttpxSyncClient", None))
    known &= _tell_websockets(events)
    if not known:
        logger.warning("this Prefect's clients are unknown here; behind a proxy set NO_PROXY=127.0.0.1,localhost")


def _tell_http(client: Any) -> bool:
    if client is None:
        return False
    usual: Callable[..., None] = client.__init__
    if getattr(usual, _DONE, False):
        return True

    @wraps(usual)
    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807 - takes the place of one
        if is_loopback(str(options.get("base_url", ""))):
            options.setdefault("trust_env", False)
        usual(self, *args, **options)

    setattr(__init__, _DONE, True)
    client.__init__ = __init__
    return True


def _tell_websockets(module: Any) -> bool:
    from websockets.asyncio.client import connect

    usual: Callable[..., Any] | None = getattr(module, "websocket_connect", None)
    if usual is None:
        return False
    if getattr(usual, _DONE, False) or "proxy" not in inspect.signature(connect).parameters:
        return True  # without the parameter there is no proxy either

    @wraps(usual)
    def websocket_connect(uri: str, **options: Any) -> Any:
        if is_loopback(uri):
            options.setdefault("proxy", None)
        return usual(uri, **options)

    setattr(websocket_connect, _DONE, True)
    module.websocket_connect = websocket_connect
    return True
