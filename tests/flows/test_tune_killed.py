"""A run that tunes is killed in the middle of its trials, again and again: it comes to the programs of one left alone."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from itertools import takewhile
from pathlib import Path

import pytest

from tests.support.runs import environment_for, rows

ROOT = Path(__file__).parents[2]
NAMES = ("killed", "alone")
CONFIGS = {
    "as an operator": (
        3,
        """
evolution:
  patch_types: [{name: tune, at_once: 2}]
  patch_type_probs: [1.0]
  max_trials: 12
""",
    ),
    "beside the others": (
        20,
        """
evolution:
  tuning: {wait: 3, trials: 12, patience: 6, at_once: 2}
""",
    ),
}
# Whether the program before is recorded when the next one is sampled depends on the machine: what a program is made
# from, and what it was made to.
FROM = """
SELECT p.generation, q.generation, p.sampled_after FROM programs p LEFT JOIN programs q ON q.id = p.parent_id
ORDER BY p.generation
"""
SOURCES = "SELECT source, score FROM programs ORDER BY generation"
TRIALS = "SELECT count(*) FROM generation_steps WHERE step = 'evaluated'"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", CONFIGS)
def test_kills_between_trials_change_no_program_and_repeat_no_finished_trial(
    how: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    generations, config = CONFIGS[how]
    (tmp_path / "tune.yaml").write_text(config)

    def command(name: str) -> list[str]:
        return [
            sys.executable, "flows/evolve.py", str(ROOT / "examples/circle_packing"), "--config", str(tmp_path / "tune.yaml"),
            "--generations", str(generations), "--max-proposal-jobs", "1", "--results", str(tmp_path / name), "--name", name,
        ]  # fmt: skip

    environment = environment_for(prefect_api, prefect_home)
    alone = subprocess.run(command("alone"), cwd=ROOT, env=environment, capture_output=True, text=True)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    for life, trials in enumerate((5, 16)):
        arguments = [*command("killed"), *(["--resume"] if life else [])]
        run = subprocess.Popen(
            arguments, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while not (tmp_path / "killed/evolution.sqlite").exists() or _ended(tmp_path / "killed") < trials:
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = subprocess.run([*command("killed"), "--resume"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if how == "as an operator":  # beside others, what ends first decides who is a parent
        same = list(
            takewhile(
                lambda pair: pair[0] == pair[1], zip(*(rows(tmp_path / name, FROM) for name in NAMES), strict=True)
            )
        )
        assert len(same) >= 2, "the seed program and what is made from it alone"
        killed, untouched = (rows(tmp_path / name, SOURCES)[: len(same)] for name in NAMES)
        assert killed == untouched
        if len(same) == generations + 1:
            assert rows(tmp_path / "killed", TRIALS) == rows(tmp_path / "alone", TRIALS)
    turns = "SELECT generation, turn, count(*) FROM generation_steps WHERE step = 'evaluated' GROUP BY 1, 2"
    assert {count for *_, count in rows(tmp_path / "killed", turns)} == {1}
    assert rows(tmp_path / "killed", "SELECT count(*) FROM programs WHERE patch_type = 'tune'")[0][0] >= 1


def _ended(results: Path) -> int:
    try:
        return int(rows(results, TRIALS)[0][0])
    except sqlite3.OperationalError:
        return 0  # the tables are being made
