"""Where the code of a deployed run may be: in an installed wheel, or in a repository that is cloned for the run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.deployed import Server, copy_project, make_task, programs, quick
from tests.support.prefect import ROOT

pytestmark = pytest.mark.slow


class Elsewhere(Server):
    """Commands and a worker that do not find this checkout, with an interpreter of their own."""

    def environment(self, **extra: str) -> dict[str, str]:
        environment = super().environment(**extra)
        del environment["PYTHONPATH"]
        return environment


@pytest.fixture
def elsewhere(prefect_api: str, prefect_home: Path, tmp_path: Path) -> Elsewhere:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return Elsewhere(prefect_api, prefect_home, folder, folder, interpreter(tmp_path / "venv"))


def interpreter(folder: Path) -> str:
    """A new environment with all packages of this one, but for the project if that is installed in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    here = [path for path in sys.path if path.endswith("site-packages")]
    (own / "those.pth").write_text("\n".join(here) + "\n")
    return str(folder / "bin" / "python")


def test_an_installed_wheel_is_deployed_from_a_folder_of_tasks(elsewhere: Elsewhere, tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path), str(ROOT)],
        capture_output=True, text=True,
    )  # fmt: skip
    if built.returncode:
        pytest.skip(f"a wheel cannot be built here: {built.stderr[-300:]}")
    (wheel,) = tmp_path.glob("shinka_prefect-*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", elsewhere.python, "install", "--quiet", "--no-deps", "--ignore-installed",
         str(wheel)], check=True,
    )  # fmt: skip
    make_task(elsewhere.folder / "tasks" / "mine")
    shutil.copy(ROOT / "deployments" / "prefect.yaml", elsewhere.folder)
    elsewhere.deploy(elsewhere.folder / "prefect.yaml")
    with elsewhere.worker():
        flow_run = elsewhere.start("default", **quick(Path("tasks/mine"), generations=2))
        ended = elsewhere.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", elsewhere.story(flow_run)
    assert programs(elsewhere.folder / "results" / ended["name"]) == 3


def test_a_repository_is_cloned_for_the_run_and_pulled_for_the_next(
    elsewhere: Elsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, bare, data = tmp_path / "checkout", tmp_path / "origin.git", tmp_path / "data"
    data.mkdir()
    copy_project(checkout)
    make_task(checkout / "tasks_of_mine" / "one")
    git("init", "--quiet", "--initial-branch", "main", str(checkout))
    commit(checkout, "first")
    git("clone", "--quiet", "--bare", str(checkout), str(bare))
    monkeypatch.setenv("SHINKA_REPOSITORY", bare.as_uri())
    monkeypatch.setenv("SHINKA_DATA", str(data))
    monkeypatch.setattr(elsewhere, "folder", checkout)
    elsewhere.deploy(checkout / "deployments" / "git" / "prefect.yaml")
    with elsewhere.worker():
        flow_run = elsewhere.start("cloned", **quick(Path("tasks_of_mine/one")))
        first = elsewhere.wait(flow_run)
        assert first["state"]["type"] == "COMPLETED", elsewhere.story(flow_run)
        make_task(checkout / "tasks_of_mine" / "two")
        commit(checkout, "second")
        git("-C", str(checkout), "push", "--quiet", str(bare), "main")
        flow_run = elsewhere.start("cloned", **quick(Path("tasks_of_mine/two")))
        second = elsewhere.wait(flow_run)
    assert second["state"]["type"] == "COMPLETED", elsewhere.story(flow_run)
    assert [programs(data / "results" / run["name"]) for run in (first, second)] == [3, 3]


def commit(folder: Path, message: str) -> None:
    git("-C", str(folder), "add", "--all")
    git("-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "-m", message)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull})
