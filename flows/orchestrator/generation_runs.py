"""One flow run after another for a generation, until the generation has ended.

A generation is durable without the orchestrator: repeating its flow run repeats no step that was
done. Only the run's own record of how the generation ended counts, never the state of a flow run,
which says as much about the server as about the generation.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from flows.generation import RUN_NAME, generation
from flows.orchestrator.lean_subflow import run_lean, run_plain
from flows.orchestrator.parent_run import ParentRun, parent_run
from flows.orchestrator.private import lean_subflows_work
from flows.orchestrator.server_calls import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    ORCHESTRATOR_AWAY,
    PATIENCE,
    ServerCalls,
    reason_of,
)
from shinka_core.errors import OrchestratorError
from shinka_core.outcome import Outcome
from shinka_core.run import Run

logger = logging.getLogger("shinka.orchestrator")

# Seconds for the last states of flow runs to arrive when the evolution is over, the first of them without a word.
LAST_STATES = 45.0
QUIET = 3.0
# A flow run that went on for so many seconds was under way: what cut it off is a new trouble.
STEADY = 60.0
LAST_STATES_OF_A_STOP = 3.0


class GenerationRuns:
    """The flow runs of one evolution's generations."""

    def __init__(self, run: Run, parent: ParentRun | None, calls: ServerCalls) -> None:
        """Runs generations below `parent`, or as ordinary subflows when it is None."""
        self._run = run
        self._parent = parent
        self._calls = calls

    async def end_of(self, number: int) -> Outcome:
        """Runs a generation to its end.

        Raises:
            OrchestratorError: The server stayed away; the generation is open.
        """
        troubled_since, pause = None, FIRST_PAUSE
        while True:
            began = time.monotonic()
            problem = await self._attempt(number)
            if number in self._run.ends:
                return self._run.ends.pop(number)
            now = time.monotonic()
            if troubled_since is None or now - began > STEADY:
                troubled_since, pause = now, FIRST_PAUSE
            if now - troubled_since > PATIENCE:
                raise OrchestratorError(
                    f"gen-{number:04d} was cut off again and again for {PATIENCE:.0f} s, last by: {problem}; "
                    "everything done so far is stored, resume when the Prefect server and the database answer"
                )
            logger.warning("gen-%04d was cut off (%s); trying again", number, problem)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _attempt(self, number: int) -> str:
        """One flow run; returns what may have kept the generation from its end."""
        parameters = {"evolution": self._run.evolution, "number": number}
        try:
            if self._parent is None:
                state = await run_plain(generation, parameters)
            else:
                state = await run_lean(
                    generation, self._parent, self._calls, RUN_NAME.format(number=number), parameters
                )
        except ORCHESTRATOR_AWAY as error:
            return reason_of(error)
        return state.message or state.name or state.type.value


@asynccontextmanager
async def generation_runs(run: Run, calls: ServerCalls) -> AsyncGenerator[GenerationRuns, None]:
    """The flow runs of the evolution whose flow run this is called in; their last states are waited for."""
    if not lean_subflows_work():
        yield GenerationRuns(run, None, calls)
        return
    async with parent_run(generation, calls) as parent:
        yield GenerationRuns(run, parent, calls)
    if not await _told(calls, LAST_STATES_OF_A_STOP if run.control.stopped else LAST_STATES):
        logger.warning("the Prefect UI misses the last state or the name of %d flow runs", calls.waiting)


async def _told(calls: ServerCalls, limit: float) -> bool:
    if await calls.settled(min(QUIET, limit)):
        return True
    left = limit - QUIET
    if left <= 0:
        return False
    logger.warning(
        "all generations are done; the Prefect server has %d more requests to take, at most %.0f s", calls.waiting, left
    )
    return await calls.settled(left)
