"""A resume from the command line: what the folder alone tells, what the settings file and the flags change."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.terminal.resuming import plan_resume
from flows.terminal.task_folder import Overrides, Plan, plan_run
from shinka_core.errors import ConfigError, EvolutionExistsError, ShinkaError
from shinka_core.run import open_run
from tests.shinka_core.test_resume_open import old_database
from tests.support.bare import FakeLauncher, evolve

FILE = "evolution: {num_generations: 3, max_api_costs: 2.0, seed: 5}\njob: {isolation: limits}\nmax_proposal_jobs: 4\n"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A task folder and a run of it that was begun on the command line, with `--generations 2`."""
    folder = tmp_path_factory.mktemp("begun")
    write_task(folder / "task")
    plan = plan_run(folder / "task", None, Overrides(generations=2, results=folder / "r"))
    asyncio.run(live(plan))
    return folder


def write_task(folder: Path, value: float = 0.5) -> None:
    folder.mkdir(parents=True)
    (folder / "initial.py").write_text(f"# EVOLVE-BLOCK-START\nx = {value}\ny = 1.5\n# EVOLVE-BLOCK-END\n")
    (folder / "evaluate.py").write_text("pass\n")
    (folder / "evolve.yaml").write_text(FILE)


async def live(plan: Plan, resume: bool = False) -> None:
    async with open_run(plan.settings, resume=resume) as run:
        run.launcher = FakeLauncher()
        await evolve(run)
        await run.database.finish("finished")


@pytest.fixture
def there(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy in which the results were moved, and a working directory that has nothing to do with it."""
    shutil.copytree(begun / "r", tmp_path / "moved")
    shutil.copytree(begun / "task", tmp_path / "task")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def resumed(results: Path | None, task: Path | None = None, config: Path | None = None, **flags: Any) -> Plan:
    return plan_resume(task, config, Overrides(results=results, **flags))


def test_the_folder_alone_is_enough_from_anywhere_also_after_a_move(there: Path, begun: Path) -> None:
    plan = resumed(there / "moved")
    assert plan.evolution.init_program_path == str(begun / "task" / "initial.py")
    assert plan.job.eval_program_path == str(begun / "task" / "evaluate.py")
    assert plan.settings.results_dir == there / "moved"
    assert (plan.evolution.num_generations, plan.evolution.max_api_costs, plan.evolution.seed) == (2, 2.0, 5)
    assert (plan.max_proposal_jobs, plan.job.isolation) == (4, "limits")
    assert plan.continued is not None
    assert not plan.continued.changes, "what the file says is what it said, and the flag of then outranks it"


EDITS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "the file is edited": ("evolution: {num_generations: 9}\n", {}, {"num_generations": 9, "max_api_costs": 2.0}),
    "a flag wins": ("evolution: {num_generations: 9}\n", {"generations": 7}, {"num_generations": 7}),
    "a field is new": ("evolution: {num_generations: 3, llm_timeout: 5}\n", {}, {"num_generations": 2, "llm_timeout": 5}),
    "models take their weights along": (
        "evolution: {llm_models: [builtin/mutate], llm_weights: [1.0]}\n", {"models": ["a", "b"]},
        {"llm_models": ["a", "b"], "llm_weights": None},
    ),
    "a budget": ("", {"budget": 50.0}, {"max_api_costs": 50.0, "num_generations": 2}),
}  # fmt: skip


@pytest.mark.parametrize(("file", "flags", "wanted"), EDITS.values(), ids=EDITS)
def test_stored_under_file_under_flags(
    there: Path, file: str, flags: dict[str, Any], wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x" * 20)
    (there / "task" / "evolve.yaml").write_text(file)
    plan = resumed(there / "moved", there / "task", **flags)
    assert {field: getattr(plan.evolution, field) for field in wanted} == wanted
    assert plan.continued is not None
    told = {change.field for change in plan.continued.changes}
    assert {"init_program_path", "eval_program_path"} <= told, "the task was named elsewhere"
    assert told >= {field for field in wanted if field not in ("llm_weights",)} - {
        field for field, value in wanted.items() if value in (2, 2.0)
    }


def test_what_the_file_does_not_say_any_more_stays_and_is_told(there: Path) -> None:
    (there / "task" / "evolve.yaml").write_text("evolution: {num_generations: 3, seed: 5}\n")
    plan = resumed(there / "moved", there / "task")
    assert (plan.evolution.max_api_costs, plan.max_proposal_jobs) == (2.0, 4)
    assert [note.split("say ")[1].split(" ")[0] for note in plan.notes] == [
        "evolution.max_api_costs", "job.isolation", "max_proposal_jobs",
    ]  # fmt: skip


def test_files_that_were_named_apart_from_the_task_folder_stay_where_they_are(there: Path) -> None:
    write_task(there / "apart", 3.5)
    flags = Overrides(generations=1, results=there / "r", initial=there / "apart" / "initial.py")
    asyncio.run(live(plan_run(there / "task", None, flags)))
    assert resumed(there / "r", there / "task").evolution.init_program_path == str(there / "apart" / "initial.py")


def test_a_run_that_an_older_version_began_is_continued_by_its_folder_alone(there: Path) -> None:
    old_database(
        there / "old", {"num_generations": 4, "seed": 1, "init_program_path": str(there / "task" / "initial.py")}
    )
    with sqlite3.connect(there / "old" / "evolution.sqlite") as connection:
        program = (there / "task" / "initial.py").read_text()
        connection.execute("UPDATE programs SET code = ? WHERE generation = 0", (program,))
    (there / "task" / "evolve.yaml").write_text("job: {time: 77}\nevolution: {seed: 1}\n")
    plan = resumed(there / "old")
    assert (plan.evolution.num_generations, plan.job.time) == (4, 77)
    assert plan.job.eval_program_path == str(there / "task" / "evaluate.py")


def test_another_settings_file_counts_with_what_it_says_otherwise(there: Path) -> None:
    (there / "other.yaml").write_text("database: {num_islands: 4}\nmax_evaluation_jobs: 7\n")
    plan = resumed(there / "moved", config=there / "other.yaml")
    assert (plan.database.num_islands, plan.max_evaluation_jobs, plan.max_proposal_jobs) == (4, 7, 4)


def test_in_the_folder_of_another_task_it_is_refused(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_task(there / "another", 7.5)
    monkeypatch.chdir(there / "another")
    with pytest.raises(ConfigError, match=r"not the one of the run.*name the task folder"):
        resumed(there / "moved")
    with pytest.raises(ConfigError, match=r"the seed program .*initial\.py' is not the one"):
        resumed(there / "moved", there / "another")
    monkeypatch.chdir(there / "task")
    resumed(there / "moved")  # a copy of its own


def test_a_task_that_has_moved_is_named_or_stood_in(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_task(there / "first")
    asyncio.run(live(plan_run(there / "first", None, Overrides(generations=1, results=there / "r"))))
    (there / "first").rename(there / "second")
    with pytest.raises(
        ConfigError, match=r"first/evaluate\.py', is not there any more; name the folder.*TASK --resume"
    ):
        resumed(there / "r")
    assert resumed(there / "r", there / "second").job.eval_program_path == str(there / "second" / "evaluate.py")
    monkeypatch.chdir(there / "second")
    assert resumed(there / "r").evolution.init_program_path == str(there / "second" / "initial.py")


def test_name_and_database_are_enough_when_the_folder_is_gone(there: Path) -> None:
    database = there / "shared.sqlite"
    for name in ("one", "two"):
        flags = Overrides(generations=1, results=there / name, database=str(database), name=name)
        asyncio.run(live(plan_run(there / "task", None, flags)))
    assert resumed(there / "one").database.db_path == str(database), "the folder knows its database"
    shutil.rmtree(there / "two")
    plan = resumed(None, name="two", database=str(database), generations=2)
    assert (plan.name, plan.settings.results_dir) == ("two", there / "two")
    asyncio.run(live(plan, resume=True))
    assert (there / "two" / "run.yaml").exists()
    with pytest.raises(ConfigError, match=r"there is no run 'three' in the database; it holds 'two', 'one'"):
        resumed(None, name="three", database=str(database))
    with pytest.raises(ConfigError, match=r"the database holds 'two', 'one'; choose with name"):
        resumed(None, database=str(database))


def gone(folder: Path) -> None:
    for file in folder.glob("evolution.sqlite*"):
        file.unlink()


def broken(folder: Path) -> None:
    (folder / "run.yaml").write_text("name: [")


def unmarked(folder: Path) -> None:
    (folder / "run.yaml").unlink()


def old(folder: Path) -> None:
    """As an earlier version wrote it."""
    (folder / "run.yaml").write_text(json.dumps({"name": json.loads((folder / "run.yaml").read_text())["name"]}))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (gone, "but the database '.*evolution.sqlite' is not there; name its database"),
        (broken, ""),
        (unmarked, ""),
        (old, ""),
        (shutil.rmtree, "no run to resume in"),
    ],
)
def test_whatever_is_left_of_a_run_nothing_begins_in_its_place(
    there: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(there / "moved")
    if words:
        with pytest.raises(ConfigError, match=words):
            resumed(there / "moved")
    else:
        assert resumed(there / "moved").evolution.seed == 5
    if (there / "moved").exists():
        with pytest.raises(EvolutionExistsError, match=r"already holds a run.*--resume"):
            plan_run(there / "task", None, Overrides(results=there / "moved"))


def test_a_resume_without_a_place_says_what_is_there(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="--resume needs --results"):
        resumed(None)
    (there / "results").mkdir()
    (there / "moved").rename(there / "results" / "mine")
    monkeypatch.chdir(there)
    with pytest.raises(ConfigError, match="there are results/mine"):
        resumed(None)
    by_name = resumed(None, name=resumed(Path("results/mine")).name)
    assert by_name.settings.results_dir == there / "results" / "mine"


def test_the_name_of_another_run_is_refused(there: Path) -> None:
    with pytest.raises(ShinkaError, match="'other' is not the run"):
        resumed(there / "moved", name="other")


def test_a_folder_that_cannot_be_looked_into_is_told_as_a_setting(there: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        resumed(there / ("r" * 300))
    with pytest.raises(ConfigError, match="is no name for a run"):
        resumed(None, name="a\nb")
