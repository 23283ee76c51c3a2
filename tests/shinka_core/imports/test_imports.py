"""Runs of other systems as evolutions of ours: the same numbers, and one clear message for what cannot be read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import EvolutionReader
from shinka_core.database.records import ProgramRecord
from shinka_core.errors import ConfigError
from shinka_core.exports.forms import FORMS
from shinka_core.exports.order import Order
from shinka_core.exports.tables import moment
from shinka_core.imports.conversion import convert, converted
from shinka_core.imports.places import is_foreign, read_foreign
from shinka_core.record import Recorded
from tests.shinka_core.database.test_programs import unit
from tests.support.foreign import CODE, checkpoint, shinka_database
from tests.support.hostile import HOSTILE, begun, fill


@asynccontextmanager
async def imported(where: Path, score: str | None = None) -> AsyncIterator[tuple[EvolutionReader, list[ProgramRecord]]]:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(converted(read_foreign(str(where), score)))
        reader = await stack.enter_async_context(EvolutionReader.open(place))
        columns = ("description", "text_feedback", "private_metrics", "public_metrics", "error")
        yield reader, [record async for record in reader.programs(columns=columns)]


async def homes(reader: EvolutionReader) -> list[tuple[int, tuple[int, ...]]]:
    return [(e.generation, e.islands) async for e in reader.events() if isinstance(e, Recorded)]


async def test_what_is_exported_to_shinka_evolve_comes_back(tmp_path: Path, database_url: str | None) -> None:
    db, name = await begun(tmp_path, database_url)
    programs = await fill(db)
    await db.__aexit__()
    async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", name) as reader:
        before = [record async for record in reader.programs()]
        await FORMS["shinka"](reader, Order(tmp_path / "shinka"))
    config = DatabaseConfig(db_path=database_url or "e.sqlite")
    back = f"{name}-back"
    assert await convert(read_foreign(str(tmp_path / "shinka")), config, tmp_path, back) == len(programs)
    async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", back) as reader:
        after = [record async for record in reader.programs(columns=("private_metrics", "public_metrics"))]
        for was, program, now in zip(before, programs, after, strict=True):
            assert (now.generation, now.score, now.correct) == (was.generation, was.score, was.correct)
            assert (now.name, now.model) == (was.name, was.model)
            assert abs((moment(now.created_at) - moment(was.created_at)).total_seconds()) < 1e-5
            assert (await reader.source(now.id)).text == program.code
            assert now.texts["public_metrics"] == program.public_metrics
            kept = now.texts["private_metrics"].pop("imported")
            assert kept == {"id": was.id, "generation": was.generation}
            assert now.texts["private_metrics"] == program.private_metrics
        assert [record.parent_id for record in after] == [None, *[after[0].id] * 5]
        vectors = await reader.embeddings(after)
        assert all(np.allclose(vectors[record.id], unit(record.generation), atol=1e-5) for record in after)
        failed = [one async for one in reader.generations() if one.failure]
        assert [(one.number, one.failure and one.failure.detail) for one in failed] == [(2, HOSTILE)]


async def test_copies_for_other_islands_are_one_program(tmp_path: Path) -> None:
    copy = {
        "metadata": json.dumps({"_is_island_copy": True, "_original_program_id": "s0"}),
        "generation": 0,
        "island_idx": 1,
    }
    told = {
        "patch_name": "n",
        "patch_type": "diff",
        "patch_description": "d",
        "api_costs": 0.25,
        "novelty_cost": 0.5,
        "model_name": "m",
        "llm_result": {
            "content": HOSTILE,
            "msg": "question",
            "system_msg": "be good",
            "input_tokens": 7,
            "output_tokens": 3,
        },
    }
    rows = [
        {},
        copy | {"id": "copy", "timestamp": 1.7e9},
        {
            "generation": 1,
            "parent_id": "copy",
            "metadata": json.dumps(told),
            "top_k_inspiration_ids": '["copy", "gone"]',
        },
        {"generation": 2, "parent_id": "gone", "correct": 0, "combined_score": 0.0},
    ]
    async with imported(
        shinka_database(tmp_path / "run" / "evolution_db.sqlite", rows, {3: "no diff", 1: "was retried"}).parent
    ) as (reader, programs):
        assert reader.name == "run"
        assert [(p.generation, p.score, p.correct) for p in programs] == [
            (0, 0.0, True),
            (1, 2.0, True),
            (2, None, False),
        ]
        assert [p.parent_id for p in programs] == [None, programs[0].id, None]
        assert (programs[1].name, programs[1].patch_type, programs[1].model, programs[1].cost) == (
            "n",
            "diff",
            "m",
            0.75,
        )
        assert await homes(reader) == [(0, (0, 1)), (1, (0,)), (2, (0,))]
        asked, judged = [call async for call in reader.calls(texts=True)]
        assert (asked.purpose, asked.model, asked.cost, asked.generation) == ("proposal", "m", 0.25, 1)
        assert (asked.messages, asked.answer) == ((("system", "be good"), ("user", "question")), HOSTILE)
        assert (asked.usage.input_tokens, asked.usage.output_tokens) == (7, 3)
        assert (judged.purpose, judged.cost, judged.messages) == ("novelty", 0.5, ())
        assert [one.inspirations async for one in reader.lineage()] == [(), (programs[0].id,), ()]
        assert moment(programs[1].created_at) == datetime.fromtimestamp(1.7e9 + 2, UTC)
        ends = [(one.number, one.state.value) async for one in reader.generations()]
        assert ends == [(0, "recorded"), (1, "recorded"), (2, "recorded"), (3, "failed")]


async def test_a_checkpoint_is_what_was_kept(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"metrics": {"combined_score": 0.5, "speed": 2.0}, "artifacts_json": '{"stderr": "a warning"}'},
        {"parent_id": "o0", "timestamp": 1.6e9},  # its clock was behind its parent's
        {"id": "m1", "parent_id": "o1", "metadata": {"migrant": True, "island": 1}, "iteration_found": 0},
        {"parent_id": "gone", "metrics": {"error": 0.0, "timeout": True}},
        {"id": "m2", "parent_id": "gone", "metadata": {"migrant": True, "island": 2}, "iteration_found": 0},
        {"id": "m3", "parent_id": "gone", "metadata": {"migrant": True, "island": 0}, "iteration_found": 0},
        {
            "parent_id": "m3",
            "metadata": {"llm_model": "m", "evolution_mode": "diff", "token_usage": {"prompt_tokens": 5}},
            "prompts": {"diff_user": {"system": "be good", "user": "question", "responses": ["answer"]}},
        },
    ]
    islands = [["o0", "o1", "m3", "o3"], ["m1", "o6"], ["m2"]]
    folder = checkpoint(tmp_path / "out" / "checkpoints" / "checkpoint_9", rows, islands)
    checkpoint(tmp_path / "out" / "checkpoints" / "checkpoint_10", rows[:1], [["o0"]])
    async with imported(tmp_path / "out") as (reader, programs):
        assert (reader.name, len(programs)) == ("out-checkpoint_10", 1)
    async with imported(folder) as (reader, programs):
        scores = [(p.score, p.correct) for p in programs]
        assert scores == [(0.5, True), (1.0, True), (4.0, True), (None, False), (6.0, True)]
        # Its copies stand for a program that is gone.
        assert [p.parent_id for p in programs] == [None, programs[0].id, None, programs[2].id, programs[2].id]
        assert (programs[4].model, programs[4].patch_type) == ("m", "diff")
        (call,) = [call async for call in reader.calls(texts=True)]
        assert (call.generation, call.model, call.answer) == (programs[4].generation, "m", "answer")
        assert (call.messages, call.usage.input_tokens) == ((("system", "be good"), ("user", "question")), 5)
        # It keeps no costs: only what was given cost nothing.
        assert (programs[0].cost, programs[4].cost, call.cost) == (0.0, None, None)
        assert programs[0].texts["text_feedback"] == "stderr: a warning"
        assert programs[0].texts["public_metrics"] == {"speed": 2.0}
        assert (await reader.source(programs[4].id)).text == CODE.format(6)
        assert sorted(islands for _, islands in await homes(reader)) == [(0,), (0,), (0, 1), (0, 2), (1,)]


async def test_odd_values_are_taken_as_far_as_they_mean_something(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "language": "C++",
            "timestamp": 1e300,
            "public_metrics": f'{{"huge": 1{"0" * 400}, "no": NaN}}',
            "code": "a\x00b",
        },
        {"generation": 2**40, "combined_score": "no number", "text_feedback": HOSTILE, "island_idx": -3},
        {"generation": -1, "parent_id": "s3", "id": "s2"},
        {"generation": 5, "parent_id": "s2", "id": "s3"},  # each is the other's parent
    ]
    async with imported(shinka_database(tmp_path / "x.sqlite", rows)) as (reader, programs):
        assert [(p.generation, p.language) for p in programs] == [
            (0, "python"),
            (1, "python"),
            (2, "python"),
            (3, "cpp"),
        ]
        assert (await reader.source(programs[3].id)).text == "ab"
        assert programs[3].texts["public_metrics"] == {"huge": 10**400, "no": None}
        assert (programs[0].score, programs[0].correct, programs[0].island) == (None, False, 0)
        assert programs[0].texts["text_feedback"] == HOSTILE
        assert sorted(p.parent_id is not None for p in programs) == [False, False, False, True]
    with pytest.raises(ConfigError, match="island 20000 is more than the 10000"):
        async with converted(read_foreign(str(shinka_database(tmp_path / "y.sqlite", [{"island_idx": 20_000}])))):
            pass


async def test_the_score_may_be_another_metric(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "checkpoint_1", [{"metrics": {"speed": 3.0, "memory": 9.0}}], [["o0"]])
    with pytest.raises(
        ConfigError, match=r"has the metric 'combined_score' .* its numbers are 'speed', 'memory'.*--score NAME"
    ):
        read_foreign(str(folder))
    async with imported(folder, "speed") as (_, programs):
        assert (programs[0].score, programs[0].texts["public_metrics"]) == (3.0, {"memory": 9.0})


def test_what_is_no_foreign_run_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database")
    for place in ("", "file", "none"):
        assert not is_foreign(str(tmp_path / place))
    assert not is_foreign("postgresql://host/db")
    shinka_database(tmp_path / "programs.sqlite", [{}])
    assert is_foreign(str(tmp_path))
    assert is_foreign(str(tmp_path / "programs.sqlite"))
    (tmp_path / "run.yaml").write_text("{}")
    assert not is_foreign(str(tmp_path))


async def test_what_is_broken_has_one_message(tmp_path: Path) -> None:
    whole = checkpoint(tmp_path / "checkpoints" / "checkpoint_1", [{}], [["o0"]])
    half = checkpoint(tmp_path / "checkpoints" / "checkpoint_2", [{}], [["o0"]])
    (half / "metadata.json").unlink()
    with pytest.raises(
        ConfigError, match=r"has no metadata.json, which is written last \(whole ones beside it: checkpoint_1\)"
    ):
        read_foreign(str(tmp_path / "checkpoints"))
    (whole / "programs" / "o0.json").write_text('{"id": "o0", "code": "x')
    with pytest.raises(ConfigError, match=r"o0\.json' cannot be read as a run of OpenEvolve: Unterminated string"):
        read_foreign(str(whole))
    (whole / "programs" / "o0.json").write_text('{"id": "o0"}')
    with pytest.raises(ConfigError, match="a program lacks 'code'"):
        read_foreign(str(whole))
    (whole / "programs" / "o0.json").unlink()
    with pytest.raises(ConfigError, match="it holds no program"):
        read_foreign(str(whole))
    for name, rows, why in (
        ("empty", [], "it holds no program"),
        ("json", [{"metadata": "{"}], "Expecting property name"),
        ("number", [{"generation": "none"}], "invalid literal"),
    ):
        with pytest.raises(ConfigError, match=f"cannot be read as a run of ShinkaEvolve: .*{why}"):
            read_foreign(str(shinka_database(tmp_path / name / "programs.sqlite", rows).parent))
    cut = shinka_database(tmp_path / "cut" / "programs.sqlite", [{"code": "x" * 100_000}])
    cut.write_bytes(cut.read_bytes()[:20_000])
    with pytest.raises(ConfigError, match=r"malformed|lacks"):
        read_foreign(str(cut.parent))
    with pytest.raises(ConfigError, match="no run that is understood; name the results folder"):
        read_foreign(str(tmp_path / "none"))
