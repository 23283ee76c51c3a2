"""A Prefect server to talk to: the configured one, one that already runs here, or our own.

Prefect would start a temporary server by itself, but with a limit of 20 seconds that a loaded
machine does not meet, without its UI, and left running when the process that wanted it is killed.
Ours lives as long as anyone uses it: see `lease.py`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

from flows.orchestrator.loading import imported
from flows.orchestrator.server.configured import expect_prefect
from flows.orchestrator.server.early import begin_early, drop_early, take_early
from flows.orchestrator.server.farewell import see_it_end, send_what_waits
from flows.orchestrator.server.home import check_home
from flows.orchestrator.server.keeper import Lost, keep_up
from flows.orchestrator.server.lease import LockedFile, Place, ServerState
from flows.orchestrator.server.loopback import spare_loopback
from flows.orchestrator.server.probe import PrefectServer, Refused, SomethingElse, probe
from flows.orchestrator.server.process import api_path
from flows.orchestrator.server.start import Tell, Wanted, bring_up
from shinka_core.errors import ConfigError
from shinka_core.own_packages import own_name

LEASE_LIMIT = 30.0
LEASE_PERIOD = 0.05
CLIENTS = ("prefect.client.orchestration", "prefect.events.clients")
# What a run needs next, a second or two that would otherwise follow the server's own.
NEEDED_NEXT = (own_name("flows.evolve"), "shinka_core.llm.endpoint_provider")

logger = logging.getLogger("shinka.server")
_users = 0


@asynccontextmanager
async def prefect_server(tell: Tell, on_lost: Lost | None = None) -> AsyncGenerator[str, None]:
    """Finds or starts a Prefect server and points what runs inside the block at it.

    Nothing of the host program is changed: settings hold for the block's own context, and the event
    loop is never held up. A cancellation ends the block at once, also while a server starts.

    Args:
        tell: Receives one line about what is happening.
        on_lost: Receives the reason when our own server is gone and cannot be started again.

    Yields:
        The URL of the API. A server of our own ends when nobody uses it any more.

    Raises:
        ConfigError: The configured server does not answer as one, or ours does not start.
    """
    check_home()
    begin_early()
    await imported("prefect.settings")
    from prefect.settings import PREFECT_API_URL

    configured = PREFECT_API_URL.value()
    if configured:
        drop_early()
        await imported(*CLIENTS)
        spare_loopback()
        server = await expect_prefect(configured)
        tell(f"Prefect server: {configured} (configured{_differs(server)})")
        await imported(*NEEDED_NEXT)
        yield configured
        return
    loading = asyncio.ensure_future(imported(*CLIENTS, *NEEDED_NEXT))
    try:
        running = await _running_here(tell)
        if running:
            drop_early()
        async with _pointed_at(running) if running else _own_server(tell, on_lost or logger.error) as url:
            await loading
            spare_loopback()
            yield url
    finally:
        loading.cancel()


@asynccontextmanager
async def _pointed_at(url: str) -> AsyncGenerator[str, None]:
    """Points what runs inside at a server, with the password that is set on either side."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    password = _password()
    with temporary_settings(
        {PREFECT_API_URL: url} | ({PREFECT_API_AUTH_STRING: password} if password else {}),
    ):
        yield url


@asynccontextmanager
async def _own_server(tell: Tell, on_lost: Lost) -> AsyncGenerator[str, None]:
    """The server of this Prefect home, started when there is none."""
    wanted = _wanted()
    lease = await _take_lease(wanted.place)
    state: ServerState | None = None
    try:
        state = await _begin(wanted, tell)
        keeper = asyncio.create_task(keep_up(wanted, state, tell, on_lost))
        try:
            async with _pointed_at(state.url), _one_user_more():
                yield state.url
        finally:
            keeper.cancel()
    finally:
        lease.close()
        if state is not None and not state.lasting:
            await see_it_end(wanted.place)


def _wanted() -> Wanted:
    from prefect.settings import PREFECT_HOME, get_current_settings

    settings: Any = get_current_settings()
    place = Place(Path(PREFECT_HOME.value()))
    try:
        place.home.mkdir(parents=True, exist_ok=True)
        LockedFile(place.lease_file).close()
    except OSError as error:
        raise ConfigError(
            f"PREFECT_HOME={place.home} cannot be written to ({error.strerror}); name a folder that can be: PREFECT_HOME=..."
        ) from None
    return Wanted(
        place=place,
        settings=os.environ | settings.to_environment_variables(exclude_unset=True),
        port=settings.server.api.port,
        auth=_password(),
    )


def _password() -> str | None:
    """What a server on this machine is told by its clients: the clients' setting, or else the server's own."""
    from prefect.settings import get_current_settings

    settings: Any = get_current_settings()
    given = settings.api.auth_string or settings.server.api.auth_string
    return given.get_secret_value() if given else None


async def _take_lease(place: Place) -> LockedFile:
    """One user more. Waits for the end of a server that goes."""
    lease, until = LockedFile(place.lease_file), monotonic() + LEASE_LIMIT
    try:
        while not lease.share():
            if monotonic() > until:
                raise ConfigError(
                    f"an earlier Prefect server of {place.home} does not come to its end (process "
                    f"{getattr(place.state(), 'pid', 'unknown')}); end it, or use another home: PREFECT_HOME=..."
                )
            await asyncio.sleep(LEASE_PERIOD)
    except BaseException:
        lease.close()
        raise
    return lease


async def _begin(wanted: Wanted, tell: Tell) -> ServerState:
    started = monotonic()
    begun = take_early(wanted.place)
    joined = begun is None and wanted.place.serving()
    if not joined:
        tell("Prefect server: starting one on this machine (5 to 20 seconds; PREFECT_API_URL names another)")
    state = await bring_up(wanted, tell, begun)
    if joined:
        shared = "" if state.lasting else ", shared with another run"
        tell(f"Prefect server: {state.url} (already running here{shared}{_differs(PrefectServer(state.version))})")
    else:
        tell(f"Prefect server: ready after {monotonic() - started:.1f} s, UI at http://{state.host}:{state.port}")
    return state


async def _running_here(tell: Tell) -> str | None:
    """A server that somebody else has at the usual port and that is to be used; None when there is none."""
    from prefect.settings import PREFECT_HOME, get_current_settings

    settings: Any = get_current_settings()
    url = f"http://127.0.0.1:{settings.server.api.port}{api_path(settings.server.api.base_path)}"
    answer = await probe(url, _password())
    match answer:
        case SomethingElse():
            return None
        case Refused():
            tell(f"Prefect server: the one at {url} wants a password (PREFECT_API_AUTH_STRING=user:password to use it)")
            return None
        case PrefectServer(mark=mark) if mark:  # a run's own server: it is joined by its lease, or not at all
            if mark != Place(Path(PREFECT_HOME.value())).mark:
                tell(f"Prefect server: the one at {url} belongs to a run with another PREFECT_HOME")
            return None
        case PrefectServer(version=theirs):
            if theirs.split(".")[0] != version("prefect").split(".")[0]:
                tell(f"Prefect server: the one at {url} is not for this Prefect{_differs(answer)}")
                return None
            tell(f"Prefect server: {url} (already running here{_differs(answer)})")
            return url


def _differs(server: PrefectServer) -> str:
    ours = version("prefect")
    return "" if server.version in {"", ours} else f"; it is Prefect {server.version}, this is {ours}"


@asynccontextmanager
async def _one_user_more() -> AsyncGenerator[None, None]:
    """Sends what waits at the end, unless another run of this process goes on and sends it by and by."""
    global _users
    _users += 1
    try:
        yield
    finally:
        _users -= 1
        if _users == 0:
            await send_what_waits()
