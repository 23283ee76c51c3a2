"""Islands as trajectories in whole runs from the command line: what they are given, and what is seen of them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import local_http
from tests.support.runs import TASK, begin, command, flow_runs, model_server, rows, wait_until

EVALUATOR = """
import argparse, json, os, re, time
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir"):
    parser.add_argument("--" + name)
a = parser.parse_args()
time.sleep(0.1)
score = sum(float(number) for number in re.findall(r"\\d+\\.\\d+", open(a.program_path).read()))
for name, value in (("metrics", {"combined_score": score}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


def task_of(folder: Path, database: dict[str, Any], **evolution: Any) -> Path:
    """A task folder with these settings; the larger its numbers, the better is a program."""
    folder.mkdir()
    (folder / "initial.py").write_text((TASK / "initial.py").read_text())
    (folder / "evaluate.py").write_text(EVALUATOR)
    sections = {"database": database, "evolution": {"embedding_model": None} | evolution}
    (folder / "evolve.yaml").write_text(yaml.safe_dump(sections))
    return folder


@pytest.mark.slow
def test_two_unlike_islands_are_visible_as_such(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    unlike = [{"operators": ["mutate"], "parents": "hill_climbing"}, {"operators": ["diff"], "parents": "uniform"}]
    task, results = task_of(tmp_path / "task", {"islands": unlike}), tmp_path / "r"
    done = command(
        str(task), "--generations", "10", "--results", str(results), "--name", "two-kinds",
        api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(rows(results, "SELECT DISTINCT island, patch_type FROM programs WHERE generation > 0")) == {
        (0, "mutate"), (1, "diff"),
    }  # fmt: skip
    told = json.loads((results / "summary.json").read_text())["islands"]
    assert [(island["island"], island["origin"]) for island in told] == [(0, "initial"), (1, "initial")]
    assert [island["own"] for island in told] == unlike
    assert sum(island["share"] for island in told) == pytest.approx(1)
    shown = " ".join(done.stdout.split())
    assert "Islands" in shown
    assert "operators:" in shown
    outer = flow_runs(prefect_api, name={"any_": ["two-kinds"]})[0]
    ends = [run["state"]["message"] for run in flow_runs(prefect_api, parent_flow_run_id={"any_": [outer["id"]]})]
    assert {"(island 0)", "(island 1)"} <= {end[-len("(island 0)") :] for end in ends}
    wanted = {"artifacts": {"key": {"any_": ["evolution-two-kinds"]}}}
    (report,) = local_http.post(f"{prefect_api}/artifacts/filter", json=wanted).json()
    assert "| island | began with |" in report["data"]


@pytest.mark.parametrize(
    ("database", "words"),
    [
        ({"islands": [{}, {"models": ["gpt"]}]}, ["islands[1].models", "'gpt'", "llm_models"]),
        ({"islands": [{}, {}], "num_islands": 3}, ["num_islands=3", "2 entries", "leave num_islands out"]),
        ({"islands": [{"operator_weights": [1.0]}]}, ["islands[0].operator_weights=[1.0]", "patch_types"]),
    ],
)
def test_a_wrong_entry_is_told_before_anything_is_begun(
    database: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    task = task_of(tmp_path / "task", database)
    done = command(str(task), "--results", str(tmp_path / "r"))
    assert done.returncode != 0
    assert all(word in " ".join((done.stdout + done.stderr).split()) for word in words), done.stderr
    assert not (tmp_path / "r").exists()


KILLED: dict[str, tuple[dict[str, Any], str]] = {
    "halving": (
        {
            "islands": [{"operators": ["diff"], "models": [model]} for model in ("one", "two", "one", "two")],
            "island_selection_strategy": {"name": "halving", "keep": [2, 1], "at": [0.25, 0.5]},
        },
        "SELECT count(*) FROM islands WHERE retired_after IS NOT NULL",
    ),
    "a fresh start for the weakest": (
        {
            "islands": [{"operators": ["diff"], "models": ["one"]}, {"operators": ["diff"], "models": ["two"]}],
            "island_selection_strategy": {"name": "thompson", "reward": "improved"},
            "parent_selection_strategy": "uniform", "stagnation_threshold": 4, "island_cooldown": 4, "max_islands": 2,
            "island_origin": "fresh_best", "replace_worst_island": True,
        },
        "SELECT count(*) FROM islands WHERE origin = 'fresh_best'",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", KILLED)
def test_a_killed_run_goes_on_with_the_islands_that_it_had(
    kind: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    database, happened = KILLED[kind]
    results, where = tmp_path / "r", {"api": prefect_api, "home": prefect_home}
    islands = "SELECT island, origin, program_id, created_after, settings, retired_after FROM islands ORDER BY island"
    with model_server("--latency", "0.1", "--fault", "no_code=0.5") as model:
        prices = {name: {"input": 1.0, "output": 1.0} for name in ("one", "two")}
        task = task_of(
            tmp_path / "task", database, llm_models=["one", "two"], llm_base_url=model.url, llm_prices=prices
        )
        order = (str(task), "--generations", "60", "--max-proposal-jobs", "4", "--results", str(results))
        process = begin(*order, **where)
        try:
            wait_until(lambda: (results / "evolution.sqlite").exists())
            wait_until(lambda: _has(results, happened), 120)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        before = rows(results, islands)
        done = command("--resume", "--results", str(results), **where)
        assert done.returncode == 0, done.stdout + done.stderr
    after = rows(results, islands)
    for old, new in zip(before, after, strict=False):
        assert old[:4] == new[:4]
        assert old[5] is None or old == new, "what is retired stays so"
    ways = dict(rows(results, "SELECT island, json_extract(settings, '$.entry') FROM islands"))
    entries = database["islands"]
    for island, model_name in rows(results, "SELECT DISTINCT island, model FROM programs WHERE generation > 0"):
        assert [model_name] == entries[ways[island]]["models"]
    told = json.loads((results / "summary.json").read_text())["islands"]
    assert [island["island"] for island in told] == [row[0] for row in after]
    assert sum(island["share"] for island in told) == pytest.approx(1)
    assert sum(island["programs"] for island in told) == rows(results, "SELECT count(*) - 1 FROM programs")[0][0]
    assert sum(island["failures"] for island in told) > 0
    assert all(island["retired"] for island in told if island["retired_after"] is not None)
    assert all(
        (island["retired_after"] is None) or f"after {island['retired_after']}" in done.stdout for island in told
    )
    if kind == "halving":
        assert sum(island["retired_after"] is None for island in told) == 1
        late = "SELECT count(*) FROM programs JOIN islands USING (island) WHERE programs.sampled_after > retired_after"
        assert rows(results, late) == [(0,)], "nothing is proposed any more on an island that was given up"
        (last,) = rows(results, "SELECT max(retired_after) FROM islands")[0]
        assert rows(results, f"SELECT count(*) FROM programs WHERE sampled_after > {last}")[0][0] > 10
    else:
        assert sum(island["retired_after"] is None for island in told) == 2
        assert {island["reason"][:24] for island in told[2:]} == {"no better program among "}


def _has(results: Path, query: str) -> bool:
    try:
        return rows(results, query)[0][0] > 0
    except Exception:  # noqa: BLE001 - the tables are not there yet
        return False
