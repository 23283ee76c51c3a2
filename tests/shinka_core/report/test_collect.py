"""What a report says of a record is what the record says."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from shinka_core.database import EvolutionReader
from shinka_core.report.build import Place, build
from shinka_core.report.collect import collect
from shinka_core.report.points import plane
from tests.support.long_run import NAME, write_long_run
from tests.support.runs import rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("long")
    asyncio.run(write_long_run(made, 200))
    return made


def packed(page: str, name: str) -> dict:
    found = re.search(rf'id="{name}">([^<]*)<', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found.group(1))))


async def test_columns_are_the_rows_of_the_database(folder: Path) -> None:
    async with EvolutionReader.open(folder) as reader:
        found = await collect(reader)
    programs = found["programs"]
    known = rows(folder, "SELECT generation, score, correct, island, name FROM programs ORDER BY sequence")
    assert (
        list(zip(*(programs[name] for name in ("generation", "score", "correct", "island", "name")), strict=True))
        == known
    )
    parents = rows(
        folder,
        "SELECT p.generation, q.generation FROM programs p JOIN programs q ON q.id = p.parent_id ORDER BY p.sequence",
    )
    place = programs["generation"]
    assert [(place[at], place[of]) for at, of in enumerate(programs["parent"]) if of >= 0] == parents
    assert found["failures"]["generation"] == [
        number for (number,) in rows(folder, "SELECT number FROM generations WHERE state = 'failed' ORDER BY number")
    ]
    assert sum(found["calls"]["cost"]) == pytest.approx(rows(folder, "SELECT sum(cost) FROM model_calls")[0][0])
    assert len(found["archive"]) == 40
    best = max(score for score, correct in zip(programs["score"], programs["correct"], strict=True) if correct)
    assert max(programs["score"][at] for at in found["archive"]) == best
    assert sum(found["arms"]["better"]) <= sum(pulls[-1] for pulls in found["arms"]["pulls"])
    json.dumps(found, allow_nan=False)


async def test_a_page_holds_every_text_and_leaves_prompts_out_by_size_alone(folder: Path) -> None:
    page = await build([Place(str(folder))])
    texts, (run,) = packed(page, "texts"), packed(page, "runs")
    mine = texts["runs"][0]

    def text(spans: list[int]) -> str:
        return "\n".join(
            line
            for first, count in zip(spans[::2], spans[1::2], strict=True)
            for line in texts["lines"][first : first + count]
        )

    sources = dict(rows(folder, "SELECT p.generation, s.text FROM programs p JOIN sources s ON s.digest = p.source"))
    shown = {
        number: text(mine["files"][digest][""])
        for number, digest in zip(run["programs"]["generation"], run["programs"]["files"], strict=True)
    }
    assert shown == sources
    answers = [
        answer
        for (answer,) in rows(
            folder, "SELECT t.answer FROM model_calls c JOIN model_call_texts t ON t.id = c.texts ORDER BY c.id"
        )
    ]
    assert [text(mine["calls"][str(index)]["answer"]) for index in range(len(answers))] == answers
    assert mine["left_out"] == []

    small = packed(await build([Place(str(folder))], prompts=0), "texts")["runs"][0]
    assert 100 < len(small["left_out"]) < len(answers)
    assert set(small["files"]) == set(mine["files"])
    best = rows(folder, "SELECT generation FROM programs WHERE correct ORDER BY score DESC LIMIT 1")[0][0]
    assert best not in small["left_out"]


async def test_several_runs_are_on_one_page(folder: Path) -> None:
    found = packed(await build([Place(str(folder)), Place(str(folder / "evolution.sqlite"), NAME)]), "runs")
    assert [run["name"] for run in found] == [NAME, NAME]


def test_programs_that_are_alike_lie_together() -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(2, 8))
    vectors = [(middles[number % 2] + 0.01 * rng.normal(size=8)).astype(np.float32) for number in range(40)]
    found = plane([*vectors, None, np.ones(3, dtype=np.float32)])
    assert found[40:] == [None, None]
    places = np.array(found[:40], dtype=float)
    assert np.ptp(places[::2, 0]) < 0.2 * abs(places[::2, 0].mean() - places[1::2, 0].mean())
    assert plane(vectors) == plane(vectors)
    assert plane([None, vectors[0]]) == [None, None]
