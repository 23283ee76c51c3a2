"""The command as it is installed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.prefect import ROOT
from tests.support.runs import command


def test_the_help_says_what_every_exit_code_means() -> None:
    done = command("--help")
    text = " ".join(done.stdout.split())
    assert done.returncode == 0
    for words in (
        "0 all generations are done",
        "3 stopped early",
        "130, 143 or 129",
        "2 a mistake",
        "1 the run broke off",
        "4 all generations are done and none made a correct program",
    ):
        assert words in text
    assert "initial.<ext>" in text


def test_the_version_is_the_project_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert command("--version").stdout.strip() == project["version"]


def test_the_installed_command_runs_beside_a_folder_called_flows(tmp_path: Path) -> None:
    installed = Path(sys.executable).with_name("shinka-evolve")
    if not installed.exists():
        pytest.skip("the project is not installed here with its command")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").write_text("")
    done = subprocess.run([installed, "nowhere"], cwd=tmp_path, capture_output=True, text=True, timeout=180)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
