"""Periodic steps, each as a flow run of its own beside the generations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.open_runs import open_run_of
from flows.orchestrator.lean_subflow import run_lean, run_plain
from flows.orchestrator.parent_run import ParentRun, parent_run
from flows.orchestrator.private import lean_subflows_work
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls, reason_of
from shinka_core.errors import DatabaseError, OrchestratorError
from shinka_core.periodic import Named
from shinka_core.record import Event, Recorded
from shinka_core.run import Run

logger = logging.getLogger("shinka.meta")

RUN_NAME = "{name} {recorded}"
# Seconds for the periodic steps that are under way when all generations are done.
LAST_STEPS = 300.0


@flow(name="meta", flow_run_name=RUN_NAME, validate_parameters=False, persist_result=False)
async def meta(evolution: str, name: str, recorded: int) -> State[None]:
    """Does one periodic step of the evolution that this process has open.

    Args:
        evolution: Name of the run.
        name: Of the step.
        recorded: How many programs were recorded when it became due.

    Returns:
        Completed, or Failed with the error; nothing else depends on it.
    """
    run = open_run_of(evolution)
    step = next(named.step for named in run.periodics if named.name == name)
    try:
        await step.run(run)
    except Exception as error:
        logger.exception("the periodic step %s failed at %d programs; the run goes on", name, recorded)
        return Failed(message=f"{type(error).__name__}: {error}"[:1000])
    return Completed(message=f"at {recorded} programs")


class _Due:
    """Begins what is due whenever a program is recorded; one of each kind at a time."""

    def __init__(self, run: Run, parent: ParentRun | None, calls: ServerCalls) -> None:
        self._run, self._parent, self._calls = run, parent, calls
        self._turns = {named.name: asyncio.Lock() for named in run.periodics}
        self._under_way: set[asyncio.Task[None]] = set()

    def apply(self, event: Event) -> None:
        """Is told what is recorded."""
        if isinstance(event, Recorded):
            self.begin(event.sequence, self._run.periodics)

    def begin(self, recorded: int, periodics: tuple[Named, ...]) -> None:
        """Begins those that are due at that number."""
        for named in periodics:
            if self._is_due(named, recorded):
                task = asyncio.create_task(self._do(named, recorded))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)

    def watch(self) -> None:
        """Has itself told from now on; what was due last and was not begun by the process of before begins first."""
        self._run.database.folds.add(self)
        for named in self._run.periodics:
            for recorded in range(len(self._run.database), 0, -1):
                if self._is_due(named, recorded):
                    self.begin(recorded, (named,))
                    break

    def _is_due(self, named: Named, recorded: int) -> bool:
        try:
            return bool(named.step.due(recorded))
        except Exception:
            logger.exception("the periodic step %s cannot say whether it is due at %d programs", named.name, recorded)
            return False

    async def ended(self) -> None:
        """Waits for all of them, but not for ever."""
        if not self._under_way:
            return
        _, left = await asyncio.wait(self._under_way, timeout=LAST_STEPS)
        if left:
            logger.warning(
                "%d periodic steps do not end and are broken off, %.0f s after the generations", len(left), LAST_STEPS
            )

    def cancel(self) -> None:
        """Breaks them off."""
        for task in self._under_way:
            task.cancel()

    async def _do(self, named: Named, recorded: int) -> None:
        async with self._turns[named.name]:
            try:
                if not await self._run.database.journal.begin_periodic(named.name, recorded):
                    return
            except DatabaseError as error:
                logger.warning("the periodic step %s is left out at %d programs: %s", named.name, recorded, error)
                return
            parameters = {"evolution": self._run.evolution, "name": named.name, "recorded": recorded}
            try:
                if self._parent is None:
                    await run_plain(meta, parameters)
                else:
                    name = RUN_NAME.format(name=named.name, recorded=recorded)
                    await run_lean(meta, self._parent, self._calls, name, parameters)
            except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
                logger.warning(
                    "the periodic step %s at %d programs was cut off: %s", named.name, recorded, reason_of(error)
                )


@asynccontextmanager
async def periodic_steps(run: Run, calls: ServerCalls) -> AsyncGenerator[None, None]:
    """Does the run's periodic steps inside the block; those that were begun are waited for at its end."""
    if not run.periodics:
        yield
        return
    if not lean_subflows_work():
        async with _doing(_Due(run, None, calls)):
            yield
        return
    async with parent_run(meta, calls, "periodic steps") as parent, _doing(_Due(run, parent, calls)):
        yield


@asynccontextmanager
async def _doing(due: _Due) -> AsyncGenerator[None, None]:
    due.watch()
    try:
        yield
        await due.ended()
    finally:
        due.cancel()
