"""What was proposed from each parent before, for the next proposal from it to be told: a fold over the record.

Here are only names; words are read of the few that are shown, and never change.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cachetools import LRUCache
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import GenerationRow, ProgramRow, ProgramTextRow
from shinka_core.database.store import Store
from shinka_core.errors import DatabaseError
from shinka_core.feedback import Tried
from shinka_core.program import NO_REASON
from shinka_core.record import Ended, Event, Recorded

# Of each parent, the newest; more than any prompt shows are not kept.
MOST = 20
# Generations without a program among them: most of these say more of the model than of the parent.
MOST_REJECTED = 2
# Ends that say something about the proposal; others are mistakes in the form of an answer.
TELLING = ("novelty", "review")
# Characters that are read of a description and of a reason.
LONGEST = 600
# Attempts whose words are in memory.
REMEMBERED = 2_000

Key = str | int


class Attempts:
    """The attempts of one evolution, by parent: programs by their ids, others by their generations.

    Attributes:
        sequence: Of the newest program.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._evolution = ""
        self.sequence = 0
        self._count = 0
        self._of: dict[str, tuple[deque[tuple[int, Key]], deque[tuple[int, Key]]]] = {}
        self._known = LRUCache[Key, Tried](maxsize=REMEMBERED)

    def bind(self, evolution: str) -> None:
        """Says whose attempts these are."""
        self._evolution = evolution

    def apply(self, event: Event) -> None:
        """Takes up an attempt that has ended."""
        if isinstance(event, Recorded):
            self.sequence = event.sequence
        match event:
            case Recorded(parent_id=str(parent), program_id=program_id):
                self._keep(parent, 0, program_id)
            case Ended(blame=None, pulls=[*_, last]) if last.parent and event.failure.step in TELLING:
                self._keep(last.parent, 1, event.generation)
            case _:
                pass

    def _keep(self, parent: str, kind: int, key: Key) -> None:
        self._count += 1
        both = self._of.setdefault(parent, (deque(maxlen=MOST), deque(maxlen=MOST_REJECTED)))
        both[kind].append((self._count, key))

    def newest(self, parent: str, count: int) -> tuple[Key, ...]:
        """What was tried last from a parent, the newest first."""
        found = sorted((entry for some in self._of.get(parent, ()) for entry in some), reverse=True)
        return tuple(key for _, key in found[:count])

    async def read(self, keys: Sequence[Key]) -> tuple[Tried, ...]:
        """The attempts of these names, in their order.

        Raises:
            DatabaseError: One of them is not there.
        """
        unread = [key for key in keys if key not in self._known]
        if unread:

            async def read(connection: AsyncConnection) -> dict[Key, Tried]:
                return await _programs(connection, unread) | await _ends(connection, self._evolution, unread)

            self._known.update(await self._store.read(read))
        missing = [str(key) for key in keys if key not in self._known]
        if missing:
            raise DatabaseError(
                f"evolution {self._evolution!r} has nothing of {', '.join(missing)} that was tried before"
            )
        return tuple(self._known[key] for key in keys)


async def _programs(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Tried]:
    ids = [key for key in keys if isinstance(key, str)]
    if not ids:
        return {}
    rows = await connection.execute(
        select(
            ProgramRow.id,
            ProgramRow.generation,
            ProgramRow.name,
            ProgramRow.score,
            ProgramRow.correct,
            func.substr(ProgramTextRow.description, 1, LONGEST),
            func.substr(ProgramTextRow.error, 1, LONGEST),
        )
        .join(ProgramTextRow, ProgramTextRow.program_id == ProgramRow.id)
        .where(ProgramRow.id.in_(ids))
    )
    return {
        name: Tried(generation, name, called, told, score if correct else None, "" if correct else why or NO_REASON)
        for name, generation, called, score, correct, told, why in rows
    }


async def _ends(connection: AsyncConnection, evolution: str, keys: Sequence[Key]) -> dict[Key, Tried]:
    numbers = [key for key in keys if isinstance(key, int)]
    if not numbers:
        return {}
    rows = await connection.execute(
        select(
            GenerationRow.number,
            GenerationRow.failure_step,
            GenerationRow.failure_reason,
            func.substr(GenerationRow.failure_detail, 1, LONGEST),
        ).where(GenerationRow.evolution == evolution, GenerationRow.number.in_(numbers))
    )
    return {number: Tried(number, None, why=f"{step}: {detail or reason}") for number, step, reason, detail in rows}
