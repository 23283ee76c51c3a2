"""When things happened and what was written beside the programs: what only a report asks a record for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.pages import rows_of
from shinka_core.database.schema import (
    AdviceRow,
    EvolutionRow,
    GuidanceColumns,
    IdeaRow,
    StepRow,
    SystemPromptRow,
)
from shinka_core.database.store import Store

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Timing:
    """When a step of a generation was done, without what came of it.

    Attributes:
        seconds: That it took, as far as it counts them.
    """

    id: int
    generation: int
    step: str
    attempt: int
    turn: int
    seconds: float
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GuidanceRecord:
    """What was written about the search.

    Attributes:
        kind: `idea`, `advice` or `system_prompt`.
        created_after: How many programs were recorded by then.
        uses: Samplings that have shown it.
        score: What came of them; None while nothing is known.
    """

    id: str
    kind: str
    text: str
    parent_id: str | None
    created_after: int
    uses: int
    score: float | None
    details: dict[str, Any]


_KINDS: dict[str, type[GuidanceColumns]] = {"idea": IdeaRow, "advice": AdviceRow, "system_prompt": SystemPromptRow}


class Chronicle:
    """Reads these of one evolution, as often as they are needed."""

    def __init__(self, store: Store, evolution: str) -> None:
        self._store = store
        self._evolution = evolution

    async def state(self) -> tuple[str, int]:
        """`running`, `finished` or `stopped`, as the database has it, and how often its rows were committed by then."""
        query = select(EvolutionRow.state, EvolutionRow.commits).where(EvolutionRow.name == self._evolution)

        async def read(connection: AsyncConnection) -> tuple[str, int]:
            state, commits = (await connection.execute(query)).one()
            return str(state), int(commits)

        return await self._store.read(read)

    async def timings(self, after: int = 0) -> AsyncIterator[Timing]:
        """Every step in the order in which they were stored.

        Args:
            after: Only those with a larger `id`.
        """
        query = select(
            StepRow.id, StepRow.generation, StepRow.step, StepRow.attempt, StepRow.turn, StepRow.seconds,
            StepRow.created_at,
        ).where(StepRow.evolution == self._evolution)  # fmt: skip
        async for row in rows_of(self._store, query, StepRow.id, after, PAGE):
            yield Timing(*row)

    async def guidance(self) -> list[GuidanceRecord]:
        """Ideas, advice and system prompts, each kind in the order in which they were written."""

        async def read(connection: AsyncConnection) -> list[GuidanceRecord]:
            found: list[GuidanceRecord] = []
            for kind, row in _KINDS.items():
                query = select(row.id, row.text, row.parent_id, row.created_after, row.uses, row.score, row.details)
                query = query.where(row.evolution == self._evolution).order_by(row.id)
                found += [GuidanceRecord(one.id, kind, *one[1:]) for one in await connection.execute(query)]
            return found

        return await self._store.read(read)
