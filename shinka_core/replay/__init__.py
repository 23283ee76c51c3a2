"""An evolution played again from its record: exactly, and without asking or evaluating anything.

What models, embeddings and evaluations gave is taken from the record of the earlier run. Every choice of ours (island,
parent, inspirations, operator, model, seed, patch, verdict, archive, migration, new islands) is made anew by the code as
it is now, at the moment of the record at which it was made. So a replay tells whether a change of the code would have
changed a run: at the first decision that comes out otherwise it ends and says which.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shinka_core.database import EvolutionReader
from shinka_core.database.course import CourseStep
from shinka_core.errors import ConfigError
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.program import NO_GENERATION
from shinka_core.record import Event
from shinka_core.replay.comparing import Difference, Differs, NotRecordedError, compare
from shinka_core.replay.earlier import EarlierRun, Happening, read_earlier
from shinka_core.replay.session import Changes, session, settings_of
from shinka_core.replay.walk import Walk
from shinka_core.seed_program import SeedProgram

__all__ = ["Difference", "Replayed", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay.

    Attributes:
        programs: That were made again, the seed program among them.
        ended: Generations that came to their end again.
        open: Generations that the earlier run had left open.
        decisions: Samplings and verdicts that were made anew.
        archive: Generations of the elites at the end, ascending; of a replay without a difference.
        difference: The first one; None when everything comes out as it was recorded.
        results_dir: Where the replay's own record is; "" when it is not kept.
    """

    evolution: str
    programs: int
    ended: int
    open: int
    decisions: int
    seconds: float
    archive: tuple[int, ...] = ()
    difference: Difference | None = None
    results_dir: str = ""


async def replay(where: str | Path, name: str | None = None, *, to: Path | None = None) -> Replayed:
    """Plays an evolution again; the earlier run is only read.

    Args:
        where: The results folder of the earlier run, its SQLite file, or the URL of its database.
        name: Of the evolution; None for the one of the folder, or the only one in the database.
        to: Results folder for the replay's own record, new or empty; None keeps none.

    Raises:
        ConfigError: The run cannot be replayed, or `to` holds something.
        DatabaseError: There is no such run, or it cannot be read.
    """
    began = time.monotonic()
    async with EvolutionReader.open(where, name) as reader, _folder(to) as folder:
        earlier = await read_earlier(reader)
        extension = Path(earlier.sessions[1]["evolution"]["init_program_path"]).suffix
        seed = SeedProgram(await reader.source(earlier.programs[0].id), extension) if 0 in earlier.programs else None
        if seed is None:
            raise ConfigError(f"evolution {earlier.name!r} cannot be replayed: its seed program is not recorded")
        changes, progress = Changes(), _Progress(earlier, folder)
        walk = Walk(earlier, changes, whole=to is not None)
        difference: Difference | None = None
        at = Happened()
        try:
            for number, part in _sessions(earlier):
                async with session(earlier, number, folder, seed, changes) as opened:
                    opened.run.database.folds.add(progress)
                    walk.go_on_in(opened)
                    for happening in part:
                        at.generation = happening.generation
                        await walk.take(happening)
                        at.saw(happening)
            walk.check_changes()
            await progress.compare_archive(reader, walk)
        except Differs as differs:
            difference = differs.difference
        except NotRecordedError as missing:
            difference = Difference(at.generation, "going on", "needed", "nothing", str(missing))
        ended = {happening.generation for happening in earlier.happenings if not isinstance(happening, CourseStep)}
        return Replayed(
            evolution=earlier.name,
            programs=len(walk.generations),
            ended=at.ended,
            open=len({number for number in earlier.steps if number not in ended}),
            decisions=at.decisions,
            seconds=time.monotonic() - began,
            archive=progress.archive(walk) if difference is None else (),
            difference=difference,
            results_dir="" if to is None else str(folder),
        )


@dataclass(slots=True)
class Happened:
    """How far a replay is."""

    generation: int = 0
    ended: int = 0
    decisions: int = 0

    def saw(self, happening: Happening) -> None:
        """Counts it."""
        if isinstance(happening, CourseStep):
            self.decisions += 1
        else:
            self.ended += 1


class _Progress:
    """The archive as it grows in the replay, program by program."""

    def __init__(self, earlier: EarlierRun, folder: Path) -> None:
        last = max(earlier.sessions)
        self._settings = settings_of(earlier.name, earlier.sessions[last], folder)
        self._population = self._fresh()

    def _fresh(self) -> Population:
        config = self._settings.database
        return Population(config.num_islands, search_of(config).archive, self._settings.evolve.seed)

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        self._population.apply(event)

    def archive(self, walk: Walk) -> tuple[int, ...]:
        """Generations of the elites."""
        return tuple(sorted(walk.generations[self._population.ids[position]] for position in self._population.elites))

    async def compare_archive(self, reader: EvolutionReader, walk: Walk) -> None:
        """Against the archive that the earlier run's record makes as a whole."""
        recorded = self._fresh()
        recorded.load([event async for event in reader.events()])
        known = walk.earlier.generations
        before = tuple(sorted(known[recorded.ids[position]] for position in recorded.elites))
        last = max(before, default=0)
        compare(last, "archive at the end", {"elites": before}, {"elites": self.archive(walk)})


def _sessions(earlier: EarlierRun) -> Iterator[tuple[int, list[Happening]]]:
    """What happened in each session."""
    number, part = 1, list[Happening]()
    for happening in earlier.happenings:
        if isinstance(happening, CourseStep) and happening.generation == NO_GENERATION:
            yield number, part
            number, part = happening.attempt, []
        else:
            part.append(happening)
    yield number, part


@asynccontextmanager
async def _folder(to: Path | None) -> AsyncGenerator[Path, None]:
    if to is None:
        with tempfile.TemporaryDirectory(prefix="shinka-replay-") as folder:
            yield Path(folder)
        return
    folder = to.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"results folder {str(folder)!r} holds something; name a new one (--to) for the replay")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
