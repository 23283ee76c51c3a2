"""The command line of the live page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import uvicorn
from cyclopts import App, Parameter
from rich.console import Console

from flows.called import called, version
from flows.live.app import app_of
from flows.live.watched import watched
from flows.terminal.command import lead
from flows.terminal.places import read_places
from shinka_core.errors import ConfigError
from shinka_core.report.build import Place

HOME = "127.0.0.1"
USUAL_PORT = 8265

app = App(name=called("watch"), help="Serve a live page of evolutions on this machine until Ctrl-C.", help_flags=["--help", "-h"], version=version)  # fmt: skip


@app.default
def watch_command(
    results: Annotated[
        list[str],
        Parameter(help="Results folders, or databases with `:name` after them; several stand side by side."),
    ],
    /,
    *,
    port: Annotated[int, Parameter(help="Port at 127.0.0.1; 0 for any that is free.")] = USUAL_PORT,
) -> int:
    """Serves the page.

    Returns:
        The exit code: 0 after Ctrl-C or SIGTERM, 2 for a mistake in the command.
    """
    if not 0 <= port < 65536:
        raise ConfigError(f"--port {port} is no port; name one from 1 to 65535, or 0 for any that is free")
    with _listening(port) as listener, suppress(KeyboardInterrupt):
        asyncio.run(_serve(read_places(results), listener))
    return 0


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOME, port))
    except OSError as error:
        listener.close()
        raise ConfigError(f"--port {port} cannot be had ({error.strerror}); name another, or 0 for any") from error
    return listener


async def _serve(places: Sequence[Place], listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    async with watched(places) as watching:
        config = uvicorn.Config(
            app_of(watching, port), log_level="warning", access_log=False, lifespan="off", server_header=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        Console(highlight=False, soft_wrap=True).print(f"http://{HOME}:{port}/ shows it; Ctrl-C ends it")
        await server.serve(sockets=[listener])


def main() -> None:
    """Runs the command line; to be told to end is its usual end."""
    lead(app)
