"""A run whose figures can be read while it goes on."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from flows.metrics.loop_lag import LoopLag
from flows.orchestrator.private import owns_process
from shinka_core.errors import ConfigError
from shinka_core.run import Run

logger = logging.getLogger("shinka.metrics")


@asynccontextmanager
async def measured(run: Run) -> AsyncGenerator[None, None]:
    """Serves the run's figures inside the block, if its settings say where.

    Of several deployed runs on one machine the first has the port: the others say so and go on without.

    Raises:
        ConfigError: The port cannot be had, and somebody started this process who can name another.
    """
    host, port = run.settings.evolve.metrics_host, run.settings.evolve.metrics_port
    if port is None:
        yield
        return
    # Imported here: runs without metrics need not load the library.
    from flows.metrics.collector import Measured
    from flows.metrics.endpoint import join, leave

    try:
        endpoint = join(host, port)
    except ConfigError as error:
        if not owns_process():
            raise
        logger.warning("%s; the run goes on without metrics", error)
        yield
        return
    async with LoopLag() as lag:
        one = Measured(run, lag)
        endpoint.runs.add(one)
        logger.info("metrics of %s at %s", run.evolution, endpoint.url)
        try:
            yield
        finally:
            endpoint.runs.remove(one)
            leave(endpoint)
