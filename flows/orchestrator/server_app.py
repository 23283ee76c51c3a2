"""Prefect's server application, with one connection to its SQLite database.

Prefect gives SQLite a pool of connections. Writers on several of them meet `database is locked`,
which the server answers with 503 and the client with seconds of waiting: ten generations at once
took half a minute. SQLite has one writer at any time anyway; with one connection they queue for
microseconds, and a hundred generations at once see no 503. Measured in `docs/orchestration.md`.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from prefect.server.database import configurations
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine as create_plain_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from flows.orchestrator.profile import SHARED_PARENT

# Requests that wait longer for the connection have met a server that hangs.
POOL_TIMEOUT = 120


def _create_engine(url: str, **options: Any) -> AsyncEngine:
    if url.startswith("sqlite"):
        options |= {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT}
    return create_plain_engine(url, **options)


def create() -> FastAPI:
    """The application, for `uvicorn --factory flows.orchestrator.server_app:create`."""
    configurations.create_async_engine = _create_engine  # pyright: ignore[reportPrivateImportUsage]
    from prefect.server.api.server import create_app

    _spare_shared_parents()
    return create_app()


def _spare_shared_parents() -> None:
    """Leaves the placeholder that all generations of an evolution share as it is.

    It would otherwise take on the state of every generation in turn, for a good part of the work
    of a state change.
    """
    from prefect.server.orchestration.global_policy import UpdateSubflowParentTask

    usual = UpdateSubflowParentTask.after_transition

    async def after_transition(self: UpdateSubflowParentTask, context: Any) -> None:
        if SHARED_PARENT not in (context.run.context or {}):
            await usual(self, context)

    UpdateSubflowParentTask.after_transition = after_transition
