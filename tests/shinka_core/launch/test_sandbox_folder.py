"""A program of several files in a sandbox: all of it is there, and none of it can be written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.launch import LocalLauncher
from shinka_core.source_folder import contents_of, holds, write_program
from tests.shinka_core.launch.test_hostile import needs_sandbox
from tests.support.folders import BYTES, package
from tests.support.launching import asked

EVALUATOR = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
a = parser.parse_args()
program, results = pathlib.Path(a.program_path), pathlib.Path(a.results_dir)
found = sorted(str(path.relative_to(program)) for path in program.rglob("*") if path.is_file())
refused = 0
for path in ("curve.py", "new.py", "inner/new.py"):
    try:
        (program / path).write_text("x")
    except OSError:
        refused += 1
metrics = {"combined_score": 1.0, "public": {"files": found, "refused": refused, "bytes": len((program / "table.bin").read_bytes())}}
(results / "metrics.json").write_text(json.dumps(metrics))
(results / "correct.json").write_text(json.dumps({"correct": True, "error": ""}))
"""


@needs_sandbox
async def test_the_folder_is_shown_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("home", "task", "run"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "task" / "evaluate.py").write_text(EVALUATOR)
    place, contents = tmp_path / "run" / "gen_1" / "program", contents_of(package())
    write_program(place, contents)
    config = LocalJobConfig(eval_program_path=str(tmp_path / "task" / "evaluate.py"), isolation="sandbox")
    launcher = LocalLauncher(config, hidden=[tmp_path / "run"])
    try:
        evaluation = await launcher.result(await launcher.submit(asked(launcher, place, place.with_name("results"))))
    finally:
        await launcher.close()
    assert evaluation.correct, evaluation.error
    assert json.loads(json.dumps(evaluation.public_metrics)) == {
        "files": ["curve.py", "inner/rules.py", "main.py", "table.bin"],
        "refused": 3,
        "bytes": len(BYTES),
    }
    assert holds(place, contents)
