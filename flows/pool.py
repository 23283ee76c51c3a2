"""Keeping generations in flight: as one ends the next starts."""

from __future__ import annotations

import asyncio
import logging

from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.generation import ORCHESTRATOR_AWAY, RUN_NAME, generation
from flows.orchestrator.artifacts import Board
from flows.orchestrator.crashed_runs import closing_leftovers
from flows.orchestrator.lean_subflow import Parent, run_lean, shared_parent
from flows.orchestrator.limits import known_limits
from shinka_core.errors import ConfigError, OrchestratorError
from shinka_core.run import Run

logger = logging.getLogger("shinka.drive")

# So many generations in a row without one answer mean that the models are out of reach: stopping
# keeps the others for a resume instead of using them up.
OUTAGE = 10

# Seconds between the starts of generations that find all proposal slots taken anyway: the first
# proposals are not to wait behind them.
LATER = 0.02

# On top of the client's own retries of each request.
SERVER_ATTEMPTS = 20
SERVER_LONGEST_WAIT = 30.0


async def drive(run: Run) -> str:
    """Runs every generation that is not final yet.

    Returns:
        Why it ended early, or "" when every generation is done.

    Raises:
        ConfigError: The evaluator does not work on the seed program.
    """
    final = await run.database.journal.final()
    run.progress.resumed = len(final - {0})
    async with closing_leftovers(run), shared_parent(generation) as parent, known_limits(run):
        if 0 not in final:
            await _evaluate_seed(run, parent)
        numbers = [number for number in range(1, run.settings.evolve.num_generations + 1) if number not in final]
        return await _Pool(run, parent, numbers).run()


async def _evaluate_seed(run: Run, parent: Parent) -> None:
    state = await run_generation_flow(run, parent, 0)
    if state.is_failed():
        raise ConfigError(f"the seed program could not be evaluated: {state.message}")
    seed = await run.database.by_generation(0)
    if seed is None or (not seed.correct and not seed.public_metrics and seed.score is None):
        error = seed.error if seed is not None else "no result"
        raise ConfigError(
            f"the evaluator gives no result for the seed program, so nothing can be evolved: {error}\n"
            f"Try it by hand: {run.settings.job.eval_program_path} --program_path {run.settings.evolve.init_program_path} "
            f"--results_dir DIR; its output is in {run.generation_dir(0) / 'results'}"
        )


async def run_generation_flow(run: Run, parent: Parent, number: int) -> State[None]:
    """Runs one generation as a flow run; an orchestrator that is away is waited for.

    A generation is durable without the orchestrator, so repeating its flow run repeats no step
    that was done.

    Raises:
        OrchestratorError: The generation is still open after every attempt.
    """
    parameters = {"evolution": run.evolution, "number": number}
    problem = ""
    for attempt in range(SERVER_ATTEMPTS):
        try:
            state = await run_lean(generation, parent, RUN_NAME.format(number=number), parameters)
        except ORCHESTRATOR_AWAY as error:
            problem = f"{type(error).__name__}: {error}"
            if number not in run.open_generations:
                # Done and in the journal; only its flow run's last state did not arrive.
                return Completed(message=f"recorded; the Prefect server missed it: {problem}"[:1000])
        else:
            if number not in run.open_generations:
                return state
            problem = state.message or state.name or state.type.value
        logger.warning("gen-%04d was cut off by the orchestrator or the database (%s); trying again", number, problem)
        await asyncio.sleep(min(2.0**attempt, SERVER_LONGEST_WAIT))
    raise OrchestratorError(
        f"gen-{number:04d} was cut off {SERVER_ATTEMPTS} times, last by: {problem}; "
        "everything done so far is stored, resume when the Prefect server and the database answer"
    )


class _Pool:
    """Generations in flight, as many as there are slots for and a few to wait between them."""

    def __init__(self, run: Run, parent: Parent, numbers: list[int]) -> None:
        self._run = run
        self._parent = parent
        self._numbers = iter(numbers)
        self._without_answer = 0
        self._board = Board(run)
        # Candidates may wait for an evaluation slot while others are proposed, but no more of
        # them than one round of proposals: each waits with an ever older parent.
        most = int(run.settings.proposal_jobs * run.settings.evolve.max_oversubscription)
        self._width = 2 * most + run.settings.evaluation_jobs

    async def run(self) -> str:
        """Starts a generation whenever one ends, until there are none left or a reason to stop."""
        width = min(self._width, self._run.settings.evolve.num_generations)
        await self._board.open()
        async with asyncio.TaskGroup() as group:
            for index in range(width):
                early = index < self._run.settings.proposal_jobs
                group.create_task(self._lane(0.0 if early else LATER * index))
        return self._run.stop_reason

    async def _lane(self, delay: float) -> None:
        await asyncio.sleep(delay)
        for number in self._numbers:
            if self._run.stop_reason:
                return
            await self._one(number)

    async def _one(self, number: int) -> None:
        await self._look_at(await run_generation_flow(self._run, self._parent, number))
        await self._board.update()

    async def _look_at(self, state: State[None]) -> None:
        if state.is_crashed() or (state.is_failed() and state.name == "TimedOut"):
            logger.warning("a generation crashed: %s", state.message)
        if state.is_failed() and (state.message or "").startswith("query: model_"):
            self._without_answer += 1
            if self._without_answer >= max(OUTAGE, self._run.settings.proposal_jobs):
                self._run.stop_reason = (
                    f"the models gave no answer {self._without_answer} times in a row; last: {state.message}"
                )
        elif state.is_completed():
            self._without_answer = 0
