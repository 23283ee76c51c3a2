"""Errors of programs begin where the program's own code does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shinka_core.evaluation.harness import run_shinka_eval


@pytest.mark.parametrize(
    ("program", "last", "shows"),
    [
        ("def run(seed):\n    return 1 / 0\n", "ZeroDivisionError: division by zero", "line 2, in run"),
        ("raise ValueError('no data')\n", "ValueError: no data", "line 1, in <module>"),
        ("def run(:\n", "SyntaxError: invalid syntax", "def run(:"),
        ("x = 1\n", "defines no function 'run'", "AttributeError"),
        (
            "import nothing_like_it\n",
            "ModuleNotFoundError: No module named 'nothing_like_it'",
            "import nothing_like_it",
        ),
    ],
)
def test_what_called_a_program_is_not_in_its_error(program: str, last: str, shows: str, tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text(program)
    _, correct, error = run_shinka_eval(str(path), str(tmp_path / "r"), "run", 1)
    assert not correct
    assert error is not None
    assert error.startswith("Traceback (most recent call last):\n")
    assert error.strip().splitlines()[-1].endswith(last)
    assert shows in error
    assert "harness.py" not in error
    assert "importlib" not in error
    assert json.loads((tmp_path / "r/correct.json").read_text())["error"] == error
