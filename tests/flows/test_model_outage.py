"""A whole run whose models are out: it stops soon with its generations open, says why, and a resume does them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from flows.outage import IN_A_ROW
from tests.support.runs import TASK, command, flow_runs, model_server, rows


@pytest.mark.slow
def test_an_outage_of_the_models_leaves_generations_open_and_stands_where_people_look(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results, name = tmp_path / "r", f"out-{uuid.uuid4().hex[:8]}"
    (tmp_path / "c.yaml").write_text("evolution:\n  llm_retries: 0\n")
    arguments = [str(TASK), "--generations", "30", "--max-proposal-jobs", "4", "--config", str(tmp_path / "c.yaml")]
    arguments += ["--name", name, "--model", "m", "--results", str(results)]
    with model_server("--fault", "error_500=1") as model:
        stopped = command(*arguments, "--base-url", model.url, api=prefect_api, home=prefect_home)
        assert model.stats()["requests"] <= IN_A_ROW + 4
    assert stopped.returncode == 3, stopped.stdout + stopped.stderr
    assert "the models gave no answer 10 times in a row; last: query: model_unavailable: m: HTTP 500" in stopped.stdout
    summary = json.loads((results / "summary.json").read_text())
    assert "HTTP 500" in summary["stopped_early"]
    assert "HTTP 500" in summary["last_error"]
    assert rows(results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    assert evolution["state_type"] == "FAILED"
    assert "HTTP 500" in evolution["state"]["message"]
    with model_server() as model:
        done = command(*arguments, "--resume", "--base-url", model.url, api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(results, "SELECT count(*) FROM programs") == [(31,)]


def test_a_run_that_made_nothing_does_not_end_well_and_says_why_wherever_people_look(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results, name = tmp_path / "r", f"nothing-{uuid.uuid4().hex[:8]}"
    (tmp_path / "c.yaml").write_text("evolution: {max_patch_resamples: 1, max_patch_attempts: 2}\n")
    with model_server("--fault", "no_code=1") as model:
        done = command(
            str(TASK), "--generations", "3", "--config", str(tmp_path / "c.yaml"), "--name", name, "--model", "m",
            "--base-url", model.url, "--results", str(results), api=prefect_api, home=prefect_home,
        )  # fmt: skip
        assert model.stats()["requests"] == 6
    assert done.returncode == 4, done.stdout + done.stderr
    assert (
        "Nothing was made: no generation made a correct program (failed: patch: no_block_found × 3); last: "
        in done.stdout
    )
    assert "the answer holds no" in json.loads((results / "summary.json").read_text())["last_error"]
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    assert evolution["state_type"] == "FAILED"
    assert "no generation made a correct program" in evolution["state"]["message"]
