"""Evaluating a program that is a folder: which of its files is imported, and what that file may import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shinka_core.evaluation import harness, run_shinka_eval
from tests.support.folders import MAIN, lay_out, package

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def no_modules_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own every evaluation begins like this."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(harness, "_folders", [])
    for name in ("curve", "inner", "inner.rules", "program", "program.helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def evaluate(folder: Path, **options: Any) -> tuple[dict[str, Any], bool, str | None]:
    settings: dict[str, Any] = {"experiment_fn_name": "main", "num_runs": 2} | options
    return run_shinka_eval(str(folder), str(folder.with_name("out")), **settings)


def test_main_is_imported_with_its_modules(tmp_path: Path) -> None:
    metrics, correct, error = evaluate(lay_out(package(), tmp_path / "program"))
    assert (metrics["combined_score"], correct, error) == (3.0, True, None)


def test_runs_are_spread_over_processes(tmp_path: Path) -> None:
    folder = lay_out(package(), tmp_path / "program")
    metrics, correct, error = evaluate(folder, num_runs=4, run_workers=2)
    assert (metrics["combined_score"], correct, error) == ((2 + 4 + 5 + 5) / 4, True, None)


@pytest.mark.parametrize(
    ("files", "module"),
    [
        ({"__init__.py": "from .helper import main\n", "helper.py": "def main(seed): return 7\n"}, None),
        ({"main.py": "from .helper import main\n", "helper.py": "def main(seed): return 7\n"}, None),
        ({"only.py": "def main(seed): return 7\n"}, None),
        ({"a.py": "x = 1\n", "b.py": "def main(seed): return 7\n"}, "b.py"),
        ({"main.py": "x = 1\n", "inner/b.py": "def main(seed): return 7\n"}, "inner/b.py"),
    ],
)
def test_which_file_has_the_function(tmp_path: Path, files: dict[str, str], module: str | None) -> None:
    for name, text in files.items():
        (tmp_path / "program" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "program" / name).write_text(text)
    metrics, _, error = evaluate(tmp_path / "program", program_module=module)
    assert (metrics["combined_score"], error) == (7, None)


@pytest.mark.parametrize(
    ("files", "module", "words"),
    [
        (
            ["a.py", "b.py"],
            None,
            "holds a.py, b.py: call one main.py, or say which has the function with program_module",
        ),
        ([], None, "holds no Python file"),
        (["main.py"], "other.py", "has no other.py"),
    ],
)
def test_what_is_not_clear_is_told(tmp_path: Path, files: list[str], module: str | None, words: str) -> None:
    (tmp_path / "program").mkdir()
    for name in files:
        (tmp_path / "program" / name).write_text("x = 1\n")
    _, correct, error = evaluate(tmp_path / "program", program_module=module)
    assert (correct, words in str(error)) == (False, True), error


def test_a_folder_leaves_nothing_that_a_program_of_one_file_would_find(tmp_path: Path) -> None:
    lay_out(package(), tmp_path / "program")
    (tmp_path / "single.py").write_text(MAIN)
    script = "from shinka.core import run_shinka_eval as r; print(r('single.py', 'out', 'main', 1)[1:])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert "ModuleNotFoundError: No module named" in done.stdout
