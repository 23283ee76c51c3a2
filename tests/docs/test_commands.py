"""The commands of tutorial, recipes and migration, run as a reader would: page by page, block by block, in one folder."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, blocks
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import command, rows

LIMIT = 240
EVOLVING = re.compile(r"(?:PYTHONPATH=(\S+) )?\.venv/bin/python flows/evolve\.py (.*)")
# What a checkout holds and the commands need.
CHECKOUT = ("shinka", "flows", "tasks", "shinka_core", "examples", "Makefile", "pyproject.toml", "constraints.txt")
COMMANDS = ("python", "prefect")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which `make` finds everything installed: this interpreter stands for that of `.venv`."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    _environment(folder / ".venv")
    return folder


def _environment(folder: Path) -> Path:
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in COMMANDS:
        called = sys.executable if name == "python" else f"{sys.executable} -m {name}"
        (programs / name).write_text(f'#!/bin/sh\nexec {called} "$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".installed").touch()
    return folder


@pytest.fixture(scope="module")
def surroundings(checkout: Path, prefect_api: str, prefect_home: Path) -> dict[str, str]:
    """Without a key, and with the project's copy before the installed one."""
    return environment_for(prefect_api, prefect_home, PYTHONPATH=str(checkout), SHELL="/bin/sh")


def parts(page: str) -> Iterator[Block]:
    yield from (block for block in blocks(DOCS / page) if block.remark == "file" or _is_run(block))


def _is_run(block: Block) -> bool:
    return block.language == "sh" and block.remark == ""


def follow(page: str, folder: Path, environment: dict[str, str]) -> str:
    """Makes the files and gives the commands of a page, line by line; returns all that was printed."""
    printed: list[str] = []
    for block in parts(page):
        if block.remark == "file":
            path = folder / block.said
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            path.chmod(0o755 if block.text.startswith("#!") else 0o644)
            continue
        for line in block.text.splitlines():
            evolving = EVOLVING.fullmatch(line)
            given = (
                in_this_process(evolving, folder, environment) if evolving else in_a_shell(line, folder, environment)
            )
            assert given.returncode == 0, f"{block}\n{line}\n{given.stdout[-3000:]}\n{given.stderr[-3000:]}"
            printed.append(given.stdout)
    return "\n".join(printed)


def in_a_shell(line: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-eu", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=LIMIT
    )


def in_this_process(line: re.Match[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What most commands are: it takes half as long as a process that loads everything anew."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        if line[1]:
            patched.syspath_prepend(str(folder / line[1]))
        arguments = shlex.split(line[2], comments=True)
        return command(*arguments, api=environment["PREFECT_API_URL"], home=Path(environment["PREFECT_HOME"]))


def recorded(results: Path) -> int:
    """How many programs a run has."""
    return rows(results, "SELECT count(*) FROM programs")[0][0]


@pytest.mark.slow
def test_the_tutorial_leads_to_a_run_of_one_s_own(checkout: Path, surroundings: dict[str, str]) -> None:
    printed = follow("tutorial.md", checkout, surroundings)
    assert "EVOLVE-BLOCK-START" in printed
    assert '"combined_score": -0.5' in printed
    assert "26 generations" in printed
    assert (checkout / "results" / "circles" / "best" / "seed_to_best.diff").stat().st_size > 0
    assert recorded(checkout / "results" / "first") > 20


@pytest.mark.slow
def test_the_recipes_work(checkout: Path, surroundings: dict[str, str]) -> None:
    if not (checkout / "my_task").exists():
        follow("tutorial.md", checkout, surroundings)
    follow("recipes.md", checkout, surroundings)
    assert recorded(checkout / "results" / "pod") == 5
    assert recorded(checkout / "results" / "shell") == 7
    assert recorded(checkout / "results" / "mine") > 1


@pytest.mark.slow
def test_a_task_of_openevolve_runs_as_it_is(checkout: Path, surroundings: dict[str, str]) -> None:
    printed = follow("migration.md", checkout, surroundings)
    assert "a task of OpenEvolve: program initial_program.py" in printed
    assert "taken from config.yaml: max_iterations (num_generations)" in printed
    assert recorded(checkout / "results" / "from_openevolve") == 5
