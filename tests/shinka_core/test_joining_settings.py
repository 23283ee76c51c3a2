"""Who takes part in an evolution goes by the settings of those who are at it, and is told which one is another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig, InProcessJobConfig, LocalJobConfig
from shinka_core.errors import ConfigError, EvolutionExistsError
from shinka_core.run import open_run
from shinka_core.settings import Resume, RunSettings
from shinka_core.whereabouts import find_run
from tests.shinka_core.test_resume_settings import make_task
from tests.shinka_core.test_resume_settings import settings as settings_of


def settings(folder: Path, **evolve: Any) -> RunSettings:
    """What the first driver says, with a task of its own."""
    task = folder / "task"
    if not task.exists():
        make_task(task)
    return settings_of(folder / "r", task, evolve=evolve)


def other(given: RunSettings, folder: str = "other", **fields: Any) -> RunSettings:
    """The same from another machine: files elsewhere, a results folder of its own."""
    database = given.database.model_copy(update={"db_path": str(given.results_dir / "evolution.sqlite")})
    place = given.results_dir.parent / folder
    return replace(given, results_dir=place, database=database, **fields)


async def test_one_takes_part_with_the_settings_that_are_kept_and_widths_of_its_own(tmp_path: Path) -> None:
    given = settings(tmp_path, num_generations=9, patience=4)
    async with open_run(given, resume=Resume.JOIN) as first:
        said = other(settings(tmp_path), max_proposal_jobs=3)
        async with open_run(said, resume=Resume.JOIN) as second:
            assert second.settings.evolve.num_generations == first.settings.evolve.num_generations == 9
            assert second.settings.evolve.patience == 4
            assert (first.settings.proposal_jobs, second.settings.proposal_jobs) == (10, 3)
            assert second.settings.results_dir != first.settings.results_dir
            assert first.database.together is not None
            assert second.database.together is not None
            claims = [await one.database.together.claims.next() for one in (first, second)]  # type: ignore[union-attr]
            assert [claim and claim.number for claim in claims] == [1, 2]


async def test_evaluations_may_run_in_another_way_on_each_machine(tmp_path: Path) -> None:
    given = settings(tmp_path)
    task = make_task(tmp_path / "elsewhere")
    for folder in (tmp_path / "task", task):
        (folder / "evaluate.py").write_text("def evaluate(program_path, results_dir):\n    return 1.0\n")
    async with open_run(given, resume=Resume.JOIN):
        job = InProcessJobConfig(eval_program_path=str(task / "evaluate.py"))
        evolve = given.evolve.model_copy(update={"init_program_path": str(task / "initial.py")})
        async with open_run(other(given, job=job, evolve=evolve), resume=Resume.JOIN) as second:
            assert second.settings.job.kind == "in_process"
            assert second.settings.job.eval_program_path == str(task / "evaluate.py")
            assert second.settings.evolve.init_program_path == str(task / "initial.py")


@pytest.mark.parametrize(
    ("section", "fields", "message"),
    [
        ("evolve", {"num_generations": 11}, "num_generations=11, and the others have 5; leave that out"),
        ("evolve", {"seed": 9}, "seed=9, and the others have 0"),
        ("database", {"archive_size": 3}, "archive_size=3, and the others have"),
        ("job", {"time": 77.0}, "time=77.0, and the others have None"),
    ],
)
async def test_a_setting_that_is_another_is_refused_by_name(
    tmp_path: Path, section: str, fields: dict[str, Any], message: str
) -> None:
    given = settings(tmp_path, num_generations=5)
    async with open_run(given, resume=Resume.JOIN):
        said = other(given)
        part = getattr(said, section)
        changed = type(part)(**(part.model_dump(exclude_unset=True) | fields))
        with pytest.raises(ConfigError, match=message):
            async with open_run(replace(said, **{section: changed}), resume=Resume.JOIN):
                pass


async def test_another_evaluator_is_refused(tmp_path: Path) -> None:
    given = settings(tmp_path)
    task = make_task(tmp_path / "elsewhere")
    (task / "evaluate.py").write_text((task / "evaluate.py").read_text() + "\n# another\n")
    async with open_run(given, resume=Resume.JOIN):
        job = LocalJobConfig(eval_program_path=str(task / "evaluate.py"))
        with pytest.raises(ConfigError, match=r"the evaluator has changed .* same task folder as the others"):
            async with open_run(other(given, job=job), resume=Resume.JOIN):
                pass


async def test_a_run_that_one_has_alone_is_not_joined_and_a_shared_one_not_resumed(tmp_path: Path) -> None:
    given = settings(tmp_path)
    async with open_run(given):
        with pytest.raises(EvolutionExistsError, match="being run by this process alone"):
            async with open_run(other(given), resume=Resume.JOIN):
                pass
    async with open_run(given, resume=Resume.JOIN):
        with pytest.raises(EvolutionExistsError, match=r"take part in it \(--join\)"):
            async with open_run(other(given), resume=True):
                pass
    async with open_run(other(given), resume=True) as alone:
        assert alone.database.together is None


async def test_those_who_begin_at_the_same_moment_share_one_evolution(tmp_path: Path) -> None:
    given = settings(tmp_path)
    everybody = asyncio.Barrier(3)

    async def live(said: RunSettings) -> str:
        async with open_run(said, resume=Resume.JOIN) as run:
            await everybody.wait()
            assert run.database.together is not None
            return run.evolution

    names = await asyncio.gather(live(given), live(other(given, "b")), live(other(given, "c")))
    assert len(set(names)) == 1


async def test_a_run_that_is_shared_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"several drivers take part in a run by its name"):
        await find_run("initial.py", DatabaseConfig(), resume=Resume.JOIN)
    with pytest.raises(ConfigError, match=r"resume=True .* say one"):
        Resume.of(True, join=True)
