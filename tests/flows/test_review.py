"""A reviewer in a whole run: what it says goes to the model, is stored, and holds no slot meanwhile."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from shinka_core.config import EvolutionConfig, InProcessJobConfig
from tests.support.model_server import ModelServer, Script
from tests.support.runs import flow_runs, generation_of, rows, settings_for

REVIEWS = "SELECT generation, attempt, turn, payload ->> 'decision' FROM generation_steps WHERE step = 'reviewed' ORDER BY 1, 2, 3"
EVALUATOR = "import runpy\ndef evaluate(program_path, results_dir): return {'combined_score': runpy.run_path(program_path)['x']}\n"
PLACE = "tests.support.beside:Scripted"


def runner(folder: Path, url: str, reviewer: Any, *, resume: bool = False, jobs: int = 1, **evolution: Any) -> Any:
    from flows.runner import AsyncEvolutionRunner

    (folder / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 0.5\ny = 1.25\nz = 7\n# EVOLVE-BLOCK-END\n")
    (folder / "evaluate.py").write_text(EVALUATOR)
    return AsyncEvolutionRunner(
        EvolutionConfig(
            **{
                "init_program_path": str(folder / "initial.py"), "results_dir": str(folder / "r"), "num_generations": 3,
                "llm_models": ["m"], "llm_base_url": url, "reviewer": reviewer,
            } | evolution
        ),
        InProcessJobConfig(eval_program_path=str(folder / "evaluate.py")),
        max_proposal_jobs=jobs, verbose=False, resume=resume, name=f"reviewed-{uuid.uuid4().hex[:8]}" if not resume else None,
    )  # fmt: skip


def told(server: ModelServer) -> list[str]:
    return [message["content"] for body in server.bodies for message in body["messages"]]


async def test_objections_are_fed_back_stored_and_counted(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "gen_1-0").write_text("reject it divides by the wrong number")
    (scripts / "gen_1-1").write_text("hint take the square root instead")
    for number in range(3):
        (scripts / f"gen_2-{number}").write_text("reject never")
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await runner(tmp_path, server.url, {"name": PLACE, "folder": str(scripts)}).run()
    assert (summary.programs, summary.failures) == (3, {"review: reject": 1})
    assert rows(tmp_path / "r", REVIEWS) == [
        (1, 0, 0, "reject"), (1, 0, 1, "hint"), (1, 0, 2, "accept"),
        (2, 0, 0, "reject"), (2, 0, 1, "reject"), (2, 0, 2, "reject"),
        (3, 0, 0, "accept"),
    ]  # fmt: skip
    words = told(server)
    assert any("does not want it run:\nit divides by the wrong number" in word for word in words)
    assert any("asks for a change first:\ntake the square root instead" in word for word in words)
    (outer,) = flow_runs(prefect_api, name={"any_": [summary.evolution]})
    (first,) = [
        run
        for run in flow_runs(prefect_api, parent_flow_run_id={"any_": [outer["id"]]})
        if generation_of(run) == "gen-0001"
    ]
    names: list[str] = []
    async with httpx.AsyncClient(trust_env=False, verify=False) as client, asyncio.timeout(90):
        while len(names) < 3:
            answer = await client.post(
                f"{prefect_api}/task_runs/filter", json={"flow_runs": {"id": {"any_": [first["id"]]}}}
            )
            names = sorted(task["name"] for task in answer.json() if task["name"].startswith("review"))
            await asyncio.sleep(0.1)
    assert names == [f"review gen-0001 try 0.{turn}" for turn in range(3)]


@pytest.mark.slow
async def test_no_slot_is_held_while_somebody_reviews(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            reviewer = {"name": PLACE, "folder": str(scripts), "seconds": 4.0}
            began = time.monotonic()
            summary = await runner(tmp_path, server.url, reviewer).run()
            seconds = time.monotonic() - began
    assert summary.programs == 4
    asked = [path.stat().st_ctime for path in scripts.glob("*.asked")]
    assert max(asked) - min(asked) < 3.0, "with one proposal slot all three were proposed during the first review"
    assert seconds < 12


async def test_a_reviewer_that_fails_uses_no_generation_up(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for number in (1, 2, 3):
        for times in range(3):
            (scripts / f"gen_{number}-{times}").write_text("break the office is closed")
    reviewer = {"name": PLACE, "folder": str(scripts)}
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            stopped = (await runner(tmp_path, server.url, reviewer).run()).stopped_early
            assert "review: ReviewError: Scripted: ConnectionError: the office is closed" in stopped
            asked = len(server.requests)
            assert rows(tmp_path / "r", "SELECT DISTINCT state FROM generations WHERE number > 0") == [("judged",)]
            for script in scripts.glob("gen_*-*"):
                script.unlink()
            summary = await runner(tmp_path, server.url, reviewer, resume=True).run()
    assert (summary.programs, summary.failures) == (4, {})
    assert len(server.requests) == asked, "the candidates were there"


@pytest.mark.slow
async def test_a_person_s_answer_survives_a_stop_and_is_read_by_the_resume(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shinka_core.reviewers import file

    monkeypatch.setattr(file, "LOOK_PERIOD", 0.05)
    folders = [tmp_path / "r" / f"gen_{number}" for number in (1, 2, 3)]

    async def asked() -> None:
        async with asyncio.timeout(180):
            while not all((folder / "review.md").exists() for folder in folders):
                await asyncio.sleep(0.05)

    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, "file")
            running = asyncio.create_task(made.run())
            await asked()
            began = time.monotonic()
            made.stop()
            stopped = await running
            assert time.monotonic() - began < 15, "nobody waits for the person"
            assert (stopped.stopped_early, stopped.programs) == ("interrupted", 1)
            for folder, answer in zip(folders, ("accept", "hint use more", "accept"), strict=True):
                (folder / "review.answer").write_text(answer)
            made = runner(tmp_path, server.url, "file", resume=True)
            running = asyncio.create_task(made.run())
            async with asyncio.timeout(180):  # the one with the hint is proposed and asked about again
                while (folders[1] / "review.answer").exists():
                    await asyncio.sleep(0.05)
            (folders[1] / "review.answer").write_text("accept")
            summary = await running
    assert (summary.programs, summary.failures) == (4, {})
    assert [(number, said) for number, _, _, said in rows(tmp_path / "r", REVIEWS)] == [
        (1, "accept"), (2, "hint"), (2, "accept"), (3, "accept"),
    ]  # fmt: skip
    assert any("use more" in word for word in told(server))
