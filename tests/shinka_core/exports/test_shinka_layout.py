"""The database of ShinkaEvolve: the numbers of the record under the names that its viewer looks for."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka_core.database import EvolutionReader
from shinka_core.exports.forms import FORMS
from shinka_core.exports.order import Order
from shinka_core.exports.shinka import one_text
from tests.shinka_core.database.test_programs import unit
from tests.support.folders import package
from tests.support.hostile import FAILED, HOSTILE, begun, fill


async def exported(folder: Path, **order: Any) -> tuple[sqlite3.Connection, list[Any]]:
    """The database, open, and the programs that it was made of."""
    db, name = await begun(folder)
    programs = await fill(db)
    await db.__aexit__()
    async with EvolutionReader.open(folder / "e.sqlite", name) as reader:
        written = await FORMS["shinka"](reader, Order(folder / "out", **order))
    assert written.place == folder / "out" / "programs.sqlite"
    assert written.counts == {"programs": 6, "failures": 1}
    connection = sqlite3.connect(written.place)
    connection.row_factory = sqlite3.Row
    return connection, programs


async def test_programs_are_what_they_were(tmp_path: Path) -> None:
    file, programs = await exported(tmp_path)
    rows = file.execute("SELECT * FROM programs ORDER BY generation").fetchall()
    for row, program in zip(rows, programs, strict=True):
        assert (row["id"], row["parent_id"], row["code"]) == (program.id, program.parent_id, program.code)
        assert (row["generation"], row["combined_score"]) == (program.generation, program.score or 0.0)
        assert bool(row["correct"]) is program.correct
        assert json.loads(row["private_metrics"]) == program.private_metrics
        assert json.loads(row["archive_inspiration_ids"]) == list(program.inspiration_ids)
        told = json.loads(row["metadata"])
        assert (told["patch_name"], told["model_name"]) == (HOSTILE, HOSTILE)
        assert "llm_result" not in told
        vector = json.loads(row["embedding"])
        assert np.allclose(vector, unit(program.generation), atol=1e-6)
        assert json.loads(row["embedding_pca_2d"]) == json.loads(row["embedding_pca_3d"])[:2]
        assert row["embedding_cluster_id"] in range(4)
    assert [row["children_count"] for row in rows] == [5, 0, 0, 0, 0, 0]
    costs = [json.loads(row["metadata"])["api_costs"] for row in rows]
    assert costs == [0.0, 0.25, 0.0, 0.0, 0.0, 0.0]
    store = dict(file.execute("SELECT key, value FROM metadata_store").fetchall())
    assert store == {"last_iteration": "6", "best_program_id": programs[-1].id}
    members = [member for (member,) in file.execute("SELECT program_id FROM archive")]
    assert sorted(members) == sorted(program.id for program in programs if program.correct)
    file.close()


async def test_failures_are_those_of_its_viewer(tmp_path: Path) -> None:
    file, _ = await exported(tmp_path, texts=True)
    (failed,) = file.execute(
        "SELECT generation, status, details FROM attempt_log WHERE json_extract(details, '$.node_kind') = 'failed_proposal'"
    ).fetchall()
    assert (failed["generation"], failed["status"]) == (FAILED, "failed")
    details = json.loads(failed["details"])
    assert (details["failure_stage"], details["failure_reason"]) == ("patch", HOSTILE)
    assert details["api_costs"] == 0.5
    answer = json.loads(file.execute("SELECT metadata FROM programs WHERE generation = 1").fetchone()[0])["llm_result"]
    assert (answer["content"], answer["msg"], answer["system_msg"]) == (HOSTILE, HOSTILE, HOSTILE)
    file.close()


def test_a_folder_is_one_text_with_its_paths() -> None:
    text = one_text(package())
    assert "### FILE inner/rules.py\n" in text
    assert "### FILE table.bin\n(256 bytes of data)" in text


@pytest.mark.parametrize("form", ["jsonl", "shinka"])
async def test_an_empty_evolution_is_an_empty_export(tmp_path: Path, form: str) -> None:
    db, name = await begun(tmp_path)
    await db.__aexit__()
    async with EvolutionReader.open(tmp_path / "e.sqlite", name) as reader:
        assert (await FORMS[form](reader, Order(tmp_path / "out"))).counts["programs"] == 0
