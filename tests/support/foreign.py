"""Runs of other systems for the tests, in the layouts that their own classes wrote (ShinkaEvolve 0.0.7, OpenEvolve 0.4.1)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

CODE = "# EVOLVE-BLOCK-START\nvalue = {}\n# EVOLVE-BLOCK-END\n"


def shinka_database(file: Path, rows: list[Mapping[str, Any]], failed: Mapping[int, str] | None = None) -> Path:
    """A database of ShinkaEvolve; each row says what is not usual of a program."""
    columns = (
        "id TEXT PRIMARY KEY, code TEXT NOT NULL, language TEXT NOT NULL, parent_id TEXT, archive_inspiration_ids TEXT, "
        "top_k_inspiration_ids TEXT, generation INTEGER NOT NULL, timestamp REAL NOT NULL, code_diff TEXT, "
        "combined_score REAL, public_metrics TEXT, private_metrics TEXT, text_feedback TEXT, correct BOOLEAN, "
        "metadata TEXT, island_idx INTEGER"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"CREATE TABLE programs ({columns})")
        for number, row in enumerate(rows):
            usual = {
                "id": f"s{number}", "code": CODE.format(number), "language": "python", "generation": number,
                "timestamp": 1.7e9 + number, "combined_score": float(number), "correct": 1, "island_idx": 0,
                "public_metrics": "{}", "metadata": "{}",
            }  # fmt: skip
            values = usual | dict(row)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO programs ({', '.join(values)}) VALUES ({marks})", list(values.values()))
        if failed is not None:
            connection.execute(
                "CREATE TABLE attempt_log (id INTEGER PRIMARY KEY, generation INTEGER, stage TEXT, status TEXT, details TEXT, "
                "created_at REAL)"
            )
            for generation, why in failed.items():
                details = {
                    "node_kind": "failed_proposal",
                    "failure_stage": "proposal",
                    "failure_class": "patch",
                    "failure_reason": why,
                }
                connection.execute(
                    "INSERT INTO attempt_log (generation, stage, status, details, created_at) VALUES (?, 'proposal', 'failed', ?, 1.7e9)",
                    (generation, json.dumps(details)),
                )
    return file


def checkpoint(folder: Path, rows: list[Mapping[str, Any]], islands: list[list[str]]) -> Path:
    """A checkpoint of OpenEvolve."""
    (folder / "programs").mkdir(parents=True)
    for number, row in enumerate(rows):
        usual = {
            "id": f"o{number}", "code": CODE.format(number), "changes_description": f"change {number}", "language": "python",
            "parent_id": None, "generation": number, "timestamp": 1.7e9 + number, "iteration_found": number,
            "metrics": {"combined_score": float(number)}, "complexity": 0.0, "diversity": 0.0, "metadata": {},
            "prompts": None, "artifacts_json": None, "artifact_dir": None, "embedding": None,
        }  # fmt: skip
        told = usual | dict(row)
        (folder / "programs" / f"{told['id']}.json").write_text(json.dumps(told))
    metadata = {"islands": islands, "archive": [], "best_program_id": None, "last_iteration": len(rows)}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder
