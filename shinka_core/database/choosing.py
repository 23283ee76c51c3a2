"""What a proposal starts from, chosen at one moment of the record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np

from shinka_core.errors import DatabaseError
from shinka_core.population.search import Choice, Search
from shinka_core.population.state import Population
from shinka_core.program import GenerationContext, Program, Sampling

# Decides what is asked of which model, once programs are chosen.
Pull = Callable[[np.random.Generator, Choice], tuple[str, str]]
Programs = Callable[[tuple[str, ...]], Awaitable[tuple[Program, ...]]]


class Choosing:
    """Chooses among the programs that are recorded at that moment."""

    def __init__(self, population: Population, search: Search, programs: Programs) -> None:
        """Chooses by `search`.

        Args:
            programs: Reads programs by their ids.
        """
        self._population = population
        self._search = search
        self._programs = programs

    async def sample(self, context: GenerationContext, attempt: int, pull: Pull, progress: float) -> Sampling:
        """Chooses and takes note that a proposal is under way; every draw is of seed, generation and attempt alone.

        Raises:
            ConfigError: A strategy chose what there is not.
            DatabaseError: The population is empty, or the programs cannot be read.
        """
        population = self._population
        if not len(population):
            raise DatabaseError("nothing to sample from: the seed program is not recorded yet")
        rng = np.random.default_rng([context.seed, context.number, attempt])
        stats = population.stats(progress)
        choice = self._search.choose(population.view(), stats, rng, population.fresh(), population.entries())
        before, ended = population.under_way(context.number), population.ended
        population.expect_child(context.number, choice.parent, choice.island)
        try:
            patch_type, model = pull(rng, choice)
            parent, *inspirations = await self._programs(
                tuple(population.ids[position] for position in (choice.parent, *choice.inspirations))
            )
        except BaseException:  # nothing will say that it was made, so nothing is to be chosen as if it were
            population.forget_proposal(context.number)
            if before is not None:
                population.expect_child(context.number, *before)
            raise
        return Sampling(
            parent=parent,
            inspirations=tuple(inspirations),
            island=choice.island,
            patch_type=patch_type,
            model=model,
            attempt=attempt,
            seed=int(rng.integers(2**31)),
            ended=ended,
        )
