"""Whole runs that are continued: by their folder alone, from elsewhere, moved, from Python, after a mended evaluator.

Which settings may change is a table in `tests/shinka_core/test_resume_settings.py`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from flows.runner import AsyncEvolutionRunner
from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError
from tests.support.runs import TASK, command, rows, settings_for

SETTINGS = "evolution: {embedding_model: null, num_generations: 50}\njob: {isolation: limits}\n"


def copied(folder: Path) -> Path:
    shutil.copytree(TASK, folder)
    (folder / "evolve.yaml").write_text(SETTINGS)
    return folder


@pytest.mark.slow
def test_a_run_is_continued_by_its_folder_alone_after_it_was_moved_and_from_python(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, results = copied(tmp_path / "task"), tmp_path / "r"
    here = {"api": prefect_api, "home": prefect_home}
    begun = command(
        str(task), "--generations", "2", "--budget", "4", "--seed", "3", "--max-proposal-jobs", "3",
        "--results", str(results), **here,
    )  # fmt: skip
    assert begun.returncode == 0, begun.stdout + begun.stderr
    results.rename(tmp_path / "moved")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    results = tmp_path / "moved"

    more = command("--resume", "--results", "../moved", "--generations", "4", **here)
    assert more.returncode == 0, more.stdout + more.stderr
    assert "2 of 4 generations are done" in more.stdout
    assert "num_generations: 2 → 4" in more.stdout
    assert rows(results, "SELECT max(generation), count(*) FROM programs") == [(4, 5)]
    again = command("--resume", "--results", "../moved", **here)
    assert again.returncode == 0
    assert "there is nothing to do: say --generations N for more" in again.stdout

    async def in_python() -> None:
        config = EvolutionConfig(results_dir=str(results), num_generations=5)
        summary = await AsyncEvolutionRunner(config, resume=True, verbose=False).run()
        assert (summary.programs, summary.results_dir) == (6, str(results))

    with settings_for(prefect_api, prefect_home):
        asyncio.run(in_python())
    ((stored,),) = rows(results, "SELECT settings FROM sessions ORDER BY number DESC LIMIT 1")
    settings = json.loads(stored)
    assert settings["evolution"] | {"num_generations": 5, "seed": 3, "max_api_costs": 4.0} == settings["evolution"]
    assert settings["max_proposal_jobs"] == 3
    assert rows(results, "SELECT count(*), count(ended_at) FROM sessions") == [(4, 4)]
    seconds = json.loads((results / "summary.json").read_text())["seconds"]
    assert seconds == pytest.approx(rows(results, "SELECT sum(ended_at - began_at) FROM sessions")[0][0], abs=2)

    (task / "evaluate.py").write_text((task / "evaluate.py").read_text() + "\n# mended\n")
    refused = command("--resume", "--results", "../moved", "--generations", "9", **here)
    assert refused.returncode == 2
    assert "the evaluator has changed" in refused.stderr
    assert "--accept-changes" in refused.stderr


def test_the_same_command_works_once_the_evaluator_is_mended(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results = copied(tmp_path / "task"), tmp_path / "r"
    working = (task / "evaluate.py").read_text()
    arguments = (str(task), "--generations", "2", "--results", str(results))
    (task / "evaluate.py").write_text("raise SystemExit('a library is missing')\n")
    broken = command(*arguments, api=prefect_api, home=prefect_home)
    assert broken.returncode == 2
    assert "a library is missing" in broken.stderr
    (task / "evaluate.py").write_text(working)
    mended = command(*arguments, api=prefect_api, home=prefect_home)
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert rows(results, "SELECT count(*), sum(correct) FROM programs") == [(3, 3)]
    assert command(*arguments).returncode == 2, "now it holds a run"


async def test_a_runner_that_is_to_resume_and_finds_nothing_says_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no run to resume"):
        await AsyncEvolutionRunner(EvolutionConfig(results_dir=str(tmp_path / "r")), resume=True).run()
    with pytest.raises(ConfigError, match=r"the folder of the run to continue \(results_dir\)"):
        await AsyncEvolutionRunner(EvolutionConfig(), resume=True).run()
    assert list(tmp_path.iterdir()) == []
