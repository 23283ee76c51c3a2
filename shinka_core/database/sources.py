"""Sources and embeddings: stored once, named by a digest of what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.insert_once import InsertOnce
from shinka_core.database.schema import EmbeddingRow, SourceRow, table_of
from shinka_core.database.writer import Rows
from shinka_core.source import Source, SourceFile

Vector = NDArray[np.float32]

_SOURCE = InsertOnce(table_of(SourceRow))
_EMBEDDING = InsertOnce(table_of(EmbeddingRow))
# Values of one query at most, of which SQLite takes a limited number.
AT_ONCE = 500


def source_rows(source: Source) -> list[Rows]:
    """What stores a source, where it is not there yet; of a folder each file is a source of its own, stored once."""
    if not source.single:
        parts = [Source((replace(file, path=""),)) for file in source.files]
        texts = [part.digest for part in parts]
        rows = [row for part in parts for row in source_rows(part)]
    else:
        texts, rows = [source.text], list[Rows]()
    return rows + [
        Rows(
            _SOURCE,
            {
                "digest": source.digest,
                "position": position,
                "path": file.path,
                "language": file.language,
                "text": text,
            },
            once=f"{source.digest} {position}",
        )
        for position, (file, text) in enumerate(zip(source.files, texts, strict=True))
    ]


async def read_sources(connection: AsyncConnection, digests: Collection[str]) -> dict[str, Source]:
    """Sources by their digests; those that are not there are left out."""
    files: dict[str, list[SourceFile]] = {}
    for some in _parts(digests):
        rows = await connection.execute(
            select(SourceRow.digest, SourceRow.path, SourceRow.text, SourceRow.language)
            .where(SourceRow.digest.in_(some))
            .order_by(SourceRow.digest, SourceRow.position)
        )
        for digest, path, text, language in rows:
            files.setdefault(digest, []).append(SourceFile(path, text, language))
    named = {file.text for found in files.values() for file in found if file.path}
    texts = {digest: source.text for digest, source in (await read_sources(connection, named)).items()} if named else {}
    return {
        digest: Source(tuple(replace(file, text=texts[file.text]) if file.path else file for file in found))
        for digest, found in files.items()
    }


def in_language(source: Source, language: str) -> Source:
    """The source of a program in that language: texts alone are one row, whatever the evolutions call their language."""
    if not source.single or not language or source.files[0].language == language:
        return source
    return Source.of(source.text, language)


def packed(vector: Vector | None) -> bytes | None:
    """An embedding as it is stored: float32, little-endian."""
    return None if vector is None else vector.astype("<f4").tobytes()


def unpacked(data: bytes | None) -> Vector | None:
    """The reverse, `(d,)` float32."""
    return None if data is None else np.frombuffer(data, dtype="<f4").astype(np.float32)


def embedding_rows(data: bytes) -> tuple[str, list[Rows]]:
    """The name of a packed embedding, and what stores it where it is not there yet."""
    digest = hashlib.sha256(data).hexdigest()[:32]
    return digest, [Rows(_EMBEDDING, {"digest": digest, "vector": data}, once=digest)]


async def read_embeddings(connection: AsyncConnection, digests: Collection[str]) -> dict[str, bytes]:
    """Packed embeddings by their names."""
    found: dict[str, bytes] = {}
    for some in _parts(digests):
        rows = await connection.execute(
            select(EmbeddingRow.digest, EmbeddingRow.vector).where(EmbeddingRow.digest.in_(some))
        )
        found.update((digest, data) for digest, data in rows)
    return found


def _parts(names: Collection[str]) -> list[Any]:
    ordered = sorted(names)
    return [ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE)]
