"""An evolution as the SQLite database of ShinkaEvolve, for its own viewer: `shinka_visualize FOLDER`.

Facts about that layout (tables, columns, what its viewer looks for in `metadata` and `attempt_log`) are of its release
0.0.7. What it has no place for is left out: stages and instance scores, advice and ideas, retired islands.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import numpy as np

from shinka_core.database import EvolutionReader
from shinka_core.database.reader import TEXTS
from shinka_core.database.records import CallRecord, ProgramRecord
from shinka_core.exports.embedding_map import Components, Floats, groups
from shinka_core.exports.new_files import appearing
from shinka_core.exports.order import Order, Written
from shinka_core.exports.tables import at_once, moment, with_sources
from shinka_core.population.members import archive_of
from shinka_core.program import Purpose
from shinka_core.source import Source

# As its viewer and its own runs call it.
FILE = "programs.sqlite"
PROGRAMS = {
    "id": "TEXT PRIMARY KEY", "code": "TEXT NOT NULL", "language": "TEXT NOT NULL", "parent_id": "TEXT",
    "archive_inspiration_ids": "TEXT", "top_k_inspiration_ids": "TEXT", "generation": "INTEGER NOT NULL",
    "timestamp": "REAL NOT NULL", "code_diff": "TEXT", "combined_score": "REAL", "public_metrics": "TEXT",
    "private_metrics": "TEXT", "text_feedback": "TEXT", "complexity": "REAL", "embedding": "TEXT",
    "embedding_pca_2d": "TEXT", "embedding_pca_3d": "TEXT", "embedding_cluster_id": "INTEGER",
    "correct": "BOOLEAN DEFAULT 0", "children_count": "INTEGER NOT NULL DEFAULT 0", "metadata": "TEXT",
    "migration_history": "TEXT", "island_idx": "INTEGER", "system_prompt_id": "TEXT",
}  # fmt: skip
_LOG = "id INTEGER PRIMARY KEY AUTOINCREMENT, generation INTEGER NOT NULL, status TEXT NOT NULL, details TEXT, created_at REAL NOT NULL"
SCHEMA = (
    f"CREATE TABLE programs ({', '.join(f'{name} {kind}' for name, kind in PROGRAMS.items())})",
    "CREATE INDEX idx_programs_generation ON programs (generation)",
    "CREATE INDEX idx_programs_parent_id ON programs (parent_id)",
    "CREATE INDEX idx_programs_island_idx ON programs (island_idx)",
    "CREATE TABLE archive (program_id TEXT PRIMARY KEY REFERENCES programs (id) ON DELETE CASCADE)",
    "CREATE TABLE metadata_store (key TEXT PRIMARY KEY, value TEXT)",
    f"CREATE TABLE generation_event_log ({_LOG}, source_job_id TEXT)",
    f"CREATE TABLE attempt_log ({_LOG}, stage TEXT NOT NULL)",
    # Gone with the connection.
    "CREATE TEMP TABLE costs (generation INTEGER, kind TEXT, cost REAL, PRIMARY KEY (generation, kind))",
    "CREATE TEMP TABLE answers (generation INTEGER PRIMARY KEY, answer TEXT)",
)
# What it calls the costs of a program, by what a call was for; all others are about the search.
KINDS = {
    Purpose.PROPOSAL: "api_costs",
    Purpose.REPAIR: "api_costs",
    Purpose.BOOTSTRAP: "api_costs",
    Purpose.EMBEDDING: "embed_cost",
    Purpose.NOVELTY: "novelty_cost",
}
META = "meta_cost"
# Embeddings that are read at once, the digits that are kept of them, and the groups that they are coloured by.
EMBEDDINGS, DIGITS, GROUPS = 500, 6, 4


async def write(reader: EvolutionReader, order: Order) -> Written:
    """Writes `programs.sqlite`.

    Raises:
        ConfigError: It cannot be written there.
        DatabaseError: The record cannot be read.
    """
    with (
        appearing(order.folder, [FILE], overwrite=order.overwrite) as places,
        closing(sqlite3.connect(places[FILE], isolation_level=None)) as file,
    ):
        file.execute("PRAGMA journal_mode = OFF")  # it is made anew, or not at all
        file.execute("BEGIN")
        for statement in SCHEMA:
            file.execute(statement)
        counts = {"programs": await _write_programs(reader, file)}
        await _write_descent(reader, file)
        await _write_archive(reader, file)
        unknown = await _write_calls(reader, file, texts=order.texts)
        _tell_costs(file)
        await _write_map(reader, file)
        counts["failures"] = await _write_failures(reader, file)
        apart = file.execute("SELECT total(cost) FROM costs WHERE generation < 0").fetchone()[0]
        file.execute("COMMIT")
    notes = (
        [f"${apart:.4f} of questions about the search itself belong to no program and are not in it"] if apart else []
    )
    if unknown:
        notes.append(f"{unknown} calls have an unknown cost, which counts as 0 there")
    return Written(order.folder / FILE, counts, tuple(notes))


async def _write_programs(reader: EvolutionReader, file: sqlite3.Connection) -> int:
    insert = f"INSERT INTO programs ({', '.join(PROGRAMS)}) VALUES ({', '.join(f':{name}' for name in PROGRAMS)})"
    count, last, best = 0, 0, (float("-inf"), "")
    async for record, source in with_sources(reader, TEXTS):
        file.execute(insert, dict.fromkeys(PROGRAMS) | _values(record, source))
        count, last = count + 1, max(last, record.generation)
        if record.correct and record.score is not None and record.score > best[0]:
            best = record.score, record.id
    file.executemany(
        "INSERT INTO metadata_store VALUES (?, ?)",
        [("last_iteration", str(last)), ("best_program_id", best[1] or None)],
    )
    return count


def _values(record: ProgramRecord, source: Source) -> dict[str, Any]:
    told = record.texts
    metadata: dict[str, Any] = {
        "patch_name": record.name,
        "patch_type": record.patch_type or "init",
        "patch_description": told["description"],
        "model_name": record.model,
        "compute_time": record.evaluation_seconds,
        "stderr_log": told["error"],
        "language": record.language,
    }
    return {
        "id": record.id,
        "code": source.text if source.single else one_text(source),
        "language": record.language,
        "parent_id": record.parent_id,
        "top_k_inspiration_ids": "[]",
        "generation": record.generation,
        "timestamp": moment(record.created_at).timestamp(),
        "code_diff": told["diff"],
        "combined_score": record.score or 0.0,  # as it has it of programs without one
        "public_metrics": json.dumps(told["public_metrics"]),
        "private_metrics": json.dumps(told["private_metrics"]),
        "text_feedback": told["text_feedback"] or told["error"],
        "complexity": 0.0,
        "embedding": "[]",
        "correct": int(record.correct),
        "children_count": 0,
        "metadata": json.dumps(metadata),
        "migration_history": "[]",
        "island_idx": record.island,
        "system_prompt_id": record.system_prompt_id,
    }


def one_text(source: Source) -> str:
    """The files of a folder one after the other, each under its path; of data its size."""
    return "\n".join(
        f"### FILE {file.path}\n" + (f"({file.size} bytes of data)\n" if file.is_data else file.text)
        for file in source.files
    )


async def _write_descent(reader: EvolutionReader, file: sqlite3.Connection) -> None:
    async for descent in reader.lineage():
        file.execute(
            "UPDATE programs SET archive_inspiration_ids = ? WHERE id = ?",
            (json.dumps(descent.inspirations), descent.id),
        )
    file.execute(
        "UPDATE programs SET children_count = (SELECT count(*) FROM programs c WHERE c.parent_id = programs.id)"
    )


async def _write_archive(reader: EvolutionReader, file: sqlite3.Connection) -> None:
    """Its members, which the record tells: nothing stores them."""
    events, settings = [event async for event in reader.events()], await reader.settings()
    members = await asyncio.to_thread(archive_of, events, settings)
    # Of those that were written: a run that goes on has more by now.
    file.executemany("INSERT INTO archive SELECT id FROM programs WHERE id = ?", [(member,) for member in members])


async def _write_calls(reader: EvolutionReader, file: sqlite3.Connection, *, texts: bool) -> int:
    """Returns of how many calls the cost is unknown."""
    unknown = 0
    async for call in reader.calls(texts=texts):
        kind = next((kind for purpose, kind in KINDS.items() if purpose == call.purpose), META)
        file.execute(
            "INSERT INTO costs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET cost = cost + excluded.cost",
            (call.generation, kind, call.cost or 0.0),
        )
        if texts and kind == "api_costs" and call.status == "answered":
            file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", (call.generation, json.dumps(_result(call))))
        unknown += call.cost is None
    return unknown


def _result(call: CallRecord) -> dict[str, Any]:
    messages = call.messages or ()
    return {
        "content": call.answer,
        "msg": "\n\n".join(text for role, text in messages if role != "system"),
        "system_msg": "\n\n".join(text for role, text in messages if role == "system"),
        "model_name": call.model,
        "kwargs": call.options or {},
        "input_tokens": call.usage.input_tokens,
        "output_tokens": call.usage.output_tokens,
        "thinking_tokens": call.usage.reasoning_tokens,
        "cost": call.cost or 0.0,
    }


def _tell_costs(file: sqlite3.Connection) -> None:
    for kind in dict.fromkeys([*KINDS.values(), META]):
        mine = "(SELECT cost FROM costs WHERE costs.generation = programs.generation AND kind = ?)"
        file.execute(
            f"UPDATE programs SET metadata = json_set(metadata, ?, coalesce({mine}, 0.0))", (f"$.{kind}", kind)
        )
    answer = "(SELECT answer FROM answers WHERE answers.generation = programs.generation)"
    file.execute(
        f"UPDATE programs SET metadata = json_set(metadata, '$.llm_result', json({answer})) "
        "WHERE generation IN (SELECT generation FROM answers)"
    )


async def _write_failures(reader: EvolutionReader, file: sqlite3.Connection) -> int:
    count = 0
    async for one in reader.generations():
        if one.failure is None:
            continue
        costs = dict(file.execute("SELECT kind, cost FROM costs WHERE generation = ?", (one.number,)).fetchall())
        details = costs | {
            "node_kind": "failed_proposal",
            "failure_stage": one.failure.step,
            "failure_class": one.failure.reason,
            "failure_reason": one.failure.detail or one.failure.reason,
        }
        file.execute(
            "INSERT INTO attempt_log (generation, stage, status, details, created_at) VALUES (?, ?, 'failed', ?, ?)",
            (one.number, one.failure.step, json.dumps(details), moment(one.updated_at).timestamp()),
        )
        count += 1
    return count


async def _write_map(reader: EvolutionReader, file: sqlite3.Connection) -> None:
    """Embeddings, and where they lie on a map of all of them."""
    components: Components | None = None
    async for ids, vectors in _embeddings(reader):
        components = components or Components(vectors.shape[1])
        components.add(vectors)
        numbers = [json.dumps(vector) for vector in vectors.round(DIGITS).tolist()]
        file.executemany("UPDATE programs SET embedding = ? WHERE id = ?", zip(numbers, ids, strict=True))
    if components is None:
        return
    mean, axes = components.axes()
    found = [(ids, (vectors - mean) @ axes) async for ids, vectors in _embeddings(reader)]
    ids = [each for some, _ in found for each in some]
    points = np.vstack([places for _, places in found])
    rows = [
        (json.dumps(place[:2]), json.dumps(place), group, key)
        for key, place, group in zip(ids, points.round(DIGITS).tolist(), groups(points, GROUPS).tolist(), strict=True)
    ]
    file.executemany(
        "UPDATE programs SET embedding_pca_2d = ?, embedding_pca_3d = ?, embedding_cluster_id = ? WHERE id = ?", rows
    )


async def _embeddings(reader: EvolutionReader) -> AsyncIterator[tuple[list[str], Floats]]:
    """Ids of programs and their embeddings, `(n, d)`, of one width."""
    width = 0
    async for some in at_once(reader.programs(), EMBEDDINGS):
        found = await reader.embeddings(some)
        width = width or next((len(vector) for vector in found.values()), 0)
        fit = {key: vector for key, vector in found.items() if len(vector) == width}
        if fit:
            yield list(fit), np.array(list(fit.values()), dtype=np.float64)
