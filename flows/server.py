"""A Prefect server that stays, for runs, deployments, schedules and workers: `python -m flows.server`."""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    # As the other scripts: none of our files under a name of its own, `numbers` before all.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [os.path.dirname(here), *(folder for folder in sys.path if folder != here)]

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from flows.called import called, version
from flows.orchestrator.server.early import WELL_KNOWN_PORT
from flows.orchestrator.server.lease import Place, ServerState
from flows.orchestrator.server.process import ALREADY_SERVED, PORT_TAKEN, SAID, Serving, serve
from flows.orchestrator.server.schema import sqlite_path
from flows.orchestrator.server.settings import environment
from shinka_core.errors import ConfigError, ShinkaError

_DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}

app = App(
    name=called("server"),
    help="Serve Prefect's API and UI until Ctrl-C or SIGTERM, on SQLite or Postgres.",
    version=version,
)


@dataclass(frozen=True)
class Database:
    """Where the server keeps what it knows.

    Attributes:
        url: As Prefect wants it.
        shown: Without a password.
        in_home: It is the one of the Prefect home, which has one server at a time.
    """

    url: str
    shown: str
    in_home: bool


@app.default
def server_command(
    *,
    host: Annotated[str, Parameter(help="Address to listen on; 0.0.0.0 for other machines too.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on; runs on this machine look at 4200.")] = WELL_KNOWN_PORT,
    database: Annotated[
        str | None,
        Parameter(help="SQLite file, or URL such as postgresql://user@host/prefect; PREFECT_HOME's by default."),
    ] = None,
) -> int:
    """Serves until it is told to end.

    Returns:
        The exit code: 0 after Ctrl-C or SIGTERM, 2 when something is in the way.
    """
    if not 0 < port < 65536:
        return _refuse(f"--port {port} is no port; name one from 1 to 65535")
    try:
        socket.getaddrinfo(host, port)
    except (OSError, UnicodeError) as error:
        return _refuse(
            f"--host {host!r} is no address of this machine ({error}); 127.0.0.1, or 0.0.0.0 for other machines too"
        )
    given = dict(os.environ)
    if database is not None:
        given["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database_url(database)
    os.environ |= environment(given, lasting=True)
    try:
        home, used = _settled()
        serving = Serving(home if used.in_home else None, host, port, only_that_port=True, lasting=True)
        code = serve(serving, lambda state: _announce(state, used))
    except ShinkaError as error:
        return _refuse(str(error))
    if code == ALREADY_SERVED:
        return _refuse(_already(Place(home)))
    if code == PORT_TAKEN:
        return _refuse(f"port {port} on {host} is taken by another program; name another: --port {port + 1}")
    return code


def database_url(given: str) -> str:
    """What the user named, as a URL with the driver that Prefect wants.

    Raises:
        ConfigError: It is neither a file nor a URL of SQLite or Postgres.
    """
    scheme, separator, rest = given.partition("://")
    if not separator:
        return f"sqlite+aiosqlite:///{Path(given).expanduser().resolve()}"
    if scheme in _DRIVERS.values():
        return given
    if scheme not in _DRIVERS:
        raise ConfigError(
            f"--database {scheme}://... is no database that Prefect knows; postgresql:// or an SQLite file"
        )
    return f"{_DRIVERS[scheme]}://{rest}"


def _settled() -> tuple[Path, Database]:
    """The home and the database by all of Prefect's settings, which a profile or a file may hold too."""
    from prefect.settings import PREFECT_HOME, get_current_settings
    from sqlalchemy.engine import make_url

    home = Path(PREFECT_HOME.value())
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"PREFECT_HOME={home} cannot be written to ({error.strerror}); name another folder") from None
    secret = get_current_settings().server.database.connection_url
    url = secret.get_secret_value() if secret else ""
    own = sqlite_path(url)
    return home, Database(
        url, make_url(url).render_as_string(hide_password=True), own is not None and own.parent == home
    )


def _announce(state: ServerState, database: Database) -> None:
    root = state.url.removesuffix(state.path)
    usual = state.port == WELL_KNOWN_PORT
    lines = [
        f"Prefect server {state.version} is up at {root} (UI) on {database.shown}",
        f"  for runs, deployments and workers:  export PREFECT_API_URL={state.url}"
        + ("   (runs on this machine find it by themselves)" if usual else ""),
        "  Ctrl-C ends it",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _already(place: Place) -> str:
    state = place.state()
    where = f" at {state.url}" if state else ""
    return (
        f"PREFECT_HOME={place.home} has a server{where} already; one that belongs to runs ends with the last of them, "
        "then try again, or name another database: --database FILE"
    )


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{SAID}{reason}\n")
    return 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line, this process's by default; returns its exit code, 2 for a mistake, which is told in one line."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        command, bound, _ = app.parse_args(given, exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _refuse(f"{' '.join(str(error).split())} See --help.")
    try:
        return command(*bound.args, **bound.kwargs) or 0
    except ShinkaError as error:
        return _refuse(str(error))


if __name__ == "__main__":
    sys.exit(main())
