"""The names inside Prefect that this project leans on, each checked before it is used.

Prefect does not promise these names. What is made of them is a saving, never a necessity: when one
is missing or takes other arguments, the run says so once and goes the ordinary way, generations as
plain subflows and every state reported. Known to be there in 3.8 and 3.9.
"""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from functools import cache, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from prefect.client.schemas.objects import FlowRun, State

R = TypeVar("R")
P = ParamSpec("P")

if TYPE_CHECKING:
    from prefect.flow_engine import AsyncFlowRunEngine
    from prefect.utilities.engine import emit_task_run_state_change_event
else:
    # Whatever of it is gone, this module can be imported: what needs it is left out by the checks below.
    try:
        from prefect.flow_engine import AsyncFlowRunEngine
    except ImportError:

        class AsyncFlowRunEngine(Generic[P, R]):
            """In the place of Prefect's, for classes that are never used."""

    try:
        from prefect.utilities.engine import emit_task_run_state_change_event
    except ImportError:
        emit_task_run_state_change_event = None

__all__ = [
    "PLAIN_SUBFLOWS",
    "AsyncFlowRunEngine",
    "emit_task_run_state_change_event",
    "keep_state",
    "lasting_states_work",
    "lean_subflows_work",
    "owns_process",
    "report_states_by",
    "run_engine",
    "without_prefects_signals",
]

logger = logging.getLogger("shinka.orchestrator")

# Set to anything, generations run as ordinary subflows.
PLAIN_SUBFLOWS = "SHINKA_PLAIN_SUBFLOWS"

ENGINE = "prefect.flow_engine:AsyncFlowRunEngine"
LEAN_SUBFLOW = {
    f"{ENGINE}.create_flow_run": ("self", "client"),
    f"{ENGINE}.begin_run": ("self",),
    f"{ENGINE}.set_state": ("self", "state", "force"),
    f"{ENGINE}.setup_run_context": ("self", "client"),
    f"{ENGINE}.start": ("self",),
    f"{ENGINE}.run_context": ("self",),
    f"{ENGINE}.call_flow_fn": ("self",),
    f"{ENGINE}.is_running": ("self",),
    f"{ENGINE}.heartbeat_seconds": None,
    f"{ENGINE}._flow_run_name_set": None,
}
LASTING_STATES = {
    "prefect.task_engine:emit_task_run_state_change_event": (
        "task_run",
        "initial_state",
        "validated_state",
        "follows",
    ),
}
SIGNALS = {"prefect.flow_engine:capture_sigterm": ()}


def differences(expected: dict[str, tuple[str, ...] | None]) -> list[str]:
    """What the installed Prefect has otherwise: names that are missing or take other arguments."""
    found: list[str] = []
    for name, arguments in expected.items():
        module, _, path = name.partition(":")
        try:
            thing: Any = import_module(module)
            for part in path.split("."):
                thing = _member(thing, part)
        except (ImportError, AttributeError):
            found.append(f"{name} is missing")
            continue
        if arguments is not None and tuple(inspect.signature(thing).parameters) != arguments:
            found.append(f"{name}{inspect.signature(thing)} takes other arguments")
    return found


def _member(owner: Any, name: str) -> Any:
    """An attribute, or the field of a dataclass, which may have no value on the class."""
    fields = getattr(owner, "__dataclass_fields__", {})
    return fields[name] if name in fields else getattr(owner, name)


@cache
def _supported(what: str, names: tuple[tuple[str, tuple[str, ...] | None], ...]) -> bool:
    found = differences(dict(names))
    if found:
        logger.warning("%s; this Prefect differs from those known: %s", what, "; ".join(found))
    return not found


def lean_subflows_work() -> bool:
    """Whether a generation's flow run can be made with two requests; asked and said once."""
    if os.environ.get(PLAIN_SUBFLOWS):
        return False
    return _supported("generations run as plain subflows, which is slower", tuple(LEAN_SUBFLOW.items()))


def lasting_states_work() -> bool:
    """Whether passing states of task runs can be left out; asked and said once."""
    return _supported("every state of every task run is reported, which is slower", tuple(LASTING_STATES.items()))


async def run_engine(engine: AsyncFlowRunEngine[Any, Any]) -> State[Any]:
    """Runs an engine's flow to its end, as Prefect does for a flow that is called; returns the final state."""
    async with engine.start():
        while engine.is_running():
            async with engine.run_context():
                await engine.call_flow_fn()
    return engine.state


def keep_state(run: FlowRun | None, state: State[Any]) -> FlowRun:
    """Gives a flow run a state on this side alone: what the engine does once the server has taken it."""
    assert run is not None
    run.state, run.state_name, run.state_type = state, state.name, state.type
    return run


Report = Callable[..., Any]
_report: ContextVar[Report] = ContextVar("shinka_report", default=emit_task_run_state_change_event)
_own_signals: ContextVar[bool] = ContextVar("shinka_own_signals", default=False)


def report_states_by(report: Report) -> Callable[[], None]:
    """Lets `report` take the place of Prefect's reporting of task run states in this context alone.

    Returns:
        A function that undoes it.
    """
    _install()
    token = _report.set(report)
    return lambda: _report.reset(token)


def without_prefects_signals() -> Callable[[], None]:
    """Keeps Prefect from handling SIGTERM in this context, where somebody else does.

    Each generation's engine would put Prefect's handler in the place of ours, and generations that
    overlap would restore each other's.

    Returns:
        A function that undoes it.
    """
    _install()
    token = _own_signals.set(True)
    return lambda: _own_signals.reset(token)


@cache
def _install() -> None:
    """Puts switches into Prefect's engines, once per process; outside of our contexts they change nothing."""
    if lasting_states_work():

        @wraps(emit_task_run_state_change_event)  # it takes what is expected of it, whoever looks again
        def report(*arguments: Any, **options: Any) -> Any:
            return _report.get()(*arguments, **options)

        import_module("prefect.task_engine").__dict__["emit_task_run_state_change_event"] = report
    if not differences(dict(SIGNALS)):
        engine: Any = import_module("prefect.flow_engine")
        usual = engine.capture_sigterm
        engine.capture_sigterm = lambda: nullcontext() if _own_signals.get() else usual()


def owns_process() -> bool:
    """Whether Prefect started this process for one flow run, as workers and `serve` do."""
    return bool(os.environ.get("PREFECT__FLOW_RUN_ID"))
