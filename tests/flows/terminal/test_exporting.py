"""`python flows/export.py`: from any folder, with a line that says what was written or what is wrong."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.terminal.command import run
from flows.terminal.exporting import app
from tests.support.hostile import begun, fill
from tests.support.prefect import ROOT


@pytest.fixture
async def results(tmp_path: Path) -> Path:
    """A results folder with a finished evolution."""
    folder = tmp_path / "results"
    folder.mkdir()
    db, name = await begun(folder)
    await fill(db)
    await db.__aexit__()
    (folder / "run.yaml").write_text(f'{{"name": "{name}", "database": "e.sqlite"}}\n')
    return folder


def test_from_another_folder_with_modules_of_the_same_names(results: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    (place / "flows").mkdir(parents=True)
    (place / "flows" / "__init__.py").write_text("raise ImportError('not this one')")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, ROOT / "flows" / "export.py", "../results", "--to", "csv"],
        cwd=place, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "../results/exports/csv: 6 programs, 6 lineage, 2 calls, 7 generations\n"
    with (results / "exports" / "csv" / "programs.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 6


def test_what_is_wrong_is_one_line_and_a_code(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = f"{results / 'e.sqlite'}"
    assert run(app, [file, "--to", "jsonl", "--out", "here"]) == 0
    assert (tmp_path / "here" / "calls.jsonl").is_file()
    assert capsys.readouterr().out.startswith("here: 6 programs")
    assert run(app, [file, "--to", "jsonl"]) == 0
    (by_default,) = tmp_path.glob("hostile-*-jsonl")
    assert capsys.readouterr().out.startswith(f"{by_default.name}: 6 programs")
    for arguments, said in (
        ([file, "--to", "jsonl", "--out", "here"], "'here' already holds programs.jsonl"),
        ([file, "--to", "xml"], "xml"),
        ([file], "--to"),
        ([str(tmp_path / "none"), "--to", "csv"], "is not there; name the results folder"),
        ([file, "--to", "csv", "--name", "other"], "has no evolution 'other'"),
        ([str(results / "run.yaml"), "--to", "csv"], "is damaged or no SQLite database"),
    ):
        assert run(app, arguments) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("error: ")
        assert said in told.err
        assert told.err.count("\n") == 1
