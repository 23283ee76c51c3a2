"""What a run makes of the last run of the same task: nothing, programs to begin with, or more generations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.evolve import evolve
from shinka_core.config import DatabaseConfig, EvolutionConfig
from shinka_core.database import RunSummary
from shinka_core.errors import ConfigError
from tests.support.deployed import make_task
from tests.support.runs import settings_for

SETTINGS = {
    "evolution": {"num_generations": 4, "embedding_model": None, "tuning": None, "report": False},
    "job": {"isolation": "limits"},
}


@pytest.fixture
def task(tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A task, in a working directory where nothing else was evolved."""
    monkeypatch.chdir(tmp_path)
    folder = make_task(tmp_path / "task")
    (folder / "evolve.yaml").write_text(json.dumps(SETTINGS))
    with settings_for(prefect_api, prefect_home):
        yield folder


async def begun(task: Path, begin: str, **more: Any) -> RunSummary:
    found = await evolve(task_dir=str(task), begin=begin, **more)  # type: ignore[arg-type]
    assert isinstance(found, RunSummary)
    return found


def in_database(database_url: str | None) -> dict[str, Any]:
    return {} if database_url is None else {"db_config": DatabaseConfig(db_path=database_url)}


async def test_a_night_begins_with_the_best_of_the_last_one_or_goes_on_with_it(
    task: Path, database_url: str | None
) -> None:
    where = in_database(database_url)
    first = await begun(task, "best", **where)
    assert first.programs == 5, "there was no earlier run"
    # Another task in the same place is none of it.
    other = make_task(task.parent / "other")
    (other / "evolve.yaml").write_text(json.dumps(SETTINGS))
    (other / "evaluate.py").write_text((other / "evaluate.py").read_text() + "\n# another\n")
    await begun(other, "anew", **where)

    best = await begun(task, "best", **where)
    assert best.evolution != first.evolution
    assert str(best.seeds).count(first.evolution) >= 3, "from that run and no other"
    assert (best.programs, len(best.seeds)) == (5, 4), "three of the four generations are the best of before"

    more = await begun(task, "continue", evo_config=EvolutionConfig(num_generations=2), **where)
    assert more.evolution == best.evolution
    assert more.programs == best.programs + 2
    again = await begun(task, "continue", **where)
    assert (again.evolution, again.programs) == (best.evolution, more.programs + 4)


async def test_one_run_is_chosen_once(task: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"begin='continue' chooses the last run of the task, and name='mine' names one"
    ):
        await begun(task, "continue", name="mine")
    with pytest.raises(ConfigError, match="and resume='yes' names one"):
        await begun(task, "best", resume=True)
