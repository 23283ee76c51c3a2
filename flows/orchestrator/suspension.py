"""Suspending an evolution: it ends what is in flight and leaves; a resume continues it in a new process.

Prefect ends a suspended flow run by raising `Pause` wherever its code meets a task or a subflow next,
which would tear generations apart. They are shielded from that, and the flow raises it itself when it
has come to rest.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from prefect.context import FlowRunContext

# Of Prefect's context of a flow run; what a flow starts inherits the object there.
REQUEST = "flow_run_suspension_request"


@contextmanager
def unhurried_suspension() -> Generator[None, None, None]:
    """What is started in the block does not see Prefect's request to suspend the flow run."""
    context: Any = FlowRunContext.get()
    request = getattr(context, REQUEST, None)
    if request is None:
        yield
        return
    setattr(context, REQUEST, type(request)())
    try:
        yield
    finally:
        setattr(context, REQUEST, request)
