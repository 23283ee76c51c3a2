"""How a person is told to call a command: as this process was called."""

from __future__ import annotations

import sys

import pytest

from flows.called import called


@pytest.mark.parametrize("started", ["flows/evolve.py", "/somewhere/flows/report.py"])
def test_who_began_with_a_script_is_told_of_scripts(started: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [started, "task"])
    assert called("report") == "python flows/report.py"
    assert called("check", "check_task") == "python flows/check_task.py"


@pytest.mark.parametrize("started", ["shinka evolve", "/bin/shinka-evolve", "mine.py", "flows/mine_alone.py", ""])
def test_others_are_told_of_the_command_that_installing_makes(started: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [started])
    assert called("report") == "shinka report"
