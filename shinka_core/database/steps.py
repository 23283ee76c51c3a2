"""Outcomes of steps as rows: what is long or met again is named by its digest and stored once."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import StepRow, table_of
from shinka_core.database.sources import embedding_rows, in_language, read_embeddings, read_sources, source_rows
from shinka_core.database.values import FILES, files_of, source_of
from shinka_core.database.writer import Rows

STEP = insert(table_of(StepRow))
# Says that what generation 0 had come to counts no more. Nothing of it is deleted.
REOPENED = "reopened"

_COLUMNS = (
    StepRow.id,
    StepRow.step,
    StepRow.attempt,
    StepRow.turn,
    StepRow.source,
    StepRow.embedding,
    StepRow.payload,
    StepRow.seconds,
    StepRow.created_at,
)


def step_rows(place: dict[str, Any], payload: dict[str, Any], seconds: float) -> list[Rows]:
    """What stores an outcome.

    Args:
        place: The columns that say which step it is.
        payload: The outcome; not changed.
    """
    rows: list[Rows] = []
    row = place | {"seconds": seconds, "source": None, "embedding": None}
    if "candidate" in payload:
        candidate = dict(payload["candidate"])
        source = source_of(candidate.pop(FILES))
        rows += source_rows(source)
        row["source"], payload = source.digest, payload | {"candidate": candidate}
    if payload.get("embedding") is not None:
        payload = dict(payload)
        row["embedding"], stored = embedding_rows(base64.b64decode(payload.pop("embedding")))
        rows += stored
    return [*rows, Rows(STEP, row | {"payload": payload})]


async def read_steps(connection: AsyncConnection, evolution: str, generation: int) -> list[Row[Any]]:
    """The rows of a generation in the order in which they were added."""
    query = select(*_COLUMNS).where(StepRow.evolution == evolution, StepRow.generation == generation)
    return list((await connection.execute(query.order_by(StepRow.id))).all())


async def payloads(connection: AsyncConnection, rows: Sequence[Row[Any]], language: str = "") -> list[dict[str, Any]]:
    """The whole outcomes of rows with `source`, `embedding` and `payload`.

    Args:
        language: Of candidates that are one file; "" for the one that is stored.
    """
    sources = await read_sources(connection, {row.source for row in rows if row.source is not None})
    vectors = await read_embeddings(connection, {row.embedding for row in rows if row.embedding is not None})
    whole: list[dict[str, Any]] = []
    for row in rows:
        payload = dict(row.payload)
        if row.source is not None:
            source = in_language(sources[row.source], language)
            payload["candidate"] = {FILES: files_of(source), **payload["candidate"]}
        if row.embedding is not None:
            payload["embedding"] = encoded(vectors[row.embedding])
        whole.append(payload)
    return whole


def encoded(vector: bytes | None) -> str | None:
    """A packed embedding as it stands in an outcome."""
    return None if vector is None else base64.b64encode(vector).decode()
