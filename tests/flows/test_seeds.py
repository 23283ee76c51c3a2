"""Several programs to begin with: each a generation and a trajectory of its own, as the record has it."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.config import DatabaseConfig
from shinka_core.database import EvolutionReader
from shinka_core.errors import ConfigError
from shinka_core.run import Run, open_run
from shinka_core.seeds import homes
from shinka_core.settings import RunSettings
from tests.support.beginning import begin, evaluated, program_of, settings_of, task_in
from tests.support.runs import command, rows, settings_for


@pytest.fixture
def _server(prefect_api: str, prefect_home: Path) -> Any:  # pyright: ignore[reportUnusedFunction]
    with settings_for(prefect_api, prefect_home):
        yield


def living(run: Run) -> list[list[int]]:
    """Generations by island."""
    view = run.database._population.view()  # pyright: ignore[reportPrivateUsage]
    return [[int(view.generations[position]) for position in members] for members in view.islands]


@given(seeds=st.integers(1, 12), islands=st.integers(1, 12))
def test_every_island_has_a_seed_program_and_every_seed_program_an_island(seeds: int, islands: int) -> None:
    where = [homes(number, seeds, islands) for number in range(seeds)]
    assert all(where)
    assert {island for numbers in where for island in numbers} == set(range(islands))
    taken = [island for numbers in where for island in numbers]
    if seeds <= islands:
        assert len(taken) == islands, "each island one"
    if seeds == 1:
        assert where == [tuple(range(islands))], "as ever"


def several(folder: Path, *values: float, islands: int = 2, **evolution: Any) -> RunSettings:
    names = ["initial", *(f"other{number}" for number in range(1, len(values)))]
    task_in(folder, **{name: program_of(value) for name, value in zip(names, values, strict=True)})
    paths = [str(folder / f"{name}.py") for name in names]
    return settings_of(folder, islands=islands, init_program_path=paths, **evolution)


@pytest.mark.usefixtures("_server")
async def test_each_program_is_a_generation_on_an_island_of_its_own_and_needs_no_file_later(tmp_path: Path) -> None:
    settings = several(tmp_path, 1.0, 2.0, 3.0, islands=3)
    async with open_run(settings) as run:
        programs = await begin(run, 3, 4)
        assert [(p.generation, p.score, p.patch_type, p.parent_id) for p in programs if p] == [
            (0, 1.0, None, None), (1, 2.0, "initial", None), (2, 3.0, "initial", None),
        ]  # fmt: skip
        assert [members[0] for members in living(run)] == [0, 1, 2]
        assert "other1.py" in str(programs[1] and programs[1].description)
        before = living(run)
    for name in ("initial", "other1", "other2"):
        (tmp_path / f"{name}.py").unlink()
    wider = dataclasses.replace(settings, database=DatabaseConfig(num_islands=5))
    async with open_run(wider, resume=True) as run:
        assert living(run) == [*before, [0], [1]], "islands that come later take them in turn"
        await begin(run, 5)
    assert len(evaluated(tmp_path)) == 6, "nothing is evaluated again"
    async with EvolutionReader.open(settings.results_dir) as reader:
        kept = (await reader.settings())["seeds"]
    assert [Path(seed["origin"]).name for seed in kept] == ["initial.py", "other1.py", "other2.py"]


@pytest.mark.usefixtures("_server")
async def test_a_program_that_is_no_use_is_told_and_its_island_begins_with_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = several(tmp_path, 1.0, -1.0, 3.0, islands=3)
    (tmp_path / "other2.py").write_text("raise ValueError('not today')\n")
    with caplog.at_level(logging.WARNING, "shinka.seed"):
        async with open_run(settings) as run:
            await begin(run)
            assert living(run) == [[0], [1, 0], [2, 0]]
            before = living(run)
    assert "seed program 1" in caplog.text
    assert "not today" in caplog.text
    async with open_run(settings, resume=True) as run:
        await begin(run)
        assert living(run) == before


@pytest.mark.usefixtures("_server")
async def test_the_run_goes_on_when_only_a_later_one_is_fine_and_not_when_none_is(tmp_path: Path) -> None:
    settings = several(tmp_path, -1.0, 2.0)
    (tmp_path / "initial.py").write_text("raise ValueError('broken')\n")
    async with open_run(settings) as run:
        await begin(run)
        assert living(run) == [[0, 1], [1]]
    none = tmp_path / "none"
    wrong = several(none, 1.0, 2.0)
    good = (none / "evaluate.py").read_text()
    (none / "evaluate.py").write_text("def evaluate(program_path, results_dir): raise KeyError('no such thing')\n")
    async with open_run(wrong) as run:
        with pytest.raises(ConfigError, match="no such thing"):
            await begin(run)
    # Nothing came of it: the mended evaluator evaluates them all again, and files may be others.
    (none / "evaluate.py").write_text(good)
    (none / "other1.py").write_text(program_of(7.0))
    async with open_run(wrong, resume=True) as run:
        programs = await begin(run)
        assert [program and program.score for program in programs] == [1.0, 7.0]
        assert living(run) == [[0], [1]]


@pytest.mark.usefixtures("_server")
async def test_what_a_run_begins_with_is_decided_once(tmp_path: Path) -> None:
    settings = several(tmp_path, 1.0, 2.0)
    async with open_run(settings) as run:
        await begin(run)
    fewer = settings_of(tmp_path, more_init_programs=[])
    with pytest.raises(ConfigError, match=r"more_init_programs.*cannot be changed"):
        async with open_run(dataclasses.replace(fewer, evolution=settings.evolution), resume=True):
            pass
    (tmp_path / "other1.py").write_text(program_of(9.0))
    with pytest.raises(ConfigError, match=r"other1\.py.*not the one that this run began with.*accept_changes"):
        async with open_run(settings, resume=True):
            pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"init_program_path": ["initial.py", "missing.py"]}, "missing.py.*does not exist"),
        ({"init_program_path": ["initial.py", "folder"]}, "folder.*is a folder.*is one file"),
        ({"init_program_path": ["initial.py", "other.cpp"]}, "other.cpp.*'cpp'.*'python'"),
        ({"init_program_path": ["initial.py"] * 3, "num_generations": 1}, "num_generations=1 is less than the 2 seed"),
        ({"bootstrap": {"count": 2}}, "bootstrap.count=2 needs a model"),
        ({"bootstrap": {"from_task": True}}, "from_task=True needs the task in words"),
        ({"bootstrap": {"from_task": True}, "task_sys_msg": "t"}, "is there; take it out"),
        ({"warm_start": {"runs": ["nowhere:run"]}}, "warm_start.runs: 'nowhere.*' does not exist"),
        ({"bootstrap": {"library": ["nowhere"]}}, "bootstrap.library: 'nowhere.*' does not exist"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], said: str
) -> None:
    from shinka_core.checks import check_settings

    task_in(tmp_path, initial=program_of(1.0))
    (tmp_path / "other.cpp").write_text("int main() { return 0; }\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "main.py").write_text("value = 1\n")
    monkeypatch.chdir(tmp_path)
    fields: dict[str, Any] = {"init_program_path": "initial.py"} | change
    with pytest.raises(ConfigError, match=said):
        check_settings(settings_of(tmp_path, **fields))


def test_a_whole_run_of_a_task_folder_with_several_programs(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task = tmp_path / "task"
    task_in(task, initial=program_of(1.0))
    (task / "initials").mkdir()
    (task / "initials" / "apart.py").write_text(program_of(5.0))
    (task / "evolve.yaml").write_text(
        "job: {kind: in_process}\nevolution: {embedding_model: null}\ndatabase: {num_islands: 2}\n"
    )
    results = tmp_path / "r"
    done = command(str(task), "--generations", "4", "--results", str(results), api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stderr
    assert rows(results, "SELECT generation, patch_type FROM programs WHERE generation < 2 ORDER BY 1") == [
        (0, None), (1, "initial"),
    ]  # fmt: skip
    members = "SELECT m.island, p.generation FROM island_members m JOIN programs p ON p.id = m.program_id"
    assert rows(results, members + " WHERE generation < 2 ORDER BY 1, 2") == [(0, 0), (1, 1)]
    assert rows(results, "SELECT count(*) FROM programs") == [(5,)]
    summary = json.loads((results / "summary.json").read_text())
    assert [(seed["kind"], seed["score"], seed["islands"]) for seed in summary["seeds"]] == [
        ("initial", 1.0, [0]), ("initial", 5.0, [1]),
    ]  # fmt: skip
    assert "apart.py" in done.stdout
