"""States of a task run that are over within two seconds are not reported.

A task run reaches the Prefect server as one event per state: pending, running, completed. Most
steps of a generation take milliseconds, so the server would record three states that nobody could
have watched, and that recording is most of its work. Here a pending or running state waits for two
seconds; if the task run has moved on by then, the later state is sent alone. It carries the task
run's start, end, duration and run count, so nothing but the list of passed states is shorter. Failures,
retries and final states are sent at once.

Source: the task engine of Prefect 3.8 calls `emit_task_run_state_change_event` for every state; the
recorder on the server makes the task run from whichever event comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.events.schemas.events import Event

from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.private import emit_task_run_state_change_event, report_states_by

PATIENCE = 2.0


class Reporter:
    """Sends the states of task runs, passing ones only if they last.

    Attributes:
        held: Timers of the states that wait, by task run.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        """Waits `patience` seconds before a passing state is sent."""
        self._patience = patience
        self.held: dict[UUID, asyncio.TimerHandle] = {}

    def __call__(
        self,
        task_run: TaskRun,
        initial_state: State[Any] | None,
        validated_state: State[Any],
        follows: Event | None = None,
    ) -> Event | None:
        """Takes the place of Prefect's function; returns the event if it was sent."""
        waiting = self.held.pop(task_run.id, None)
        if waiting is not None:
            waiting.cancel()
        send = partial(_send, task_run, initial_state, validated_state, follows)
        if not (validated_state.is_pending() or validated_state.is_running()):
            return send()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return send()  # a task in a thread
        # The event takes the flow run it belongs to from the context it is sent in.
        timer = loop.call_later(self._patience, self._send_late, task_run.id, send, context=copy_context())
        self.held[task_run.id] = timer
        return None

    def _send_late(self, task_run_id: UUID, send: partial[Event | None]) -> None:
        self.held.pop(task_run_id, None)
        send()


def _send(
    task_run: TaskRun, initial_state: State[Any] | None, state: State[Any], follows: Event | None
) -> Event | None:
    """Sends a state, or leaves it with a flow run that the server does not know yet; returns the event if it was sent."""
    context = FlowRunContext.get()
    run = None if context is None else context.flow_run
    if not isinstance(run, EarlyRun) or run.known:
        return emit_task_run_state_change_event(task_run, initial_state, state, follows)

    def report() -> None:
        task_run.flow_run_id = run.id
        emit_task_run_state_change_event(task_run, initial_state, state, follows)

    # The event takes the flow run it belongs to from the context it is sent in.
    run.when_known(partial(copy_context().run, report))
    return None


@contextmanager
def lasting_states(patience: float = PATIENCE) -> Generator[Reporter, None, None]:
    """Reports the task runs that are run inside the block, and in tasks made there, this way."""
    reporter = Reporter(patience)
    undo = report_states_by(reporter)
    try:
        yield reporter
    finally:
        undo()
        for timer in reporter.held.values():
            timer.cancel()
