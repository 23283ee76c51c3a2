"""Every call of a model, as rows: the ledger that the client asks first and tells at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import insert, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.names import ordered_id
from shinka_core.database.schema import CallTextRow, GenerationRow, ModelCallRow, table_of
from shinka_core.database.store import Store
from shinka_core.database.writer import Rows, Writer
from shinka_core.errors import ModelError
from shinka_core.llm.question import CallKey, Message, Question
from shinka_core.program import NO_GENERATION, Answer, GenerationState, Purpose, Usage
from shinka_core.record import Called, Ended, Event, Folds, Recorded

ANSWERED = "answered"
FAILED = "failed"
# An embedding: paid like an answer, but stored with the comparison it was for, so never read back from here.
EMBEDDED = "embedded"
ERROR_LIMIT = 4_000
# What folds are told of a call: columns in the order of `Called`.
TOLD = ("generation", "purpose", "model", "cost", "status", "input_tokens", "output_tokens", "cached_tokens")

_CALL = insert(table_of(ModelCallRow))
_TEXTS = insert(table_of(CallTextRow))
# Rows that are written together have the same columns.
_NOTHING = {
    "reason": "",
    "input_tokens": 0,
    "output_tokens": 0,
    "cached_tokens": 0,
    "reasoning_tokens": 0,
    "estimated": False,
}


async def read_answer(store: Store, evolution: str, key: CallKey) -> Answer | None:
    """What was answered to a question, marked as replayed; None where nothing was."""
    query = (
        select(*table_of(ModelCallRow).columns, CallTextRow.answer)
        .join(CallTextRow, CallTextRow.id == ModelCallRow.texts)
        .where(
            ModelCallRow.evolution == evolution,
            ModelCallRow.generation == key.generation,
            ModelCallRow.purpose == key.purpose.value,
            ModelCallRow.attempt == key.attempt,
            ModelCallRow.turn == key.turn,
            ModelCallRow.status == ANSWERED,
        )
    )

    async def read(connection: AsyncConnection) -> Any:
        return (await connection.execute(query)).first()

    row = await store.read(read)
    if row is None:
        return None
    usage = Usage(row.input_tokens, row.output_tokens, row.cached_tokens, row.reasoning_tokens)
    return Answer(
        row.answer, row.model, usage, row.cost, row.seconds, replayed=True, cut=row.reason, estimated=row.estimated
    )


class Calls:
    """The `Ledger` of one evolution.

    Attributes:
        mine: Where several drivers write it, what names the texts of this one's calls; None where one writes alone.
    """

    def __init__(self, store: Store, writer: Writer, folds: Folds) -> None:
        self._evolution = ""
        self._folds = folds
        self._database = store
        self._writer = writer
        # By generation: closed generations are forgotten, so that memory does not grow with the run.
        self._answered: dict[int, set[CallKey]] = {}
        self.mine: set[str] | None = None

    def bind(self, evolution: str) -> None:
        """Says whose calls these are."""
        self._evolution = evolution

    async def load(self, generation: int | None = None) -> None:
        """Learns which keys were answered before, when a run is resumed or a generation is taken over.

        Args:
            generation: Only those of this one.
        """
        mine = ModelCallRow.generation == generation if generation is not None else true()

        async def read(connection: AsyncConnection) -> None:
            rows = await connection.execute(
                select(ModelCallRow.generation, ModelCallRow.purpose, ModelCallRow.attempt, ModelCallRow.turn)
                .outerjoin(
                    GenerationRow,
                    (GenerationRow.evolution == ModelCallRow.evolution)
                    & (GenerationRow.number == ModelCallRow.generation),
                )
                .where(
                    ModelCallRow.evolution == self._evolution,
                    mine,
                    ModelCallRow.status == ANSWERED,
                    GenerationRow.state.not_in([GenerationState.RECORDED.value, GenerationState.FAILED.value])
                    | (ModelCallRow.generation == NO_GENERATION),
                )
            )
            for generation, purpose, attempt, turn in rows:
                self._remember(CallKey(generation, Purpose(purpose), attempt, turn))

        await self._database.read(read)

    async def find(self, key: CallKey) -> Answer | None:
        """The stored answer to `key`, marked as replayed."""
        if key not in self._answered.get(key.generation, ()):
            return None
        return await read_answer(self._database, self._evolution, key)

    async def answered(self, question: Question, answer: Answer) -> None:
        """Stores an answer; committed when this returns."""
        usage = answer.usage
        embedded = question.key.purpose is Purpose.EMBEDDING
        await self._store(
            question,
            status=EMBEDDED if embedded else ANSWERED,
            answer=answer.text,
            reason=answer.cut,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached_tokens=usage.cached_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost=answer.cost,
            estimated=answer.estimated,
            seconds=answer.seconds,
        )
        if not embedded:
            self._remember(question.key)

    async def failed(
        self, question: Question, error: ModelError, cost: float | None, seconds: float, *, estimated: bool = False
    ) -> None:
        """Stores a call that gave no usable answer."""
        await self._store(
            question,
            status=FAILED,
            estimated=estimated,
            reason=error.reason,
            error=str(error)[:ERROR_LIMIT],
            cost=cost,
            seconds=seconds,
        )

    def copy(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Takes over calls of another record, and tells the folds of them.

        Args:
            rows: Of the table of calls, with or without those of their texts.
        """
        for row in rows:
            said = {name: row[name] for name in ("messages", "answer", "error", "options") if name in row}
            mine = {"evolution": self._evolution, "texts": ordered_id() if said else ""}
            called = {name: value for name, value in row.items() if name != "id" and name not in said} | mine
            told = [Rows(_TEXTS, said | {"id": mine["texts"]})] if said else []
            self._writer.post(Rows(_CALL, called), *told)
            self._folds.apply(_event(row))

    def apply(self, event: Event) -> None:
        """Drops the keys of a generation that is closed."""
        if isinstance(event, Recorded | Ended):
            self._answered.pop(event.generation, None)

    def _remember(self, key: CallKey) -> None:
        self._answered.setdefault(key.generation, set()).add(key)

    async def _store(self, question: Question, *, answer: str = "", error: str = "", **values: Any) -> None:
        key = question.key
        messages = [_message(message) for message in question.messages if message.content]
        if question.sent_pictures:
            # Which they were; their bytes are files.
            shown = [{"name": one.name, "digest": one.digest, "media": one.media} for one in question.sent_pictures]
            next(message for message in messages if message["role"] == "user")["images"] = shown
        row = {
            "evolution": self._evolution,
            "generation": key.generation,
            "purpose": key.purpose.value,
            "attempt": key.attempt,
            "turn": key.turn,
            "model": question.model,
            "texts": (texts := ordered_id()),
        }
        drawn = dict(question.options) or None
        said = {"id": texts, "messages": messages, "answer": answer, "error": error, "options": drawn}
        if self.mine is not None:
            self.mine.add(texts)
        called = _NOTHING | row | values
        await asyncio.shield(self._writer.post(Rows(_CALL, called), Rows(_TEXTS, said)))
        self._folds.apply(_event(called))


def _event(row: Mapping[str, Any]) -> Called:
    return Called(*(row[name] for name in TOLD))


def _message(message: Message) -> dict[str, Any]:
    return {"role": message.role, "content": message.content}
