"""Periodic steps, each as a flow run of its own beside the generations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.open_runs import open_run_of
from flows.orchestrator.lean_subflow import run_lean, run_plain
from flows.orchestrator.parent_run import ParentRun, parent_run
from flows.orchestrator.private import lean_subflows_work
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls, reason_of
from flows.together import turn_for_periodic_steps
from shinka_core.errors import DatabaseError, OrchestratorError, RunStoppedError, ShinkaError
from shinka_core.periodic import Named, Resumable
from shinka_core.record import Event, Recorded
from shinka_core.run import Run

logger = logging.getLogger("shinka.meta")

RUN_NAME = "{name} {recorded}"
# Seconds for the periodic steps that are under way when all generations are done.
LAST_STEPS = 300.0
# Seconds for an answer that has just come to a step which is broken off.
LAST_WORDS = 10.0


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
    problem = ""
    try:
        if not isinstance(step, Resumable):
            await step.run(run)
        else:
            await _while_it_matters(run, step, recorded)
    except RunStoppedError as error:
        return Cancelled(message=str(error)[:1000])  # whoever goes on with the run takes it up
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"[:1000]
        if isinstance(step, Resumable) and isinstance(error, ShinkaError):
            logger.info("the periodic step %s came to nothing at %d programs: %s", name, recorded, error)
        else:
            logger.exception("the periodic step %s failed at %d programs; the run goes on", name, recorded)
    if isinstance(step, Resumable):
        try:
            await run.database.journal.end_periodic(name, recorded, problem)
        except DatabaseError as error:
            problem = problem or f"its end was not kept: {error}"[:1000]
    return Failed(message=problem) if problem else Completed(message=f"at {recorded} programs")


async def _while_it_matters(run: Run, step: Resumable, recorded: int) -> None:
    """Does it; once nobody waits for it any more, what is answered by then is written, and nothing new is asked.

    Raises:
        RunStoppedError: Something of it is left, for whoever goes on with the run.
    """
    working, over = asyncio.create_task(step.run_at(run, recorded)), asyncio.create_task(run.over.wait())
    try:
        await asyncio.wait([working, over], return_when=asyncio.FIRST_COMPLETED)
    finally:
        over.cancel()
        working.cancel()
        await asyncio.wait([working])
    if not working.cancelled():
        return working.result()
    return await step.run_at(run, recorded)  # its last answer may have come while it was broken off


class _Due:
    """Begins what is due whenever a program is recorded; one of each kind at a time."""

    def __init__(self, run: Run, parent: ParentRun | None, calls: ServerCalls) -> None:
        self.run, self._parent, self._calls = run, parent, calls
        self._turns = {named.name: asyncio.Lock() for named in run.periodics}
        self._under_way: dict[asyncio.Task[None], Named] = {}

    def apply(self, event: Event) -> None:
        """Is told what is recorded."""
        if isinstance(event, Recorded):
            self.begin(event.sequence, self.run.periodics)

    def begin(self, recorded: int, periodics: tuple[Named, ...]) -> None:
        """Begins those that are due at that number."""
        for named in periodics:
            if self._is_due(named, recorded):
                self._start(named, recorded)

    async def watch(self) -> None:
        """Has itself told from now on, and makes up for what the process of before left.

        What it had begun and is taken up goes on; of the others, what was due last and was not begun begins.
        """
        left = {named.name: await self._left(named) for named in self.run.periodics}
        self.run.database.folds.add(self)
        for named in self.run.periodics:
            if left[named.name]:
                self._start(named, left[named.name][-1])
                continue
            for recorded in range(len(self.run.database), 0, -1):
                if self._is_due(named, recorded):
                    self._start(named, recorded)
                    break

    async def _left(self, named: Named) -> list[int]:
        """The numbers at which a step that is taken up was begun and has not ended."""
        if not isinstance(named.step, Resumable):
            return []
        return [begun.recorded for begun in await self.run.database.journal.beginnings(named.name) if not begun.ended]

    def _start(self, named: Named, recorded: int) -> None:
        resumable = isinstance(named.step, Resumable)
        if resumable and any(named.name == other.name for other in self._under_way.values()):
            return  # it is due again when that has ended, if it still is
        task = asyncio.create_task(self._do(named, recorded, again=resumable))
        self._under_way[task] = named
        task.add_done_callback(self._under_way.pop)

    def _is_due(self, named: Named, recorded: int) -> bool:
        try:
            return bool(named.step.due(recorded))
        except Exception:
            logger.exception("the periodic step %s cannot say whether it is due at %d programs", named.name, recorded)
            return False

    async def ended(self) -> None:
        """Waits for all of them, but not for ever; those that another process takes up are broken off."""
        self.run.over.set()
        broken_off = [task for task, named in self._under_way.items() if isinstance(named.step, Resumable)]
        waited_for = [task for task in self._under_way if task not in broken_off]
        if broken_off:
            await asyncio.wait(broken_off, timeout=LAST_WORDS)
        if not waited_for:
            return
        _, left = await asyncio.wait(waited_for, timeout=LAST_STEPS)
        if left:
            logger.warning(
                "%d periodic steps do not end and are broken off, %.0f s after the generations", len(left), LAST_STEPS
            )

    def cancel(self) -> None:
        """Breaks them off."""
        for task in self._under_way:
            task.cancel()

    async def _do(self, named: Named, recorded: int, *, again: bool) -> None:
        async with self._turns[named.name]:
            try:
                if not await self.run.database.journal.begin_periodic(named.name, recorded, again=again):
                    return
            except DatabaseError as error:
                logger.warning("the periodic step %s is left out at %d programs: %s", named.name, recorded, error)
                return
            parameters = {"evolution": self.run.evolution, "name": named.name, "recorded": recorded}
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
    try:
        async with turn_for_periodic_steps(due.run, due.watch):
            yield
            await due.ended()
    finally:
        due.cancel()
