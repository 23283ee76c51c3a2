"""The journal: how far each generation has come, and the outcome of every step on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, ScalarSelect, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.beginnings import Beginning, begin_periodic, end_periodic, read_beginnings
from shinka_core.database.pulls import read_pulls
from shinka_core.database.schema import GenerationRow, StepRow, now, table_of
from shinka_core.database.steps import REOPENED, payloads, read_steps, step_rows
from shinka_core.database.store import Store
from shinka_core.database.values import load_blame
from shinka_core.database.writer import Rows, Work, Writer
from shinka_core.errors import Blame
from shinka_core.program import Failure, GenerationState
from shinka_core.record import Ended, Event, Folds, Pull

StepKey = tuple[GenerationState, int, int]
# Writes the end of a generation in turn with other drivers, and tells what it returns; None: it has ended before.
Ends = Callable[[Work[list[Event] | None]], Awaitable[bool]]
FINAL = tuple(state.value for state in GenerationState if state.final)
DETAIL_LIMIT = 4_000

# The state that a generation comes to. One comparison after the other: a list of values is no statement for many rows.
_AT = (GenerationRow.evolution == bindparam("of"), GenerationRow.number == bindparam("at"))
STATE = (
    update(table_of(GenerationRow))
    .where(*_AT, *(GenerationRow.state != final for final in FINAL))
    .values(state=bindparam("state"), updated_at=bindparam("updated_at"))
)
_BEFORE = table_of(GenerationRow).alias("before")

# How a generation stands, and the first row of one: both made once.
_STANDS = select(
    GenerationRow.state,
    GenerationRow.failure_step,
    GenerationRow.failure_reason,
    GenerationRow.failure_detail,
    GenerationRow.blame,
).where(*_AT)
_BEGIN = insert(table_of(GenerationRow))


def next_end(evolution: Any) -> ScalarSelect[int]:
    """The place in the order of ends that comes next, for the database to look up."""
    last = func.coalesce(func.max(_BEFORE.c.sequence), 0)
    return select(last + 1).where(_BEFORE.c.evolution == evolution).scalar_subquery()


# A generation gets its program.
RECORDED = (
    update(table_of(GenerationRow))
    .where(*_AT)
    .values(
        state=GenerationState.RECORDED.value,
        updated_at=bindparam("updated_at"),
        sequence=next_end(bindparam("of")),
    )
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the journal holds of a generation: what it held when it was opened, and what was written since.

    Attributes:
        state: When it was opened.
        failure: Why it failed, when that is its state.
        blame: Whose fault that was; None: nobody's, or closed before that was stored.
        reopened: How often it was begun anew.
    """

    number: int
    state: GenerationState
    steps: dict[StepKey, dict[str, Any]]
    failure: Failure | None = None
    blame: Blame | None = None
    reopened: int = 0

    def find(self, step: GenerationState, attempt: int, turn: int) -> dict[str, Any] | None:
        """The stored outcome of a step, or None when it was not finished."""
        return self.steps.get((step, attempt, turn))

    def turns(self, step: GenerationState) -> list[tuple[int, dict[str, Any]]]:
        """Turns and outcomes of a step that is done again and again, as evaluations are started; in their order."""
        found = [
            (turn, payload) for (name, attempt, turn), payload in self.steps.items() if (name, attempt) == (step, 0)
        ]
        return sorted(found, key=lambda row: row[0])

    def put(self, step: GenerationState, attempt: int, turn: int, payload: dict[str, Any]) -> None:
        """Takes up an outcome that the journal has now."""
        self.steps[step, attempt, turn] = payload


class Journal:
    """Steps of one evolution's generations.

    Attributes:
        language: Of its programs; "" until one is recorded.
        ends: Where several drivers end generations: what ends one in turn with them.
    """

    def __init__(self, store: Store, writer: Writer, folds: Folds) -> None:
        self._evolution = ""
        self._store = store
        self._writer = writer
        self._folds = folds
        self._failed: set[int] = set()
        self.language = ""
        self.ends: Ends | None = None

    @property
    def waiting_writes(self) -> int:
        """Writes of every part of the record that wait for the next commit."""
        return self._writer.waiting

    @property
    def commits(self) -> int:
        """Commits of this process so far, each of all that waited for it."""
        return self._writer.commits

    def bind(self, evolution: str) -> None:
        """Says whose generations these are."""
        self._evolution = evolution

    async def claim(self, number: int) -> Claim:
        """Opens a generation: a new row, or the steps of the existing one."""

        async def open_row(connection: AsyncConnection) -> Claim:
            row = (await connection.execute(_STANDS, {"of": self._evolution, "at": number})).first()
            if row is None:
                begun = {"evolution": self._evolution, "number": number, "state": GenerationState.STARTED.value}
                await connection.execute(_BEGIN, begun)
                # Only of the first generation is that anybody's concern.
                rows = [] if number else await read_steps(connection, self._evolution, number)
                return Claim(number, GenerationState.STARTED, {}, reopened=_reopened(rows))
            state, *why, blame = row
            rows = await read_steps(connection, self._evolution, number)
            steps = await _counting_steps(connection, rows, self.language)
            failure = Failure(*why) if state == GenerationState.FAILED else None
            return Claim(number, GenerationState(state), steps, failure, load_blame(blame), _reopened(rows))

        return await self._writer.write(open_row)

    def write(
        self, number: int, step: GenerationState, attempt: int, turn: int, payload: dict[str, Any], seconds: float
    ) -> asyncio.Future[None]:
        """Stores a step's outcome and the state it brings the generation to, in one transaction.

        Returns:
            Done when it is durable; whatever is written later is never durable before it.
        """
        place = {
            "evolution": self._evolution,
            "generation": number,
            "step": step.value,
            "attempt": attempt,
            "turn": turn,
        }
        return self._writer.post(
            *step_rows(place, payload, seconds),
            Rows(STATE, {"of": self._evolution, "at": number, "state": step.value, "updated_at": now()}),
        )

    async def begin_periodic(self, name: str, recorded: int, *, again: bool = False) -> bool:
        """Notes that a periodic step is begun at so many recorded programs; False when it was before, by any process.

        Args:
            again: One that has begun and is not known to have ended may begin once more.
        """
        return await begin_periodic(self._writer, self._evolution, name, recorded, again=again)

    async def end_periodic(self, name: str, recorded: int, problem: str = "") -> None:
        """Notes that it has ended, and why it came to nothing if it did."""
        await end_periodic(self._writer, self._evolution, name, recorded, problem)

    async def beginnings(self, name: str) -> list[Beginning]:
        """When a periodic step has begun, by number, and what came of it."""
        return await self._store.read(lambda connection: read_beginnings(connection, self._evolution, name))

    async def fail(self, number: int, failure: Failure, blame: Blame | None = None) -> None:
        """Closes a generation without a program; one that is recorded or failed stays as it is.

        Args:
            blame: Whose fault it is; None: the models' answers came to nothing.
        """

        async def store(connection: AsyncConnection) -> tuple[Pull, ...] | None:
            mine = (GenerationRow.evolution == self._evolution, GenerationRow.number == number)
            await connection.execute(
                update(GenerationRow)
                .where(*mine, GenerationRow.state.not_in(FINAL))
                .values(
                    state=GenerationState.FAILED.value,
                    failure_step=failure.step,
                    failure_reason=failure.reason,
                    failure_detail=failure.detail[:DETAIL_LIMIT],
                    blame=blame or "",
                    updated_at=now(),
                    sequence=next_end(self._evolution),
                )
            )
            state = await connection.scalar(select(GenerationRow.state).where(*mine))
            if state != GenerationState.FAILED.value:
                return None
            return (await read_pulls(connection, self._evolution, [number])).get(number, ())

        if self.ends is not None:
            await self._fail_together(number, failure, blame, self.ends, store)
            return
        # Asked for and not counted: where the receipt was lost, the second time changes nothing.
        pulls = await self._writer.write(store)
        if pulls is not None and number not in self._failed:
            self._failed.add(number)
            async with self._folds.turn:
                self._folds.apply(Ended(number, failure, pulls, blame=blame))

    async def _fail_together(
        self, number: int, failure: Failure, blame: Blame | None, ends: Ends, store: Work[tuple[Pull, ...] | None]
    ) -> None:
        """The same where several drivers end generations: one that has ended is known by now, whoever ended it."""
        mine = (GenerationRow.evolution == self._evolution, GenerationRow.number == number)

        async def decide(connection: AsyncConnection) -> list[Event] | None:
            if await connection.scalar(select(GenerationRow.state).where(*mine)) in FINAL:
                return None
            pulls = await store(connection)
            return None if pulls is None else [Ended(number, failure, pulls, blame=blame)]

        await ends(decide)

    async def starts(self) -> int:
        """How often the evaluator was started."""
        query = select(func.count()).where(
            StepRow.evolution == self._evolution, StepRow.step == GenerationState.SUBMITTED.value
        )

        async def read(connection: AsyncConnection) -> int:
            return await connection.scalar(query) or 0

        return await self._store.read(read)

    async def final(self) -> dict[int, GenerationState]:
        """The generations that are recorded or failed, and which of the two."""

        async def read(connection: AsyncConnection) -> dict[int, GenerationState]:
            rows = await connection.execute(
                select(GenerationRow.number, GenerationRow.state).where(
                    GenerationRow.evolution == self._evolution, GenerationRow.state.in_(FINAL)
                )
            )
            return {number: GenerationState(state) for number, state in rows}

        return await self._store.read(read)


def _reopened(rows: Sequence[Row[Any]]) -> int:
    return sum(row.step == REOPENED for row in rows)


async def _counting_steps(
    connection: AsyncConnection, rows: Sequence[Row[Any]], language: str
) -> dict[StepKey, dict[str, Any]]:
    """The last outcome at each place, since the generation was opened, or reopened."""
    since = max((index for index, row in enumerate(rows, 1) if row.step == REOPENED), default=0)
    last = {(row.step, row.attempt, row.turn): row for row in rows[since:]}
    kept = list(last.values())
    return {
        (GenerationState(row.step), row.attempt, row.turn): payload
        for row, payload in zip(kept, await payloads(connection, kept, language), strict=True)
    }
