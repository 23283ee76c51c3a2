"""Runs that end before their last generation because a limit is reached, and go on when it is lifted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import TASK, command, flow_runs, model_server, rows

STARTS = "SELECT count(*) FROM generation_steps WHERE step = 'submitted'"
LEFT_OPEN = (
    "SELECT count(*) FROM generations WHERE state NOT IN ('recorded', 'failed') AND number IN "
    "(SELECT generation FROM generation_steps WHERE step = 'sampled')"
)


def summary_of(results: Path) -> dict[str, Any]:
    return json.loads((results / "summary.json").read_text())


@pytest.mark.slow
def test_a_run_ends_at_its_last_evaluation_says_so_and_goes_on_without_the_limit(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results, where = tmp_path / "r", {"api": prefect_api, "home": prefect_home}
    with model_server("--latency", "0.05") as model:
        done = command(
            str(TASK), "--generations", "12", "--max-evaluations", "6", "--max-proposal-jobs", "4", "--model", "m",
            "--base-url", model.url, "--results", str(results), "--name", "six-evaluations", **where,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(results, STARTS) == [(6,)]
        assert "Ended because max_evaluations=6 is used up" in done.stdout
        summary = summary_of(results)
        assert (summary["reached"], summary["stopped_early"], summary["programs"]) == (
            "max_evaluations=6 is used up: 6 evaluations were started", "", 6,
        )  # fmt: skip
        assert rows(results, LEFT_OPEN) == [(0,)]
        (outer,) = flow_runs(prefect_api, name={"any_": ["six-evaluations"]})
        assert (outer["state"]["type"], outer["state"]["message"]) == ("COMPLETED", summary["reached"])

        asked = model.stats()["requests"]
        done = command("--resume", "--results", str(results), **where)
        assert (done.returncode, rows(results, STARTS), model.stats()["requests"]) == (0, [(6,)], asked)
        assert "Ended because max_evaluations=6 is used up" in done.stdout

        done = command(
            "--resume", "--results", str(results), "--max-evaluations", "none", "--generations", "8", **where
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert (summary_of(results)["reached"], summary_of(results)["generations"]) == ("", 9)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (("--patience", "5"), "patience=5 is used up"),
        (("--target-score", "0.5"), "target_score=0.5 is reached"),
        (("--max-time", "0:03"), "max_time=0:03 is used up"),
    ],
)
def test_what_is_in_flight_when_a_limit_is_reached_comes_to_its_end(
    limit: tuple[str, str], words: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = tmp_path / "task", tmp_path / "r"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    # The seed program is worth nothing, and what comes after it one more than that.
    (task / "evaluate.py").write_text(
        "import argparse, json, os, time\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--program_path'); parser.add_argument('--results_dir')\n"
        "a = parser.parse_args()\n"
        "time.sleep(0.3)\n"
        "score = 0.0 if 'gen_0/' in a.program_path else 1.0\n"
        "for name, value in (('metrics', {'combined_score': score}), ('correct', {'correct': True, 'error': None})):\n"
        "    json.dump(value, open(os.path.join(a.results_dir, name + '.json'), 'w'))\n"
    )
    with model_server("--latency", "0.3") as model:
        arguments = ("--model", "m", "--base-url", model.url, "--max-proposal-jobs", "5")
        done = command(
            str(task), "--generations", "200", *limit, *arguments, "--results", str(results),
            api=prefect_api, home=prefect_home,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        summary = summary_of(results)
        assert words in summary["reached"]
        assert 1 < summary["programs"] < 200
        assert rows(results, LEFT_OPEN) == [(0,)], "what had begun has come to its end"
        assert rows(results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
        proposals = "SELECT count(*) FROM model_calls WHERE purpose = 'proposal'"
        assert rows(results, proposals) == [(summary["programs"] - 1,)]
        more = command(
            "--resume", "--results", str(results), limit[0], "none", "--generations", str(summary["programs"] + 3),
            api=prefect_api, home=prefect_home,
        )  # fmt: skip
        assert more.returncode == 0, more.stdout + more.stderr
        assert summary_of(results)["programs"] == summary["programs"] + 4
