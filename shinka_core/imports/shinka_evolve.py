"""Runs of ShinkaEvolve: its SQLite database, as its releases up to 0.0.7 write it; of a run under way, what is there."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shinka_core.costs import both
from shinka_core.imports.foreign import (
    NOT_TOLD,
    ForeignCall,
    ForeignFailure,
    ForeignProgram,
    ForeignRun,
    broken,
    count_of,
    list_of,
    mapping_of,
    number_of,
    scored_by,
    vector_of,
    words,
)
from shinka_core.program import Purpose, Usage

SYSTEM = "ShinkaEvolve"
# What it calls its database, now and before.
FILES = ("programs.sqlite", "evolution_db.sqlite")
NEEDED = {"id", "code", "language", "generation", "combined_score", "correct"}
# What it spends on a program beside the questions for it, by name.
COSTS = {"embed_cost": Purpose.EMBEDDING, "novelty_cost": Purpose.NOVELTY, "meta_cost": Purpose.ADVICE}
INSPIRATIONS = ("archive_inspiration_ids", "top_k_inspiration_ids")
# Where a program that is a copy for another island says of which.
COPIES = ("_original_program_id", "_spawned_from_program_id")


def find(place: Path) -> Path | None:
    """Its database in a results folder, or the place itself if that is one."""
    if place.is_dir():
        return next((place / name for name in FILES if (place / name).is_file()), None)
    return place if place.is_file() and _columns(place) >= NEEDED else None


def read(file: Path, score: str | None = None) -> ForeignRun:
    """Reads a run; nothing is changed.

    Args:
        score: Name of the public metric that is the score; None for its `combined_score`.

    Raises:
        ConfigError: It is damaged, of another layout, or has no such metric.
    """
    if missing := sorted(NEEDED - _columns(file)):
        raise broken(SYSTEM, file, f"its table of programs lacks {', '.join(missing)}")
    try:
        with closing(_opened(file)) as connection:
            programs = [
                _program(dict(row), score) for row in connection.execute("SELECT * FROM programs ORDER BY rowid")
            ]
            failures = _failures(connection)
    except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
        raise broken(SYSTEM, file, error) from error
    if not programs:
        raise broken(SYSTEM, file, "it holds no program")
    if score is not None and all(program.score is None for program in programs):
        raise scored_by(SYSTEM, file, score, programs[0].public_metrics)
    name = file.absolute().parent.name if file.name in FILES else file.stem
    return ForeignRun(SYSTEM, file, name, tuple(programs), tuple(failures))


def _opened(file: Path) -> sqlite3.Connection:
    # Where nothing may be written beside it, SQLite could not look whether somebody has it open.
    alone = not os.access(file.parent, os.W_OK) and not Path(f"{file}-wal").exists()
    mode = "mode=ro&immutable=1" if alone else "mode=ro"
    connection = sqlite3.connect(f"file:{quote(os.fsencode(file.absolute()))}?{mode}", uri=True, timeout=30)
    connection.row_factory = sqlite3.Row
    return connection


def _columns(file: Path) -> set[str]:
    """The columns of its table of programs; none where there is no such table, or no database."""
    try:
        with closing(_opened(file)) as connection:
            return {row["name"] for row in connection.execute("PRAGMA table_info(programs)")}
    except sqlite3.Error:
        return set()


def _json(value: object) -> Any:
    return json.loads(value) if isinstance(value, str) and value else None


def _program(row: Mapping[str, Any], score: str | None) -> ForeignProgram:
    metadata, public = mapping_of(_json(row.get("metadata"))), mapping_of(_json(row.get("public_metrics")))
    correct = bool(row["correct"])
    scored = number_of(row["combined_score"] if score is None else public.get(score))
    shown = [each for name in INSPIRATIONS for each in list_of(_json(row.get(name)))]
    kind = words(metadata.get("patch_type")) or None
    model = words(metadata.get("model_name") or mapping_of(metadata.get("llm_result")).get("model_name"))
    calls = _calls(metadata, model)
    return ForeignProgram(
        id=str(row["id"]),
        number=int(row["generation"]),
        code=str(row["code"]),
        language=str(row["language"]),
        island=int(row.get("island_idx") or 0),
        # Of what is not correct it has 0.
        score=None if not correct and not scored else scored,
        correct=correct and scored is not None,
        moment=float(row.get("timestamp") or 0.0),
        parent_id=row.get("parent_id"),
        copy_of=next((str(metadata[name]) for name in COPIES if metadata.get(name)), None),
        inspirations=tuple(dict.fromkeys(map(str, shown))),
        name=words(metadata.get("patch_name")),
        description=words(metadata.get("patch_description")),
        patch_type=None if kind == "init" else kind,
        model=model,
        cost=reduce(both, (call.cost for call in calls), 0.0),
        seconds=number_of(metadata.get("compute_time")) or 0.0,
        diff=words(row.get("code_diff")),
        text_feedback=words(row.get("text_feedback")),
        error="" if correct else words(metadata.get("stderr_log")),
        public_metrics=public,
        private_metrics=mapping_of(_json(row.get("private_metrics"))),
        calls=calls,
        embedding=vector_of(_json(row.get("embedding"))),
    )


def _calls(metadata: Mapping[str, Any], model: str) -> tuple[ForeignCall, ...]:
    """The answer that made the program, with what all answers for it came to, and what else was paid."""
    told, paid = mapping_of(metadata.get("llm_result")), number_of(metadata.get("api_costs"))
    usage = Usage(
        count_of(told.get("input_tokens")),
        count_of(told.get("output_tokens")),
        0,
        count_of(told.get("thinking_tokens")),
    )
    said = {
        "system": words(told.get("system_msg")),
        "user": words(told.get("msg")),
        "answer": words(told.get("content")),
    }
    asked = [ForeignCall(Purpose.PROPOSAL, model or NOT_TOLD, paid, **said, usage=usage)] if told or paid else []
    others = [(purpose, number_of(metadata.get(name)) or 0.0) for name, purpose in COSTS.items()]
    return (*asked, *(ForeignCall(purpose, NOT_TOLD, cost) for purpose, cost in others if cost))


def _failures(connection: sqlite3.Connection) -> list[ForeignFailure]:
    """The last word on each generation that failed; releases of before kept none."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'attempt_log'").fetchone():
        return []
    found: dict[int, ForeignFailure] = {}
    query = "SELECT generation, stage, details, created_at FROM attempt_log WHERE status = 'failed' ORDER BY id"
    for generation, stage, details, moment in connection.execute(query):
        told = mapping_of(_json(details))
        if told.get("node_kind") == "failed_proposal":
            found[generation] = ForeignFailure(
                number=int(generation),
                step=words(told.get("failure_stage") or stage),
                reason=words(told.get("failure_class")) or "failed",
                detail=words(told.get("failure_reason")),
                moment=float(moment),
            )
    return list(found.values())
