"""A run of another system made into an evolution of ours: recorded once, finished, never continued.

Each program becomes a generation, in the order in which they were made. One that is a copy for another island is no
program of its own: the one that it is a copy of lives there too. What ours has and the other system does not tell is
empty: steps, calls of which nothing is kept.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.calls import ANSWERED, EMBEDDED
from shinka_core.database.dating import Moments, set_moments
from shinka_core.edit.languages import EXTENSIONS, is_named
from shinka_core.errors import Blame, one_error
from shinka_core.imports.foreign import ForeignFailure, ForeignProgram, ForeignRun, broken, time_of
from shinka_core.naming import DEFAULT_DATABASE, IMPORTED
from shinka_core.program import Failure, Program, Purpose, new_program_id
from shinka_core.source import Source
from shinka_core.storable import storable

FINISHED = "finished"
# Programs that are handed over together.
AT_ONCE = 200
# As many as settings allow, and as a number in any database may be.
MOST_ISLANDS, LARGEST = 10_000, 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Placed:
    """A program with its place here."""

    program: ForeignProgram
    generation: int
    islands: tuple[int, ...]


async def convert(run: ForeignRun, database: DatabaseConfig, folder: Path, name: str) -> int:
    """Records a run as an evolution of that name; returns how many programs it has.

    Args:
        database: Where it is stored.
        folder: Base of a relative SQLite path.

    Raises:
        ConfigError: It has more islands than there can be.
        EvolutionExistsError: The name is taken.
        DatabaseError: It cannot be stored.
    """
    placed = _in_place(run.programs)
    taken = {each.generation for each in placed}
    failures = [failure for failure in run.failures if 0 <= failure.number <= LARGEST and failure.number not in taken]
    islands = 1 + max(island for each in placed for island in each.islands)
    if islands > MOST_ISLANDS:
        raise broken(run.system, run.place, f"island {islands - 1} is more than the {MOST_ISLANDS} that there can be")
    config = database.model_copy(
        update={
            "num_islands": islands,
            "island_selection_strategy": "uniform",
        }
    )
    async with AsyncProgramDatabase(config, folder) as ours:
        await ours.begin(name, seed=0, settings=_settings(run, placed[0].program, config.num_islands))
        await _record(ours, placed)
        for failure in failures:
            await ours.journal.claim(failure.number)
            detail = Failure(storable(failure.step), storable(failure.reason), storable(failure.detail))
            await ours.journal.fail(failure.number, detail, Blame.MODEL)
        await ours.finish(FINISHED)
    await set_moments(config, folder, name, _moments(placed, failures))
    return len(placed)


async def _record(ours: AsyncProgramDatabase, placed: Sequence[_Placed]) -> None:
    """Stores programs in their order, many in one commit."""
    ids: dict[str, str] = {}
    width = max(len(each.program.embedding) for each in placed)
    if any(len(each.program.embedding) not in (0, width) for each in placed):
        width = 0  # those of different embeddings cannot be compared
    for first in range(0, len(placed), AT_ONCE):
        some = placed[first : first + AT_ONCE]
        await asyncio.gather(*(ours.journal.claim(each.generation) for each in some))
        with one_error():
            async with asyncio.TaskGroup() as group:
                for each in some:
                    ours.calls.copy(_calls(each))
                    ids[each.program.id] = new_program_id()
                    vector = _unit(each.program.embedding) if width else None
                    group.create_task(ours.add(_ours(each, ids), vector, islands=each.islands))


@asynccontextmanager
async def converted(run: ForeignRun) -> AsyncGenerator[Path, None]:
    """The database of a run as an evolution of ours, for the length of the block.

    Raises:
        DatabaseError: It cannot be stored.
    """
    with tempfile.TemporaryDirectory(prefix="shinka-import-") as folder:
        await convert(run, DatabaseConfig(db_path=DEFAULT_DATABASE), Path(folder), storable(run.name) or run.system)
        yield Path(folder) / DEFAULT_DATABASE


def _in_place(programs: Sequence[ForeignProgram]) -> list[_Placed]:
    """Programs in the order in which they were made, parents first, each once."""
    by_id = {program.id: program for program in programs}
    one: dict[str, ForeignProgram] = {}
    islands: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    # The first of its copies stands for a program that is gone.
    for program in sorted(programs, key=lambda each: (each.copy_of is not None, each.moment, each.number)):
        key = _original(program, by_id)
        names[program.id] = names[key] = one.setdefault(key, program).id
        islands.setdefault(key, []).append(max(program.island, 0))
    known = [_renamed(program, names) for program in one.values()]
    ordered = _parents_first(sorted(known, key=lambda each: (each.moment, each.number)))
    numbers = [program.number for program in ordered]
    unique = len(set(numbers)) == len(numbers) and min(numbers) >= 0 and max(numbers) <= LARGEST
    homes = {one[key].id: tuple(sorted(set(found))) for key, found in islands.items()}
    return [
        _Placed(program, program.number if unique else index, homes[program.id])
        for index, program in enumerate(ordered)
    ]


def _original(program: ForeignProgram, by_id: Mapping[str, ForeignProgram]) -> str:
    """Id of what a program is a copy of, in the end; its own where it is none."""
    seen: set[str] = set()
    each: ForeignProgram | None = program
    key = program.id
    while each is not None and each.copy_of is not None and key not in seen:
        seen.add(key)
        key = each.copy_of
        each = by_id.get(key)
    return key


def _renamed(program: ForeignProgram, names: dict[str, str]) -> ForeignProgram:
    """With the ids of programs for those of their copies; what is not there is left out."""
    parent = names.get(program.parent_id or "")
    shown = dict.fromkeys(names[each] for each in program.inspirations if each in names)
    others = tuple(each for each in shown if each != program.id)
    return replace(program, parent_id=None if parent == program.id else parent, inspirations=others)


def _parents_first(programs: list[ForeignProgram]) -> list[ForeignProgram]:
    """The same order, but for programs whose clock was ahead of their children's."""
    by_id = {program.id: program for program in programs}
    ordered: dict[str, ForeignProgram] = {}
    for program in programs:
        line: dict[str, ForeignProgram] = {}
        each: ForeignProgram | None = program
        while each is not None and each.id not in ordered and each.id not in line:
            line[each.id] = each
            each = by_id.get(each.parent_id or "")
        ordered |= dict(reversed(line.items()))
    return list(ordered.values())


def _ours(placed: _Placed, ids: dict[str, str]) -> Program:
    """A program of ours; `ids` has those that are recorded already, and its own."""
    program = placed.program
    before = {theirs: ours for theirs, ours in ids.items() if theirs != program.id}
    return Program(
        id=ids[program.id],
        generation=placed.generation,
        source=Source.of(storable(program.code), _language(program.language)),
        island=placed.islands[0],
        score=program.score,
        correct=program.correct,
        parent_id=before.get(program.parent_id or ""),
        inspiration_ids=tuple(before[each] for each in program.inspirations if each in before),
        name=program.name,
        description=program.description,
        patch_type=program.patch_type,
        diff=program.diff,
        model=program.model,
        cost=program.cost,
        public_metrics=dict(program.public_metrics),
        private_metrics=dict(program.private_metrics) | {IMPORTED: {"id": program.id, "generation": program.number}},
        text_feedback=program.text_feedback,
        error=program.error,
        evaluation_seconds=program.seconds,
    )


def _unit(numbers: Sequence[float]) -> NDArray[np.float32] | None:
    """An embedding as ours are, of unit length; None where there is none."""
    vector = np.array(numbers, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    return (vector / length).astype(np.float32) if length > 0 and np.isfinite(length) else None


def _calls(placed: _Placed) -> Iterator[dict[str, Any]]:
    """Rows of the table of calls with their texts."""
    turns: Counter[Purpose] = Counter()
    for call in placed.program.calls:
        said = [
            {"role": role, "content": text} for role, text in (("system", call.system), ("user", call.user)) if text
        ]
        yield {
            "generation": placed.generation,
            "purpose": call.purpose.value,
            "attempt": 0,
            "turn": turns[call.purpose],
            "model": call.model,
            "status": EMBEDDED if call.purpose is Purpose.EMBEDDING else ANSWERED,
            "reason": "",
            **call.usage.kept(),
            "cost": call.cost,
            "estimated": False,
            "seconds": 0.0,
            "created_at": time_of(placed.program.moment),
            "messages": said,
            "answer": call.answer,
            "error": "",
            "options": None,
        }
        turns[call.purpose] += 1


def _language(word: str) -> str:
    """Our name for a language, where we have one."""
    known = word.lower()
    return known if known in EXTENSIONS else next((name for name in EXTENSIONS if is_named(name, known)), known)


def _settings(run: ForeignRun, first: ForeignProgram, islands: int) -> dict[str, Any]:
    """What is known of them."""
    extension = EXTENSIONS.get(_language(first.language), (".txt",))[0]
    return {
        "evolution": {"init_program_path": f"initial{extension}"},
        "database": {"num_islands": islands},
        IMPORTED: {"system": run.system, "place": storable(str(run.place.absolute()))},
    }


def _moments(placed: Sequence[_Placed], failures: Sequence[ForeignFailure]) -> Moments:
    made = {each.generation: time_of(each.program.moment) for each in placed}
    return made | {failure.number: time_of(failure.moment) for failure in failures}
