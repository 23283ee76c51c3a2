"""`shinka COMMAND`: it says what there is, hands over to each command, and each has a `main` to hand over to."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flows.called import version
from flows.terminal.commands import COMMANDS, run
from tests.support.prefect import ROOT


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there_and_says_what_it_takes(name: str, tmp_path: Path) -> None:
    given = shinka(name, "--help", folder=tmp_path)
    assert given.returncode == 0, given.stderr
    assert f"Usage: shinka {name} " in given.stdout, "as it was called"
    assert callable(importlib.import_module(COMMANDS[name].module).main)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_tells_the_projects_version(name: str) -> None:
    app = importlib.import_module(COMMANDS[name].module).app
    assert app.version is version


def test_alone_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == run(["--help"]) == 0
    lines = capsys.readouterr().out
    assert all(lines.count(f"  {name} ") == 2 for name in COMMANDS)


def test_help_of_a_command_may_be_asked_for_before_it(tmp_path: Path) -> None:
    asked = shinka("help", "report", folder=tmp_path)
    assert (asked.returncode, asked.stdout) == (0, shinka("report", "--help", folder=tmp_path).stdout)
    assert shinka("help", "reprot", folder=tmp_path).returncode == 2


@pytest.mark.parametrize("script", ["new_task", "server"])
def test_a_script_of_the_checkout_names_itself(script: str, tmp_path: Path) -> None:
    started = [sys.executable, str(ROOT / "flows" / f"{script}.py"), "--help"]
    given = subprocess.run(started, cwd=tmp_path, text=True, capture_output=True, timeout=180)
    assert f"Usage: python flows/{script}.py " in given.stdout, given.stderr


def test_a_command_that_is_mistyped_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert (run(["reprot"]), run(["zzz"])) == (2, 2)
    near, far = capsys.readouterr().err.splitlines()
    assert near == "error: 'reprot' is no command of shinka; did you mean 'report'?"
    assert all(name in far for name in COMMANDS)


def test_exit_codes_are_those_of_the_commands(tmp_path: Path) -> None:
    mistaken = shinka("evolve", "nowhere", folder=tmp_path)
    assert mistaken.returncode == 2
    assert "nowhere" in mistaken.stderr
    assert shinka("server", "--port", "0", folder=tmp_path).returncode == 2


def test_it_is_ours_beside_folders_of_the_same_names(tmp_path: Path) -> None:
    for package in ("flows", "tasks"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("raise SystemExit('not this one')")
    given = shinka("report", "--help", folder=tmp_path)
    assert (given.returncode, given.stderr) == (0, "")


def test_scripts_that_installing_makes_lead_to_a_main() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert {"shinka", "shinka-prefect"} <= set(scripts)
    for where in scripts.values():
        module, _, attribute = where.partition(":")
        assert callable(getattr(importlib.import_module(module), attribute))


def shinka(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    started = [sys.executable, "-m", "shinka", *arguments]
    return subprocess.run(started, cwd=folder, text=True, capture_output=True, timeout=180)
