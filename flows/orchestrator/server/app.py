"""Prefect's server application, with one connection to its SQLite database.

Prefect gives SQLite a pool of connections. Writers on several of them meet `database is locked`,
which the server answers with 503 and the client with seconds of waiting: ten generations at once
took half a minute. SQLite has one writer at any time anyway; with one connection they queue for
microseconds, and a hundred generations at once see no 503. Measured in `docs/orchestration.md`.

What this leans on inside Prefect is looked at by name and signature first. What is not as known is left
as it is, with a line in the server's log: the server then is Prefect's own, slower and as correct.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.ext.asyncio import create_async_engine as create_plain_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from flows.orchestrator.profile import SHARED_PARENT
from flows.orchestrator.server.labelled import Labelled, take

# Requests that wait longer for the connection have met a server that hangs.
POOL_TIMEOUT = 120


def create() -> FastAPI:
    """The application, for uvicorn's `factory`."""
    prepare()
    from prefect.server.api.server import create_app

    app = create_app()
    app.add_middleware(Labelled)
    return app


def prepare() -> None:
    """Changes what the server of this process will be made from."""
    import_module("prefect.server.api.server")  # first: its parts can be imported in this order only
    _each_on_its_own(_give_sqlite_one_connection, _spare_shared_parents)


def _each_on_its_own(*changes: Callable[[], str]) -> None:
    for change in changes:
        if missing := change():
            sys.stderr.write(f"this Prefect is unknown here: {missing} is not as it was; its own way is taken\n")


def _give_sqlite_one_connection() -> str:
    from prefect.server.database import configurations

    module: Any = configurations
    if getattr(module, "create_async_engine", None) is not create_plain_engine:
        return "prefect.server.database.configurations.create_async_engine"
    module.create_async_engine = _create_engine
    return ""


def _create_engine(url: Any, **options: Any) -> AsyncEngine:
    if str(url).startswith("sqlite"):
        options |= {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT}
    return create_plain_engine(url, **options)


def _spare_shared_parents() -> str:
    """Leaves the placeholder that all generations of an evolution share as it is.

    It would otherwise take on the state of every generation in turn, for a good part of the work
    of a state change. In its place the generation takes the name and tags that came with its state.
    """
    from prefect.server.orchestration import global_policy

    rule: Any = getattr(global_policy, "UpdateSubflowParentTask", None)
    usual: Any = getattr(rule, "after_transition", None)
    if usual is None or list(inspect.signature(usual).parameters) != ["self", "context"]:
        return "prefect.server.orchestration.global_policy.UpdateSubflowParentTask.after_transition"

    async def after_transition(self: Any, context: Any) -> None:
        if SHARED_PARENT not in (getattr(context.run, "context", None) or {}):
            await usual(self, context)
        elif not self.nullified_transition():
            take(context.run)

    rule.after_transition = after_transition
    return ""
