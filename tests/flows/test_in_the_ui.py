"""What the Prefect UI shows of an evolution, read back from a real server: artifacts, names, tags and states."""

from __future__ import annotations

import json
import logging
import sqlite3
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.base import PrefectHttpxAsyncClient
from prefect.client.orchestration import get_client

from flows.orchestrator.artifact_texts import Shown
from flows.orchestrator.flow_run_artifacts import FlowRunArtifacts
from flows.orchestrator.ui_text import cell
from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from tests.support import local_http, model_replies
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, evolve, plain_prefect
from tests.support.runs import TASK, command, flow_runs, generation_of, rows, settings_for

HOSTILE = "a|b `x` ~~~ <script>alert(1)</script> ![i](http://e.vil/x) \u202e \x1b[31m \ud800 \x00 " + "y" * 1_000_000
# Every third program is not correct, for a reason that would break a page.
EVALUATOR = """
import argparse, json, os
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
number = int(os.path.basename(os.path.dirname(a.program_path)).split("_")[1])
wrong = {wrong}
error = {error!r} if wrong else None
for name, value in (("metrics", {{"combined_score": float(number)}}), ("correct", {{"correct": not wrong, "error": error}})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


def task_of(folder: Path, wrong: str, error: str = HOSTILE) -> Path:
    folder.mkdir()
    (folder / "initial.py").write_text((TASK / "initial.py").read_text())
    (folder / "evaluate.py").write_text(EVALUATOR.format(wrong=wrong, error=error))
    return folder


def says(messages: list[dict[str, str]], number: int) -> str:
    """A patch with a hostile name; every fifth answer is of no use."""
    if number % 5 == 4:
        return HOSTILE.replace("\ud800", "").replace("\x00", "")
    patch = model_replies.patch_for(messages, number)
    return patch.replace(f"change_{number}", f"change_{number} a|b `x` <script>alert(1)</script> \u202e \x1b[31m")


def runner(task: Path, results: Path, url: str, name: str, **options: Any) -> Any:
    from flows.runner import AsyncEvolutionRunner

    evolution = {"num_generations": 12, "max_patch_attempts": 1, "max_patch_resamples": 1, "embedding_model": None}
    return AsyncEvolutionRunner(
        EvolutionConfig(
            init_program_path=str(task / "initial.py"), results_dir=str(results), llm_models=["m"], llm_base_url=url,
            ideas=None, **evolution | options.pop("evolution", {}),
        ),
        LocalJobConfig(eval_program_path=str(task / "evaluate.py")),
        verbose=False, name=name, max_proposal_jobs=4, **options,
    )  # fmt: skip


def artifacts(api: str, flow_run: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
    wanted: dict[str, Any] = {"flow_run_id": {"any_": [flow_run]}} if flow_run else {"key": {"any_": [key]}}
    response = local_http.post(f"{api}/artifacts/filter", json={"artifacts": wanted})
    response.raise_for_status()
    return response.json()


def by_kind(api: str, flow_run: str) -> dict[str, Any]:
    """The artifacts of a flow run, one of each; tables as rows."""
    # Prefect makes one of its own for a state that holds an exception.
    found = [artifact for artifact in artifacts(api, flow_run) if artifact["type"]]
    kinds = [(artifact["key"] or artifact["type"]).removesuffix(name_part(artifact)) for artifact in found]
    assert len(set(kinds)) == len(kinds), kinds
    return {
        kind: json.loads(artifact["data"]) if artifact["type"] == "table" else artifact["data"]
        for kind, artifact in zip(kinds, found, strict=True)
    }


def name_part(artifact: dict[str, Any]) -> str:
    return "-shown" + (artifact["key"] or "").rpartition("-shown")[2]


def evolution_of(api: str, name: str) -> dict[str, Any]:
    return max(flow_runs(api, name={"any_": [name]}), key=lambda run: run["start_time"])


async def test_tables_names_and_tags_say_what_the_database_says_whatever_stands_in_it(
    tmp_path: Path,
    prefect_api: str,
    prefect_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    task, results, name = task_of(tmp_path / "task", "number % 3 == 2"), tmp_path / "r", f"shown{uuid.uuid4().hex[:8]}"
    asked, send = Counter[str](), PrefectHttpxAsyncClient.send

    async def counted(self: Any, request: httpx.Request, **options: Any) -> Any:
        asked[f"{request.method} {request.url.path.split('/')[2]}"] += 1
        return await send(self, request, **options)

    monkeypatch.setattr(PrefectHttpxAsyncClient, "send", counted)
    async with ModelServer(Script(answer=says)) as server:
        with settings_for(prefect_api, prefect_home), caplog.at_level(logging.INFO):
            summary = await runner(task, results, server.url, name).run()
    assert summary.programs + sum(summary.failures.values()) == 13
    assert "misses" not in caplog.text
    assert "no report" not in caplog.text
    outer = evolution_of(prefect_api, name)

    shown = by_kind(prefect_api, outer["id"])
    stored = rows(
        results,
        "SELECT generation, score, island, model, patch_type, name FROM programs WHERE correct ORDER BY score DESC",
    )
    assert [(row["generation"], row["score"], row["island"]) for row in shown["best-programs"]] == [
        row[:3] for row in stored
    ]
    assert [row["rank"] for row in shown["best-programs"]] == list(range(1, len(stored) + 1))
    assert shown["best-programs"][0]["gain over seed"] == stored[0][1]
    assert [row["name"] for row in shown["best-programs"]] == [cell(row[5], 80) for row in stored]
    assert "<" not in json.dumps(shown["best-programs"])
    (spent,) = [row for row in shown["costs"] if row["purpose"] == "proposal"]
    assert (spent["model"], spent["calls"], spent["failed calls"]) == ("m", 12, 0)
    failures = {row["reason"]: row for row in shown["failures"]}
    assert failures["not_correct"]["generations"] == summary.programs - summary.correct > 0
    assert failures["not_correct"]["example"].startswith("a｜b ｀x｀ ～～～ ＜script＞")
    assert sum(row["generations"] for row in shown["failures"]) == 13 - summary.correct
    assert shown["progress"] == 100.0
    page = shown["evolution"]
    assert f"`{results}`" in page
    assert f"## Best program: generation {stored[0][0]}" in page
    assert "~~~diff\n--- seed\n+++ best\n" in page
    assert "\x1b" not in page + json.dumps(shown, ensure_ascii=False)

    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [outer["id"]]})
    children = [child for child in children if child["name"].startswith("gen-")]
    assert len(children) == 13
    told = {generation_of(child): child for child in children}
    for generation, score, island, model, operator, called in stored[:-1]:
        child = told[f"gen-{generation:04d}"]
        assert f"{score:.6g}" in child["name"]
        assert called.split()[0] in child["name"]
        assert child["state_name"] == "Completed"
        assert f"score {score:.6g}" in child["state"]["message"]
        assert set(child["tags"]) > {f"island:{island}", f"model:{model}", f"operator:{operator}"}
    outcomes = Counter(tag for child in children for tag in child["tags"] if tag.startswith("outcome:"))
    assert outcomes["outcome:correct"] + outcomes["outcome:best"] == summary.correct
    assert outcomes["outcome:rejected"] == sum(summary.failures.values()) > 0
    assert outcomes.total() == 13
    failed = [child for child in children if child["state_name"] == "Failed"]
    assert len(failed) == outcomes["outcome:rejected"]
    assert all("failed: patch: " in child["name"] and "model:m" in child["tags"] for child in failed)
    assert all(len(child["name"]) <= 100 and "\x1b" not in child["name"] for child in children)
    assert {tag.split(":")[0] for child in children for tag in child["tags"]} == {
        "island", "model", "operator", "outcome",
    }  # fmt: skip

    # Two requests for a generation, and artifacts whose number has nothing to do with that of generations.
    assert asked["PATCH flow_runs"] <= 4
    assert asked["POST flow_runs"] <= 2 * 13 + 15
    assert asked["POST artifacts"] + asked["PATCH artifacts"] <= 15
    assert sum(count for what, count in asked.items() if "_runs" in what) <= 2 * 13 + 20, asked


@pytest.mark.slow
def test_a_run_that_is_resumed_has_its_tables_again_and_each_table_a_version_for_each_run(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    name, results = f"shown{uuid.uuid4().hex[:8]}", str(tmp_path / "r")
    for generations, *more in (["3"], ["5", "--resume"]):
        done = command(
            str(TASK), "--generations", generations, "--results", results, "--name", name, *more,
            api=prefect_api, home=prefect_home,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    runs = sorted(flow_runs(prefect_api, name={"any_": [name]}), key=lambda run: run["start_time"])
    assert [len(by_kind(prefect_api, run["id"])["best-programs"]) for run in runs] == [4, 6]
    assert len(artifacts(prefect_api, key=f"best-programs-{name}")) == 2
    latest = local_http.get(f"{prefect_api}/artifacts/best-programs-{name}/latest").json()
    assert latest["flow_run_id"] == runs[1]["id"]
    assert len(json.loads(latest["data"])) == 6


async def test_a_run_that_fails_at_once_says_why(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    name = f"shown{uuid.uuid4().hex[:8]}"
    task = task_of(tmp_path / "task", "{}['no | <b>data</b>']")
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home), pytest.raises(ConfigError):
            await runner(task, tmp_path / "r", server.url, name).run()
    outer = evolution_of(prefect_api, name)
    assert outer["state_type"] == "FAILED"
    shown = by_kind(prefect_api, outer["id"])
    (failure,) = shown["failures"]
    assert (failure["reason"], failure["blame"], failure["generations"]) == ("not_correct", "candidate", 1)
    assert "no ｜ ＜b＞data＜/b＞" in failure["example"]
    assert "Stopped early: `" in shown["evolution"]
    assert "best-programs" not in shown


async def test_artifacts_are_changed_in_place_also_by_another_process_and_made_again_when_they_are_gone(
    prefect_api: str, prefect_home: Path
) -> None:
    flow_run, key = uuid.uuid4(), f"costs-{uuid.uuid4().hex[:8]}"

    def versions() -> list[tuple[str, str]]:
        return [(artifact["data"], artifact["description"]) for artifact in artifacts(prefect_api, key=key)]

    with settings_for(prefect_api, prefect_home):
        async with get_client() as client:
            ours = FlowRunArtifacts(flow_run)
            for data in ("[1]", "[2]"):
                await ours.put(client, Shown("table", key, data, "first"))
            assert versions() == [("[2]", "first")]
            await FlowRunArtifacts(flow_run).put(client, Shown("table", key, "[3]", "retried"))
            assert versions() == [("[3]", "retried")]
            local_http.delete(f"{prefect_api}/artifacts/{artifacts(prefect_api, key=key)[0]['id']}").raise_for_status()
            await ours.put(client, Shown("table", key, "[4]", "again"))
            assert versions() == [("[4]", "again")]


@pytest.mark.slow
@pytest.mark.other_prefect
@pytest.mark.parametrize("plain", ["", "1"], ids=["lean", "plain"])
def test_what_a_generation_leaves_on_the_server_is_bounded(
    plain: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    counts, names = [], [f"shown{uuid.uuid4().hex[:8]}" for _ in range(2)]
    for name, generations in zip(names, (4, 34), strict=True):
        before = server_rows(prefect_home)
        done = evolve(
            str(TASK), "--generations", str(generations), "--results", str(tmp_path / name), "--name", name,
            api=prefect_api, home=prefect_home, SHINKA_PLAIN_SUBFLOWS=plain,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        counts.append(server_rows(prefect_home) - before)
        outer = evolution_of(prefect_api, name)
        children = flow_runs(prefect_api, parent_flow_run_id={"any_": [outer["id"]]})
        assert all(" best " in child["name"] or "outcome:correct" in child["tags"] for child in children)
        assert "island:0" in children[0]["tags"] + children[1]["tags"]
        assert len({tag for child in children for tag in child["tags"]}) <= 8
    growth = {table: (counts[1][table] - counts[0][table]) / 30 for table in counts[1] | counts[0]}
    assert growth.pop("flow_run") == 1
    assert growth.pop("flow_run_state") == (3 if plain else 2)
    assert growth.get("artifact", 0) == growth.get("artifact_collection", 0) == 0
    assert sum(growth.values()) < 60, growth


@pytest.mark.slow
@pytest.mark.other_prefect
def test_a_server_that_is_not_ours_is_told_names_and_tags_too(tmp_path: Path) -> None:
    with plain_prefect(tmp_path / "home", ROOT) as api:
        done = command(
            str(TASK), "--generations", "6", "--results", str(tmp_path / "r"), "--name", "elsewhere",
            api=api, home=tmp_path / "home",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        (outer,) = flow_runs(api, name={"any_": ["elsewhere"]})
        children = flow_runs(api, parent_flow_run_id={"any_": [outer["id"]]})
    assert sorted(map(generation_of, children)) == [f"gen-{number:04d}" for number in range(7)]
    assert all(len(child["name"]) > len("gen-0000") and child["tags"] for child in children)
    assert {child["state_type"] for child in children} == {"COMPLETED"}


def server_rows(home: Path) -> Counter[str]:
    """How many rows each table of the server's database has."""
    with sqlite3.connect(f"file:{home / 'prefect.db'}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return Counter({table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables})
