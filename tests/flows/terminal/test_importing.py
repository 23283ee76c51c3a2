"""`python flows/import.py`: a run of another system becomes one that exports and warm starts take, and that stays as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.terminal import exporting, importing
from flows.terminal.command import run
from tests.support.foreign import shinka_database
from tests.support.prefect import ROOT
from tests.support.runs import command


def test_an_imported_run_is_read_and_not_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shinka_database(tmp_path / "theirs" / "programs.sqlite", [{}, {"metadata": '{"patch_name": "\\u001b[31mred"}'}])
    assert run(importing.app, ["theirs"]) == 0
    said = capsys.readouterr().out
    assert "2 programs of ShinkaEvolve's 'theirs/programs.sqlite' as 'theirs'" in said
    assert run(exporting.app, ["results/theirs", "--to", "csv"]) == 0
    assert "2 programs" in capsys.readouterr().out
    assert run(importing.app, ["theirs"]) == 2
    assert "already holds a run" in capsys.readouterr().err
    resumed = command("--resume", "--results", str(tmp_path / "results" / "theirs"))
    assert resumed.returncode == 2
    assert "was imported and cannot be continued; begin a run with its best programs" in resumed.stderr


def test_what_cannot_be_imported_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(importing.app, ["nothing"]) == 2
    assert capsys.readouterr().err.startswith("error: 'nothing' is no run that is understood")
    shinka_database(tmp_path / "theirs" / "programs.sqlite", [{}])
    monkeypatch.setattr("shinka_core.imports.conversion.set_moments", lambda *_: pytest.fail("broken off"))
    with pytest.raises(pytest.fail.Exception):
        run(importing.app, ["theirs"])
    assert not (tmp_path / "results" / "theirs").exists()


@pytest.mark.slow
def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    shinka_database(tmp_path / "theirs" / "programs.sqlite", [{}])
    script = ROOT / "flows" / "import.py"
    done = subprocess.run(
        [sys.executable, script, "theirs", "--name", "x"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "results" / "x" / "run.yaml").is_file()
