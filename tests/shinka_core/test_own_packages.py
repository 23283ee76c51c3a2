"""A script that imports us may lie beside modules of its own that are called as ours are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT

FILES = {
    "tasks.py": {"tasks.py": "mine = 'tasks'\n"},
    "flows.py": {"flows.py": "mine = 'flows'\n"},
    "tasks/": {"tasks/__init__.py": "mine = 'tasks'\n", "tasks/query.py": "mine = 'query'\n"},
    "flows/": {"flows/__init__.py": "mine = 'flows'\n", "flows/evolve.py": "mine = 'evolve'\n"},
}
EVERYTHING = {"tasks.py": "mine = 'tasks'\n", **FILES["flows/"]}

# The flow as the runner loads it, and all that is imported once it runs.
LOADS = """
{first}
from shinka import AsyncEvolutionRunner
from shinka_core.own_packages import ROOT, own_module
assert own_module("flows.runner").AsyncEvolutionRunner is AsyncEvolutionRunner
assert own_module("flows.evolve").evolve.name == "evolve"
assert own_module("tasks.query").query.name == "query"
assert own_module("flows.generation").__file__ == str(ROOT / "flows" / "generation.py")
{then}
"""


def script(folder: Path, files: dict[str, str], text: str, **environment: str) -> subprocess.CompletedProcess[str]:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    (folder / "go.py").write_text(text)
    return subprocess.run(
        [sys.executable, "go.py"], cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "when"),
    [
        ("tasks.py", "before"),
        *(
            pytest.param(files, when, marks=pytest.mark.slow)
            for files, when in (
                ("flows.py", "after"),
                ("tasks/", "before"),
                ("flows/", "after"),
            )
        ),
    ],
)
def test_both_are_there_under_their_names(files: str, when: str, tmp_path: Path) -> None:
    name = files.removesuffix(".py").removesuffix("/")
    own = f"import {name} as own"
    first, then = (own, "") if when == "before" else ("", own)
    done = script(tmp_path, FILES[files], LOADS.format(first=first, then=then + "\nprint(own.mine)"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == name


@pytest.mark.slow
def test_where_no_name_is_taken_nothing_is_changed(tmp_path: Path) -> None:
    text = (
        "import sys, shinka\nshinka.AsyncEvolutionRunner\nprint(*sys.meta_path)\nassert 'flows.runner' in sys.modules"
    )
    done = script(tmp_path, {}, text)
    assert done.returncode == 0, done.stderr
    assert "own_packages" not in done.stdout


@pytest.mark.slow
def test_our_flows_may_be_imported_by_their_own_name_beside_a_script_s_tasks(tmp_path: Path) -> None:
    text = "import tasks, flows.runner\nimport flows.evolve\nprint(tasks.mine, flows.evolve.evolve.name)"
    done = script(tmp_path, FILES["tasks.py"], text)
    assert done.stdout.split() == ["tasks", "evolve"], done.stderr


def test_the_command_line_is_not_led_astray_by_the_search_path(tmp_path: Path) -> None:
    script(tmp_path, EVERYTHING, "")
    command = [sys.executable, str(ROOT / "flows/evolve.py"), "nowhere"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
