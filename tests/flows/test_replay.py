"""Whole runs played again from their record, by the command line: killed and resumed in the middle, ten at once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT, environment_for
from tests.support.replaying import outcome
from tests.support.runs import command, model_server, rows, wait_until

# Takes its time, each time another one.
EVALUATE = """
import argparse, json, os, random, time, zlib
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
time.sleep(random.random() * 0.2)
value = zlib.crc32(open(a.program_path, "rb").read()) / 2**32
for name, content in (("metrics", {"combined_score": value}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(content, file)
"""
SETTINGS = """
evolution: {bandit: thompson, exact_duplicates: refuse}
database: {num_islands: 3, migration_strategy: ring, migration_interval: 5, stagnation_threshold: 30}
job: {isolation: limits}
"""


def task_in(folder: Path) -> Path:
    folder.mkdir()
    (folder / "initial.py").write_text((ROOT / "benchmarks/task/initial.py").read_text())
    (folder / "evaluate.py").write_text(EVALUATE)
    (folder / "evolve.yaml").write_text(SETTINGS)
    return folder


@pytest.mark.parametrize(
    "generations", [pytest.param(200, marks=pytest.mark.slow), pytest.param(20, marks=pytest.mark.slow)]
)
def test_a_run_of_the_command_line_is_played_again_to_the_same_programs(
    generations: int, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results, again = task_in(tmp_path / "task"), tmp_path / "r", tmp_path / "again"
    arguments = ["--model", "m", "--generations", str(generations), "--max-proposal-jobs", "10"]
    arguments += ["--max-evaluation-jobs", "4", "--results", str(results)]
    with model_server("--latency", "0.15", "--fault", "no_code=0.1", "--fault", "truncated=0.05") as model:
        arguments += ["--base-url", model.url]
        first = subprocess.Popen(
            [sys.executable, "flows/evolve.py", str(task), *arguments, "--quiet"],
            cwd=ROOT, env=environment_for(prefect_api, prefect_home),
        )  # fmt: skip
        wait_until(lambda: made(results) > generations // 3, 240)
        first.kill()
        first.wait()
        killed = command("--replay", str(results))
        assert killed.returncode == 0, killed.stdout + killed.stderr
        resumed = command("--resume", "--results", str(results), api=prefect_api, home=prefect_home)
        assert resumed.returncode == 0, resumed.stdout + resumed.stderr
        asked = model.stats()["requests"]
        played = command("--replay", str(results), "--to", str(again))
        assert played.returncode == 0, played.stdout + played.stderr
        assert model.stats()["requests"] == asked
    assert f"{generations + 1} generations" in played.stdout
    assert "the same   in every choice" in played.stdout
    assert asyncio.run(outcome(again)) == asyncio.run(outcome(results))
    ends = [number for (number,) in rows(results, "SELECT number FROM generations ORDER BY sequence")]
    assert ends != sorted(ends)


def made(results: Path) -> int:
    try:
        return rows(results, "SELECT count(*) FROM programs")[0][0]
    except Exception:  # noqa: BLE001 - it is not there yet, or being made
        return 0
