"""Keeping generations in flight: as one ends the next starts."""

from __future__ import annotations

import asyncio
import logging

from flows.meta import periodic_steps
from flows.numbers import Claimed, Listed, Numbers
from flows.orchestrator.artifacts import Board
from flows.orchestrator.crashed_runs import closing_leftovers
from flows.orchestrator.generation_runs import GenerationRuns, generation_runs
from flows.orchestrator.limits import known_limits
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls, reason_of
from flows.outage import Outages, Ruling
from flows.seed import evaluate_seeds
from flows.together import counting_evaluations, turn_for_seeds
from shinka_core.errors import DatabaseError, OrchestratorError, one_error
from shinka_core.outcome import Failed, Recorded, Rejected
from shinka_core.program import GenerationState
from shinka_core.run import Run

logger = logging.getLogger("shinka.pool")

# Seconds between the starts of generations that find all proposal slots taken anyway: the first
# proposals are not to wait behind them.
LATER = 0.02


async def drive(run: Run) -> str:
    """Runs every generation that is not final yet.

    Returns:
        Why it ended early, or "" when every generation is done or the run has reached what was to end it.

    Raises:
        ConfigError: The evaluator does not work on the seed program.
    """
    final = await run.database.journal.final()
    try:
        with one_error():
            async with run.limits.watched(run.control):
                if not run.control.stopping:
                    async with ServerCalls() as calls:
                        await _drive(run, calls, final)
    except OrchestratorError as error:
        run.control.stop(str(error))
    except ORCHESTRATOR_AWAY as error:
        run.control.stop(f"the Prefect server refuses: {reason_of(error)}")
        logger.debug("refused", exc_info=True)
    return "" if run.control.closing else run.control.reason or await _left_out(run)


async def _drive(run: Run, calls: ServerCalls, final: dict[int, GenerationState]) -> None:
    async with (
        closing_leftovers(run.evolution, final),
        known_limits(run, calls),
        generation_runs(run, calls) as runs,
        periodic_steps(run, calls),
        counting_evaluations(run),
    ):
        board = Board(run, calls)

        async def write(numbers: list[int]) -> None:
            if numbers:  # one after another, since each is to differ from those before
                await _Pool(run, runs, Listed(numbers), board, width=1).run()

        async with turn_for_seeds(run) as mine:
            if mine:
                if run.database.together is not None:
                    final = await run.database.journal.final()  # others may have evaluated them meanwhile
                await evaluate_seeds(run, runs, final, write)
        await _Pool(run, runs, _numbers(run, final), board).run()


def _numbers(run: Run, final: dict[int, GenerationState]) -> Numbers:
    if run.database.together is not None:
        return Claimed(run.database.together, run.control)
    last = run.settings.evolve.num_generations
    return Listed(number for number in range(len(run.seeds), last + 1) if number not in final)


async def _left_out(run: Run) -> str:
    """A run is finished when every generation is recorded or failed, and not before it has counted them."""
    final = await run.database.journal.final()
    missing = [number for number in range(run.settings.evolve.num_generations + 1) if number not in final]
    if not missing:
        return ""
    some = ", ".join(str(number) for number in missing[:5]) + (", ..." if len(missing) > 5 else "")
    return f"{len(missing)} generations are neither recorded nor failed ({some})"


class _Pool:
    """Generations in flight, as many as there are slots for and a few to wait between them."""

    def __init__(
        self, run: Run, runs: GenerationRuns, numbers: Numbers, board: Board, width: int | None = None
    ) -> None:
        self._run = run
        self._runs = runs
        self._numbers = numbers
        self._outages = Outages()
        self._board = board
        self._width = width or run.pacing.most_in_flight

    async def run(self) -> None:
        """Starts a generation whenever one ends, until there are none left or a reason to stop."""
        async with self._board.shown():
            while self._numbers.more and not self._run.control.stopping:
                await self._round()
                if not self._numbers.more and not self._run.control.stopping:
                    await self._follow(self._outages.rest())

    async def _round(self) -> None:
        width = self._numbers.most(self._width)
        async with asyncio.TaskGroup() as group:
            for index in range(width):
                early = index < self._run.settings.proposal_jobs
                group.create_task(self._lane(0.0 if early else LATER * index))

    async def _lane(self, delay: float) -> None:
        await asyncio.sleep(delay)
        while await self._run.control.going() and self._numbers.more:
            async with self._run.generations.hold():  # fewer than there are lanes, where candidates would wait
                await self._next()

    async def _next(self) -> None:
        if not self._numbers.more or self._run.control.stopping:
            return
        try:
            number = await self._numbers.take()
        except DatabaseError as error:
            self._run.control.stop(str(error))
            return
        if number is None:
            return
        await self._run.limits.room(number)
        if not self._run.control.stopping:
            await self._one(number)
        self._run.limits.over(number)

    async def _one(self, number: int) -> None:
        ended = False
        try:
            outcome = await self._runs.end_of(number)
            ended = isinstance(outcome, Recorded | Rejected | Failed)
            await self._follow(self._outages.saw(number, outcome))
        except OrchestratorError as error:
            self._run.control.stop(str(error))
        except Exception as error:
            # One lane's fault must not end the others in the middle of what they pay for.
            logger.exception("gen-%04d was cut off by an error that nothing provides for; please report it", number)
            self._run.control.stop(f"gen-{number:04d} was cut off: {type(error).__name__}: {error}")
        finally:
            self._numbers.left(number, ended=ended)

    async def _follow(self, ruling: Ruling) -> None:
        self._numbers.again(ruling.again)
        for number, aside in ruling.closed:
            await self._run.database.journal.fail(number, aside.failure, aside.blame)
            self._numbers.left(number, ended=True)
        if ruling.stop:
            self._run.control.stop(ruling.stop, outage=True)
