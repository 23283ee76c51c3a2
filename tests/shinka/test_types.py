"""A type checker sees everything of the face, in a user's script outside of this project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT

pytestmark = pytest.mark.slow  # reads the whole project

SCRIPT = """
from dataclasses import dataclass
from typing import assert_type

import numpy as np

import shinka
from shinka.core import run_shinka_eval
from shinka.errors import ConfigError, UnfinishedError
from shinka.population import PARENTS, PopulationView


class Best(shinka.Callbacks):
    async def on_best(self, program: shinka.Program) -> None:
        assert_type(program.score, float | None)

    def on_failure(self, generation: int, failure: shinka.Failure) -> None:
        assert_type(failure.reason, str)


@PARENTS.register("first")
@dataclass(frozen=True)
class First:
    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        return 0


assert_type(run_shinka_eval.__name__, str)
try:
    summary = shinka.run(shinka.EvolutionConfig(num_generations=3), callbacks=[Best()], verbose=False)
    assert_type(summary, shinka.RunSummary)
    assert_type(summary.best_score, float | None)
except ConfigError as error:
    print(error)
except UnfinishedError as error:
    assert_type(error.retryable, bool)


async def main() -> shinka.RunSummary:
    runner = shinka.AsyncEvolutionRunner(shinka.EvolutionConfig(), callbacks=Best())
    return await runner.run()
"""
WRONG = """
import shinka

shinka.run(shinka.EvolutionConfig(), max_proposals=3)
shinka.nothing_here


class Mine(shinka.Callbacks):
    def on_best(self, score: float) -> None: ...
"""


def complaints(folder: Path, script: str) -> list[str]:
    (folder / "script.py").write_text(script)
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT)], "include": ["script.py"], "reportMissingTypeStubs": False}  # fmt: skip
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    found = json.loads(done.stdout)["generalDiagnostics"]
    return [f"{each['rule']}: {each['message']}" for each in found if each["severity"] == "error"]


def test_a_script_that_is_right_passes_strictly(tmp_path: Path) -> None:
    assert complaints(tmp_path, SCRIPT) == []


def test_what_is_wrong_is_seen(tmp_path: Path) -> None:
    rules = [complaint.partition(":")[0] for complaint in complaints(tmp_path, WRONG)]
    assert {"reportCallIssue", "reportAttributeAccessIssue", "reportIncompatibleMethodOverride"} <= set(rules)
