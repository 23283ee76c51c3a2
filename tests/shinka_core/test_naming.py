"""Evolutions that nobody names get names and folders of their own, also in the same second."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.errors import ConfigError, EvolutionExistsError
from shinka_core.naming import RUN_FILE, default_name, give_back, take_place
from tests.support.prefect import ROOT

TASK = str(ROOT / "benchmarks" / "task" / "initial.py")
IN_ITS_FOLDER, SHARED = DatabaseConfig(), DatabaseConfig(db_path="postgresql://host/db")

# Every process says when it has loaded everything and waits for the same moment, to take twenty places in it.
SWEEP = f"""
import sys, time
from shinka_core import naming
from shinka_core.config import DatabaseConfig
naming.default_name = lambda path: "task-20250101-120000"
print("loaded", flush=True)
time.sleep(max(0, float(sys.stdin.readline()) - time.time()))
for _ in range(20):
    print(naming.take_place({TASK!r}, DatabaseConfig()).name)
"""


def test_processes_that_start_in_the_same_second_get_places_of_their_own(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SWEEP], cwd=tmp_path, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(3)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
    moment = f"{time.time() + 0.2}\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(moment)
        process.stdin.flush()
    names = [name for process in processes for name in process.communicate()[0].split()]
    assert len(names) == 60
    assert set(names) == {"task-20250101-120000", *(f"task-20250101-120000-{number}" for number in range(2, 61))}
    assert {folder.name for folder in (tmp_path / "results").iterdir()} == set(names)


@pytest.mark.parametrize("kind", [SHARED, IN_ITS_FOLDER], ids=["in one database", "in one process"])
def test_a_name_by_the_clock_is_not_left_to_the_clock(
    kind: DatabaseConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shinka_core.naming.default_name", lambda path: "task-20250101-120000")
    places = [take_place(TASK, kind, results_dir=tmp_path / f"{number}") for number in range(5)]
    assert len({place.name for place in places}) > 1
    assert all(place.name.startswith("task-20250101-120000-") for place in places)


@pytest.mark.parametrize("given", [{"name": "mine"}, {"results_dir": "r"}, {"name": "mine", "results_dir": "r"}])
def test_a_place_that_is_given_is_refused_once_it_holds_a_run(
    given: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = take_place(TASK, IN_ITS_FOLDER, **given)
    assert place.results_dir == tmp_path / (given.get("results_dir") or "results/mine")
    assert take_place(TASK, IN_ITS_FOLDER, **given).results_dir == place.results_dir, "an empty folder is free"
    (place.results_dir / RUN_FILE).write_text('{"name": "mine"}')
    with pytest.raises(EvolutionExistsError, match=r"already holds a run.*--resume"):
        take_place(TASK, IN_ITS_FOLDER, **given)


def test_a_folder_that_cannot_be_made_is_told_as_a_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="--results"):
        take_place(TASK, IN_ITS_FOLDER, results_dir=tmp_path / "file" / "r")


def test_a_folder_is_given_back_only_while_nothing_is_in_it(tmp_path: Path) -> None:
    place = take_place(TASK, IN_ITS_FOLDER, results_dir=tmp_path / "r")
    (place.results_dir / "note").write_text("")
    give_back(place)
    assert place.results_dir.exists()
    (place.results_dir / "note").unlink()
    give_back(place)
    assert not place.results_dir.exists()


ODD = [
    "日本語", "中文版", "日" * 200, "..", ".", "...", "a/b", "a_b", "a b", "a  b", "a:b", "x" * 300, "x" * 301, "/", "//", "-", "-rf", "~",
    "CON", "nul.txt", "com1", "../../up", "/etc/x", "[bold]", "$(x)", "é", "e\u0301", "🧬", "name.", " name", "*",
]  # fmt: skip


def test_odd_names_get_folders_inside_the_results_folder_and_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = [take_place(TASK, IN_ITS_FOLDER, name=name).results_dir for name in ODD]
    assert {folder.parent for folder in folders} == {tmp_path / "results"}
    assert len(set(folders)) == len(ODD)
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    assert folders[ODD.index("日本語")].name == "日本語"
    assert not {folder.name.lower() for folder in folders} & {"con", "nul.txt", "com1"}


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\tb", "\x00", "\x1b[31m", "a\u2028b", "\udce9", "x" * 501])
def test_what_is_no_name_is_refused_in_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="is no name for a run") as told:
        take_place(TASK, IN_ITS_FOLDER, name=name)
    assert str(told.value).isprintable()
    assert not list(tmp_path.iterdir())


def test_a_name_by_the_task_folder_is_no_longer_than_a_file_name(tmp_path: Path) -> None:
    name = default_name(str(tmp_path / ("日" * 80) / "initial.py"))
    assert name.startswith("日日")
    assert len(name.encode()) < 200


def test_a_folder_that_cannot_be_written_to_is_told_as_a_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path / "r")
    with pytest.raises(ConfigError, match=r"cannot be written to.*--results"):
        take_place(TASK, IN_ITS_FOLDER, results_dir=tmp_path / "r")
