"""A candidate of an operator that asks no model, and the bench on which it tries programs on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np

from shinka_core.database import values
from shinka_core.errors import ConfigError, TrialsUsedUpError
from shinka_core.generation.once import once, plain
from shinka_core.generation.patching import checked
from shinka_core.generation.starts import trial_starts
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.operators import ProposingOperator
from shinka_core.program import TRIALS, Candidate, Evaluation, Failure, GenerationState, Sampling, Trial
from shinka_core.source import Source

# Evaluates a program; whoever gives it holds the slots.
Evaluate = Callable[[Source, Trial], Awaitable[Evaluation]]


class TrialBench:
    """Implements `Bench` for one candidate of a generation.

    Attributes:
        turn: Candidates of this sampling before this one.
        limit: Characters that a candidate may have.
    """

    def __init__(self, generation: OpenGeneration, sampling: Sampling, turn: int, evaluate: Evaluate) -> None:
        self.turn = turn
        self.limit = generation.run.size_limit.characters
        self._generation = generation
        self._sampling = sampling
        self._evaluate = evaluate
        self._most = generation.run.settings.evolve.max_trials if sampling.trials is None else sampling.trials
        self._tried: set[int] = set()

    @property
    def left(self) -> int:
        """Evaluations that may still be made for this candidate."""
        return self._most - len(self._tried)

    def rng(self) -> np.random.Generator:
        """Randomness of this candidate alone: the same when the run is resumed."""
        return np.random.default_rng([self._sampling.seed, 2 * self.turn, self.turn])

    async def evaluate(self, source: Source, trial: int) -> Evaluation:
        """Evaluates a program in the folder `trials` of its generation; a trial that ever ended is read back.

        Raises:
            TrialsUsedUpError: No evaluation is left.
            ConfigError: The trial stands for another program.
            LaunchError: It could not be evaluated.
        """
        if trial not in self._tried:
            if self.left <= 0:
                raise TrialsUsedUpError(
                    f"all {self._most} trials of this candidate are used up (max_trials, max_trial_share)"
                )
            self._tried.add(trial)
        which = Trial(f"{TRIALS}{self._sampling.attempt}.{self.turn}.{trial}")
        for known in trial_starts(self._generation, which):
            if not known.is_of(source):
                operator = self._sampling.patch_type
                raise ConfigError(
                    f"operator {operator!r} gives trial {trial} another program than before; draw from bench.rng() alone, "
                    "so that it does the same when the run is resumed"
                )
            if known.evaluation is not None:
                return known.evaluation
        return await self._evaluate(source, which)


async def propose(generation: OpenGeneration, sampling: Sampling, bench: TrialBench) -> Candidate | Failure:
    """Has the sampled operator make a candidate; one that it ever made is read back instead.

    Raises:
        LaunchError: A trial could not be evaluated.
    """
    operator = generation.run.ways_on(sampling.island).operators.of(sampling.patch_type)
    assert isinstance(operator, ProposingOperator), "others are asked for"
    generation.model = ""  # whoever answered an earlier sampling has no part in this one

    async def make() -> Candidate | Failure:
        try:
            outcome = await operator.propose(sampling, bench)
        except TrialsUsedUpError as error:
            return Failure("propose", "trials_used_up", str(error))
        if isinstance(outcome, Failure):
            return outcome
        if outcome.source == sampling.parent.source:
            return Failure("propose", "nothing_changed", "the candidate is the parent as it was")
        return checked(outcome, generation.run.size_limit)

    return await once(
        generation,
        GenerationState.PATCHED,
        (sampling.attempt, bench.turn),
        make,
        values.dump_candidate,
        plain(values.load_candidate),
    )
