"""A tuning in the simulation: the product's operator, whose trials are evaluations of the simulated run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from benchmarks.search.evaluation import Result
from shinka_core.operators import ProposingOperator
from shinka_core.population.search import Choice
from shinka_core.program import Candidate, Evaluation, Failure, Sampling
from shinka_core.source import Source

# Turns of the event loop after which an operator that was answered has asked for what it wants next.
TURNS = 5
LONGEST_PROGRAM = 1_000_000


@dataclass
class Asked:
    """A trial that waits for its evaluation."""

    source: Source
    answer: asyncio.Future[Evaluation]


@dataclass
class SimulatedBench:
    """Implements `Bench`: trials are put down, and answered by the simulation."""

    trials: int
    random: np.random.Generator
    turn: int = 0
    limit: int = LONGEST_PROGRAM
    asked: list[Asked] = field(default_factory=list[Asked])
    made: int = 0

    @property
    def left(self) -> int:
        """Evaluations that may still be made."""
        return self.trials - self.made

    def rng(self) -> np.random.Generator:
        """The randomness of this candidate."""
        return self.random

    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        """Waits for the simulation."""
        del trial
        self.made += 1
        asked = Asked(source, asyncio.get_running_loop().create_future())
        self.asked.append(asked)
        return await asked.answer


class Session:
    """One tuning under way.

    Attributes:
        trials: That have been evaluated.
    """

    def __init__(
        self, sampling: Sampling, choice: Choice, tune: ProposingOperator, trials: int, rng: np.random.Generator
    ) -> None:
        self.generation, self.choice, self.trials = sampling.seed, choice, 0
        self._bench = SimulatedBench(trials, rng)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(tune.propose(sampling, self._bench))
        self._settle()

    def wanted(self) -> list[Asked]:
        """Trials that were asked for since the last time."""
        asked, self._bench.asked = self._bench.asked, []
        return asked

    def answer(self, asked: Asked, result: Result) -> None:
        """Tells what came of a trial."""
        self.trials += 1
        asked.answer.set_result(Evaluation(result.score if result.correct else None, result.correct))
        self._settle()

    def outcome(self) -> Candidate | Failure | None:
        """What it came to, or None while it goes on."""
        if not self._task.done():
            return None
        outcome = self._task.result()
        self._loop.close()
        return outcome

    def close(self) -> None:
        """Ends it where the run ends."""
        if not self._task.done():
            self._task.cancel()
            self._settle()
            self._loop.close()

    def _settle(self) -> None:
        async def turns() -> None:
            for _ in range(TURNS):
                await asyncio.sleep(0)

        self._loop.run_until_complete(turns())
