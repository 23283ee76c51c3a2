"""What migration 0006 does with rows: a part at a time, so that a large database needs little memory."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

AT_ONCE = 500
MARK = "\ufeff"

PROGRAMS = sa.table(
    "programs",
    sa.column("id", sa.Text), sa.column("code", sa.Text), sa.column("language", sa.Text),
    sa.column("embedding", sa.LargeBinary), sa.column("source", sa.Text), sa.column("source_key", sa.Text),
    sa.column("embedded", sa.Text), sa.column("evolution", sa.Text),
)  # fmt: skip
STEPS = sa.table(
    "generation_steps",
    sa.column("id", sa.Integer), sa.column("evolution", sa.Text), sa.column("step", sa.Text),
    sa.column("source", sa.Text), sa.column("embedding", sa.Text), sa.column("payload", sa.JSON),
)  # fmt: skip
SOURCES = sa.table(
    "sources",
    sa.column("digest", sa.Text), sa.column("position", sa.Integer), sa.column("path", sa.Text),
    sa.column("language", sa.Text), sa.column("text", sa.Text),
)  # fmt: skip
EMBEDDINGS = sa.table("embeddings", sa.column("digest", sa.Text), sa.column("vector", sa.LargeBinary))

SOURCE = sa.text(
    "INSERT INTO sources (digest, position, path, language, text) VALUES (:digest, 0, '', :language, :text) "
    "ON CONFLICT DO NOTHING"
)
EMBEDDING = sa.text("INSERT INTO embeddings (digest, vector) VALUES (:digest, :vector) ON CONFLICT DO NOTHING")


def part_texts(connection: sa.Connection) -> None:
    """Copies what is long to the tables of its own, and names it in the rows that it was in."""
    columns = "description, diff, public_metrics, private_metrics, text_feedback, error"
    connection.execute(sa.text(f"INSERT INTO program_texts (program_id, {columns}) SELECT id, {columns} FROM programs"))
    for rows in _parts(connection, PROGRAMS.c.id, PROGRAMS.c.code, PROGRAMS.c.language, PROGRAMS.c.embedding):
        _store_sources(connection, [(row.code, row.language) for row in rows])
        _store_vectors(connection, [row.embedding for row in rows])
        named = [
            {
                "of": row.id,
                "its_source": digest_of(row.code),
                "its_key": digest_of(plain(row.code).rstrip()),
                "its_embedding": None if row.embedding is None else vector_digest(row.embedding),
            }
            for row in rows
        ]
        connection.execute(
            sa.update(PROGRAMS)
            .where(PROGRAMS.c.id == sa.bindparam("of"))
            .values(
                source=sa.bindparam("its_source"),
                source_key=sa.bindparam("its_key"),
                embedded=sa.bindparam("its_embedding"),
            ),
            named,
        )
    _part_steps(connection)
    _part_calls(connection)


def _part_steps(connection: sa.Connection) -> None:
    query = sa.select(PROGRAMS.c.evolution, sa.func.min(PROGRAMS.c.language)).group_by("evolution")
    languages: dict[str, str] = {row[0]: row[1] for row in connection.execute(query)}
    kept = STEPS.c.step.in_(["patched", "judged"])
    for rows in _parts(connection, STEPS.c.id, STEPS.c.evolution, STEPS.c.payload, where=kept):
        changes: list[dict[str, Any]] = []
        codes: list[tuple[str, str]] = []
        vectors: list[bytes | None] = []
        for row in rows:
            change: dict[str, Any] = {"of": row.id, "its_source": None, "its_embedding": None, "rest": row.payload}
            if "candidate" in row.payload:
                code, candidate = row.payload["candidate"]["code"], dict(row.payload["candidate"])
                del candidate["code"]
                codes.append((code, languages.get(row.evolution, "")))
                change |= {"its_source": digest_of(code), "rest": {**row.payload, "candidate": candidate}}
            if row.payload.get("embedding"):
                vector = base64.b64decode(row.payload["embedding"])
                vectors.append(vector)
                rest = {name: value for name, value in row.payload.items() if name != "embedding"}
                change |= {"its_embedding": vector_digest(vector), "rest": rest}
            changes.append(change)
        _store_sources(connection, codes)
        _store_vectors(connection, vectors)
        connection.execute(
            sa.update(STEPS)
            .where(STEPS.c.id == sa.bindparam("of"))
            .values(
                source=sa.bindparam("its_source"),
                embedding=sa.bindparam("its_embedding"),
                payload=sa.bindparam("rest", type_=sa.JSON),
            ),
            changes,
        )


def _part_calls(connection: sa.Connection) -> None:
    """Texts of calls are named by the calls' ids, in as many digits as later names begin with."""
    name = "lpad(id::text, 19, '0')" if connection.dialect.name == "postgresql" else "printf('%019d', id)"
    connection.execute(sa.text(f"UPDATE model_calls SET texts = {name}"))
    connection.execute(
        sa.text(
            "INSERT INTO model_call_texts (id, messages, answer, error) "
            "SELECT texts, messages, answer, error FROM model_calls"
        )
    )


def join_texts(connection: sa.Connection) -> None:
    """Takes all of that back; of a program of several files the first one."""
    first = "(SELECT text FROM sources WHERE digest = programs.source AND position = 0)"
    connection.execute(
        sa.text(
            f"UPDATE programs SET code = coalesce({first}, ''), "
            "embedding = (SELECT vector FROM embeddings WHERE digest = programs.embedded)"
        )
    )
    for table, key, texts, columns in (
        ("programs", "program_texts.program_id = programs.id", "program_texts",
         ("description", "diff", "public_metrics", "private_metrics", "text_feedback", "error")),
        ("model_calls", "model_call_texts.id = model_calls.texts", "model_call_texts",
         ("messages", "answer", "error")),
    ):  # fmt: skip
        values = ", ".join(f"{column} = (SELECT {column} FROM {texts} WHERE {key})" for column in columns)
        connection.execute(sa.text(f"UPDATE {table} SET {values}"))
    _join_steps(connection)


def _join_steps(connection: sa.Connection) -> None:
    columns = (STEPS.c.id, STEPS.c.source, STEPS.c.embedding, STEPS.c.payload)
    for rows in _parts(connection, *columns, where=STEPS.c.step.in_(["patched", "judged"])):
        changes: list[dict[str, Any]] = []
        for row in rows:
            payload = dict(row.payload)
            if row.source is not None:
                query = sa.select(SOURCES.c.text).where(SOURCES.c.digest == row.source, SOURCES.c.position == 0)
                payload["candidate"] = {**payload["candidate"], "code": connection.scalar(query)}
            if row.embedding is not None:
                query = sa.select(EMBEDDINGS.c.vector).where(EMBEDDINGS.c.digest == row.embedding)
                payload["embedding"] = base64.b64encode(connection.execute(query).scalar_one()).decode()
            changes.append({"of": row.id, "whole": payload})
        connection.execute(
            sa.update(STEPS)
            .where(STEPS.c.id == sa.bindparam("of"))
            .values(payload=sa.bindparam("whole", type_=sa.JSON)),
            changes,
        )


def _parts(
    connection: sa.Connection, key: sa.ColumnElement[Any], *columns: sa.ColumnElement[Any], where: Any = None
) -> Iterator[Any]:
    """Rows by their key, some at a time."""
    last: Any = None
    while True:
        query = sa.select(key, *columns).order_by(key).limit(AT_ONCE)
        if where is not None:
            query = query.where(where)
        if last is not None:
            query = query.where(key > last)
        rows = connection.execute(query).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _store_sources(connection: sa.Connection, codes: list[tuple[str, str]]) -> None:
    rows = [{"digest": digest_of(code), "language": language, "text": code} for code, language in codes]
    if rows:
        connection.execute(SOURCE, rows)


def _store_vectors(connection: sa.Connection, vectors: list[bytes | None]) -> None:
    rows = [{"digest": vector_digest(vector), "vector": vector} for vector in vectors if vector is not None]
    if rows:
        connection.execute(EMBEDDING, rows)


def digest_of(text: str) -> str:
    """As `Source.digest` and `Source.key` name a program that is one file; what was migrated stays so named."""
    digest = hashlib.sha256()
    for part in ("", text):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def plain(text: str) -> str:
    """Without byte-order mark, with line feeds alone."""
    text = text.removeprefix(MARK)
    return text.replace("\r", "\n") if "\n" not in text else text.replace("\r\n", "\n")


def vector_digest(vector: bytes) -> str:
    """As embeddings are named."""
    return hashlib.sha256(vector).hexdigest()[:32]
