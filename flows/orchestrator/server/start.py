"""Starting our own server and waiting for it, without ever holding up the caller's event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from flows.orchestrator.server.lease import Place, ServerState
from flows.orchestrator.server.probe import PrefectServer, Refused, probe
from flows.orchestrator.server.process import ALREADY_SERVED, PORT_TAKEN, SAID
from flows.orchestrator.server.spawn import Spawned, Wanted, spawn
from shinka_core.errors import ConfigError

START_LIMIT = 180.0
TELL_PERIOD = 10.0
LOOK_PERIOD = 0.05
_WORDS = 600

Tell = Callable[[str], None]


async def bring_up(
    wanted: Wanted, tell: Tell, begun: Spawned | None = None, *, limit: float = START_LIMIT
) -> ServerState:
    """Waits for the home's server, which somebody else may be starting; starts it when nobody is.

    Args:
        wanted: What to start. Its home's lease must be held by the caller.
        tell: Receives a line now and then when it takes long.
        begun: The process that is starting already.
        limit: Seconds to wait at most.

    Returns:
        Where it is, up.

    Raises:
        ConfigError: It does not start, with the reason that it gave.
    """
    place, started = wanted.place, time.monotonic()
    told = started
    while True:
        if place.serving():
            if state := await _up(place, wanted.auth):
                return state
        elif begun is None:
            begun = spawn(wanted)
        elif begun.process.poll() is not None:
            if begun.process.returncode != ALREADY_SERVED:
                raise ConfigError(_why(wanted, begun))
            begun = None  # another run was faster, and its server has gone again
        now = time.monotonic()
        if now - started > limit:
            raise ConfigError(
                f"the local Prefect server did not answer within {limit:.0f} s (its log: {place.log}); "
                "start one and set PREFECT_API_URL"
            )
        if now - told > TELL_PERIOD:
            told = now
            tell(f"Prefect server: still starting ({now - started:.0f} s)")
        await asyncio.sleep(LOOK_PERIOD)


async def _up(place: Place, auth: str | None) -> ServerState | None:
    state = place.state()
    if state is None:
        return None
    answer = await probe(state.url, auth, timeout=2)
    if isinstance(answer, Refused):
        raise ConfigError(
            f"the Prefect server of this home ({place.home}) at {state.url} wants a password: set PREFECT_API_AUTH_STRING"
        )
    return state if isinstance(answer, PrefectServer) and place.serving() else None


def _why(wanted: Wanted, begun: Spawned) -> str:
    """Why the server ended at once, in its own last words."""
    code = begun.process.returncode
    if code == PORT_TAKEN:
        return f"port {wanted.port} of the local Prefect server has been taken by another program"
    words = _last_words(wanted.place.log, begun.log_from)
    if words.startswith(SAID):
        return words.removeprefix(SAID)
    return (
        f"the local Prefect server ended at once (exit code {code}): {words or 'without a word'} "
        f"(its log: {wanted.place.log}; another home: PREFECT_HOME=...)"
    )


def _last_words(log: Path, since: int) -> str:
    """The last line in which something says what is wrong, of what was written since."""
    try:
        with log.open("rb") as file:
            file.seek(since)
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = [line.strip() for line in lines if line.strip() and not line.startswith((" ", "\t", "Traceback"))]
    wrong = [line for line in said if "Error" in line or line.startswith(SAID)]
    useful = [line for line in wrong if "Application startup failed" not in line]
    return (useful or wrong or said or [""])[-1][:_WORDS]
