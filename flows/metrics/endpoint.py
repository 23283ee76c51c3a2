"""Where Prometheus reads: one HTTP endpoint for each address, shared by the runs of this process."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server

from flows.metrics.collector import RunsCollector
from shinka_core.errors import ConfigError

# Runs of one process may be on event loops of several threads.
_lock = threading.Lock()
_open: dict[tuple[str, int], Endpoint] = {}


@dataclass(eq=False)
class Endpoint:
    """A server in a thread of its own, which answers also while an event loop is busy.

    Attributes:
        key: What was asked for.
        runs: Whose figures are read here.
        members: Runs that want it.
    """

    key: tuple[str, int]
    server: WSGIServer
    runs: RunsCollector
    members: int = field(default=0)

    @property
    def url(self) -> str:
        """For people and Prometheus."""
        host = f"[{self.key[0]}]" if ":" in self.key[0] else self.key[0]
        return f"http://{host}:{self.server.server_port}/metrics"


def join(host: str, port: int) -> Endpoint:
    """The endpoint of that address, for one run more.

    Raises:
        ConfigError: The address cannot be had.
    """
    with _lock:
        endpoint = _open.get((host, port))
        if endpoint is None:
            endpoint = _open[host, port] = _serve(host, port)
        endpoint.members += 1
        return endpoint


def leave(endpoint: Endpoint) -> None:
    """A run needs it no more; the last one closes it."""
    with _lock:
        endpoint.members -= 1
        if endpoint.members:
            return
        del _open[endpoint.key]
    endpoint.server.shutdown()
    endpoint.server.server_close()


def check_free(host: str, port: int) -> None:
    """Finds out before anything has begun whether the address can be had, or is this process's already.

    Raises:
        ConfigError: It cannot.
    """
    leave(join(host, port))


def _serve(host: str, port: int) -> Endpoint:
    registry, runs = CollectorRegistry(), RunsCollector()
    registry.register(runs)
    ProcessCollector(registry=registry)  # memory and processor time of this process, under their usual names
    try:
        server, _ = start_http_server(port, host, registry)
    except OSError as error:
        raise ConfigError(
            f"metrics_port={port} (--metrics) cannot be had at {host} ({error.strerror or error}); name another"
        ) from error
    return Endpoint((host, port), server, runs)
