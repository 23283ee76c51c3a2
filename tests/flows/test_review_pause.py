"""A person as the reviewer: generations wait as paused flow runs for an answer to their form."""

from __future__ import annotations

import asyncio
import signal
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from shinka_core.config import EvolutionConfig
from tests.flows.test_review import REVIEWS, runner, told
from tests.support.deployed import make_task
from tests.support.model_server import ModelServer, Script
from tests.support.reviewing import answer, form, paused
from tests.support.runs import begin, flow_runs, rows, settings_for

PROGRAMS = "SELECT generation, score, description FROM programs JOIN program_texts ON program_texts.program_id = programs.id ORDER BY 1"


async def test_every_candidate_waits_for_an_answer_to_its_form(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, review="all", stop_grace=1.0)
            running = asyncio.create_task(made.run())
            first, second, third = await paused(prefect_api, str(made.name), 3)
            assert first["name"] == "gen-0001 waits for a review"
            assert first["tags"] == ["review"]
            schema, text = await form(prefect_api, first), await form(prefect_api, first, "description")
            assert list(schema["properties"]) == ["decision", "words", "program"]
            assert "EVOLVE-BLOCK-START" in schema["properties"]["program"]["default"]
            assert "+++ candidate" in text
            await answer(first)
            await answer(second, "hint", words="take the square root")
            await answer(third, "edit", program="# EVOLVE-BLOCK-START\nx = 77.0\n# EVOLVE-BLOCK-END\n")
            (again,) = await paused(prefect_api, str(made.name))
            assert again["name"].startswith("gen-0002")
            await answer(again, "reject")
            (last,) = await paused(prefect_api, str(made.name))
            await answer(last)
            summary = await running
    assert (summary.programs, summary.failures) == (4, {})
    assert [(number, said) for number, _, _, said in rows(tmp_path / "r", REVIEWS)] == [
        (1, "accept"), (2, "hint"), (2, "reject"), (2, "accept"), (3, "edit"),
    ]  # fmt: skip
    assert any("take the square root" in word for word in told(server))
    edited = rows(tmp_path / "r", PROGRAMS)[3]
    assert edited[:2] == (3, 77.0)
    assert edited[2].endswith("(edited by a reviewer)")


async def test_an_edit_that_cannot_be_used_is_answered_with_the_reason(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, review="all", num_generations=1)
            running = asyncio.create_task(made.run())
            seed = (tmp_path / "initial.py").read_text()
            for program, why in (
                ("import os\n" + seed.replace("0.5", "0.25"), "outside of the EVOLVE-BLOCKs"),
                (seed.replace("x = 0.5", "x = (0.5"), "not valid python"),
                (seed, "leaves the program as it was"),
            ):
                (waiting,) = await paused(prefect_api, str(made.name))
                await answer(waiting, "edit", program=program)
                (waiting,) = await asked_again(prefect_api, str(made.name), waiting)
                assert why in await form(prefect_api, waiting, "description")
                schema = await form(prefect_api, waiting)
                assert schema["properties"]["program"]["default"].strip() == program.strip(), "as it was left"
            await answer(waiting, "hint")
            (waiting,) = await asked_again(prefect_api, str(made.name), waiting)
            assert "a hint says what" in await form(prefect_api, waiting, "description")
            await answer(waiting, "edit", program=seed.replace("x = 0.5", "x = 5.5"))
            await running
    assert rows(tmp_path / "r", "SELECT score FROM programs WHERE generation = 1") == [(5.5,)]
    assert len(rows(tmp_path / "r", REVIEWS)) == 1


async def asked_again(api: str, name: str, before: dict[str, Any]) -> list[dict[str, Any]]:
    async with asyncio.timeout(90):
        while True:
            found = await paused(api, name)
            if found[0]["state_id"] != before["state_id"]:
                return found
            await asyncio.sleep(0.1)


async def test_a_candidate_that_would_be_the_best_waits_after_its_evaluation(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    """Gen 1 is no better and waits for nobody; gen 2 would be the best, is rejected twice and edited."""
    values = {0: 0.1, 1: 9.0, 2: 8.0}

    def replies(messages: list[dict[str, str]], number: int) -> str:
        x = values.get(number, 0.3)
        return f"<NAME>to_{x}</NAME>\n<DESCRIPTION>Sets x.</DESCRIPTION>\n```python\n# EVOLVE-BLOCK-START\nx = {x}\n# EVOLVE-BLOCK-END\n```\n"

    async with ModelServer(Script(answer=replies)) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(
                tmp_path, server.url, None, review="best", num_generations=2, patch_types=["full"], patch_type_probs=[1.0],
                embedding_model=None, tuning=None, ideas=None,
            )  # fmt: skip
            running = asyncio.create_task(made.run())
            (waiting,) = await paused(prefect_api, str(made.name))
            assert "score **9**, the best so far has 0.5" in await form(prefect_api, waiting, "description")
            await answer(waiting, "reject", words="it cheats")
            (waiting,) = await asked_again(prefect_api, str(made.name), waiting)
            assert "score **8**" in await form(prefect_api, waiting, "description")
            await answer(waiting, "edit", program="# EVOLVE-BLOCK-START\nx = 7.0\n# EVOLVE-BLOCK-END\n")
            summary = await running
    assert any("it cheats" in word for word in told(server))
    assert summary.best_score == 7.0
    assert sorted(score for _, score, _ in rows(tmp_path / "r", PROGRAMS)) == [0.1, 0.5, 7.0]
    number = summary.best_generation
    assert rows(tmp_path / "r", REVIEWS) == [(number, 0, 0, "reject"), (number, 0, 1, "edit")]
    kept = tmp_path / "r" / f"gen_{number}"
    assert "9.0" in (kept / "reviewed-0.0" / "main.py").read_text()
    assert "7.0" in (kept / "main.py").read_text()


async def test_a_generation_that_is_cancelled_while_it_waits_has_its_candidate_rejected(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.orchestrator import review_pause

    monkeypatch.setattr(review_pause, "LOOK_PERIOD", 0.2)
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, review="all", num_generations=1)
            running = asyncio.create_task(made.run())
            (waiting,) = await paused(prefect_api, str(made.name))
            async with httpx.AsyncClient(trust_env=False, verify=False) as client:
                state = {"type": "CANCELLING", "name": "Cancelling"}
                await client.post(f"{prefect_api}/flow_runs/{waiting['id']}/set_state", json={"state": state})
            (again,) = await asked_again(prefect_api, str(made.name), waiting)
            await answer(again)
            summary = await running
    assert (summary.programs, summary.failures) == (2, {})
    assert [said for *_, said in rows(tmp_path / "r", REVIEWS)] == ["reject", "accept"]
    assert any("cancelled in the Prefect UI" in word for word in told(server))


@pytest.mark.slow
async def test_a_run_that_is_stopped_while_it_waits_asks_again(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, review="all", num_generations=2)
            running = asyncio.create_task(made.run())
            waiting = await paused(prefect_api, str(made.name), 2)
            await answer(waiting[0])
            made.stop()
            stopped = await running
            assert stopped.stopped_early == "interrupted"
            made = runner(tmp_path, server.url, None, review="all", num_generations=2, resume=True)
            running = asyncio.create_task(made.run())
            (again,) = await paused(prefect_api, stopped.evolution)
            assert again["id"] != waiting[1]["id"]
            assert again["name"].startswith("gen-0002")
            await answer(again)
            summary = await running
    assert summary.programs == 3
    assert len(rows(tmp_path / "r", REVIEWS)) == 2


def test_what_is_reviewed_and_by_whom() -> None:
    assert EvolutionConfig().asked_reviewer is None
    assert EvolutionConfig(reviewer="file").reviewed == "all"
    assert EvolutionConfig(review="best").asked_reviewer == "prefect"
    assert EvolutionConfig(review="none", reviewer="file").asked_reviewer is None


@pytest.mark.slow
@pytest.mark.parametrize("plain", ["", "1"], ids=["lean", "plain"])
async def test_an_answer_that_was_given_while_no_process_ran_is_not_asked_for_again(
    tmp_path: Path, prefect_api: str, prefect_home: Path, plain: str
) -> None:
    name, task = f"killed-{uuid.uuid4().hex[:8]}", make_task(tmp_path / "task")
    (task / "evolve.yaml").write_text("evolution: {review: all, num_generations: 2}\n")
    arguments = (str(task), "--results", str(tmp_path / "r"), "--name", name)
    first = begin(*arguments, api=prefect_api, home=prefect_home, SHINKA_PLAIN_SUBFLOWS=plain)
    with settings_for(prefect_api, prefect_home):
        waiting = await paused(prefect_api, name, 2, 60)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        await answer(waiting[0])
        second = begin(*arguments, "--resume", api=prefect_api, home=prefect_home, SHINKA_PLAIN_SUBFLOWS=plain)
        async with asyncio.timeout(180):
            while (again := (await paused(prefect_api, name))[-1])["id"] == waiting[1]["id"]:
                await asyncio.sleep(0.2)
        assert again["name"].startswith("gen-0002")
        await answer(again)
        output, _ = await asyncio.to_thread(second.communicate, timeout=180)
        assert second.returncode == 0, output
    assert output.count("waits for a review") == 1
    assert f"/runs/flow-run/{again['id']}" in output
    assert [said for *_, said in rows(tmp_path / "r", REVIEWS)] == ["accept", "accept"]
    states = {
        run["id"]: run["state"]["type"] for run in flow_runs(prefect_api, id={"any_": [run["id"] for run in waiting]})
    }
    assert set(states.values()) == {"CRASHED"}, "nobody is asked twice"
