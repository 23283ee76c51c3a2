"""What a run begins with, put together before anything is written, and stored before anything is evaluated.

From then on the record is the truth: neither the files nor the earlier runs are needed any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shinka_core.database import AsyncProgramDatabase, SeedSummary, values
from shinka_core.earlier_runs import best_of_earlier
from shinka_core.errors import ConfigError
from shinka_core.library import library_text
from shinka_core.opening import Opening
from shinka_core.program import Candidate, GenerationState
from shinka_core.seeds import KEPT, TRUSTED, Seed, homes, kept_seeds

LIBRARY = "library"


@dataclass(frozen=True, slots=True)
class Start:
    """The seed programs of a run.

    Attributes:
        given: By generation, what is stored of the programs that were given; nothing of those that are in the record.
        library: What is shown of other tasks' programs to whoever writes one.
    """

    seeds: tuple[Seed, ...]
    given: Mapping[int, Mapping[str, Any]] = field(default_factory=dict[int, Mapping[str, Any]])
    library: str = ""

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept with the settings of the run."""
        return {KEPT: kept_seeds(self.seeds)} | ({LIBRARY: self.library} if self.library else {})

    async def store(self, database: AsyncProgramDatabase) -> None:
        """Puts into the journal what is not there yet."""
        for number, payload in self.given.items():
            claim = await database.journal.claim(number)
            if not claim.state.final and claim.find(GenerationState.PATCHED, 0, 0) is None:
                await database.journal.write(number, GenerationState.PATCHED, 0, 0, dict(payload), 0.0)


async def start_of(opening: Opening) -> Start:
    """The seed programs of a run that is to be opened.

    Raises:
        ConfigError: An earlier run is not what it should be.
        DatabaseError: It cannot be read.
    """
    if not opening.given:
        known = {} if opening.known is None else opening.known.settings
        return Start(opening.seeds, library=known.get(LIBRARY, ""))
    given: dict[int, Mapping[str, Any]] = {}
    for number, program in enumerate(opening.given[1:], 1):
        told = f"The program as given in {opening.seeds[number].origin}."
        given[number] = values.dump_candidate(Candidate(program.source, f"seed_program_{number}", told, ""))
    earlier = await best_of_earlier(opening.settings, opening.given)
    for number, program in enumerate(earlier, len(opening.given)):
        result = {} if program.result is None else {TRUSTED: values.dump_evaluation(program.result)}
        given[number] = values.dump_candidate(program.candidate) | result
    among = len(opening.given)
    seeds = (*opening.seeds[:among], *(program.seed for program in earlier), *opening.seeds[among:])
    if len(seeds) - 1 > opening.settings.evolve.num_generations:
        raise ConfigError(
            f"num_generations={opening.settings.evolve.num_generations} is less than the {len(seeds) - 1} seed programs "
            "after the first, which are generations as well; raise it, or begin with fewer"
        )
    return Start(seeds, given, await library_text(opening.settings, opening.given[0]))


async def seed_summaries(
    database: AsyncProgramDatabase, seeds: Sequence[Seed], islands: int
) -> tuple[SeedSummary, ...]:
    """What became of the programs that a run began with; nothing to tell of one given program alone.

    Args:
        islands: That the run begins with.
    """
    if len(seeds) == 1 and not seeds[0].written:
        return ()
    told: list[SeedSummary] = []
    for number, seed in enumerate(seeds):
        program = await database.by_generation(number)
        if program is None:
            told.append(SeedSummary(number, seed.kind, seed.origin, error="there is no such program"))
            continue
        origin = program.model if seed.written else seed.origin
        at = homes(number, len(seeds), islands)
        told.append(SeedSummary(number, seed.kind, origin, program.score, program.correct, at, program.error))
    return tuple(told)
