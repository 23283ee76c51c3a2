"""Every launcher holds to the contract, those of other packages too."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from shinka.testing import LauncherContract
from shinka_core.config import CustomJobConfig, DatabaseConfig, EvolutionConfig, InProcessJobConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.launch import Launcher, check_job, launcher_of
from shinka_core.run import open_run
from shinka_core.settings import RunSettings, kept, restored
from tests.support.bare import evolve
from tests.support.outside_launcher import Subprocesses

PLACE = f"{Subprocesses.__module__}:{Subprocesses.__qualname__}"


class TestLocal(LauncherContract):
    def launcher(self, evaluator: Path) -> Launcher:
        return launcher_of(LocalJobConfig(eval_program_path=str(evaluator), isolation="limits"))


class TestInProcess(LauncherContract):
    def launcher(self, evaluator: Path) -> Launcher:
        return launcher_of(InProcessJobConfig(eval_program_path=str(evaluator), threads=6))


class TestOfAnotherPackage(LauncherContract):
    def launcher(self, evaluator: Path) -> Launcher:
        return launcher_of(CustomJobConfig(eval_program_path=str(evaluator), launcher=PLACE))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another package, installed, that offers the launcher under a name."""
    info = tmp_path / "site" / "outside-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[shinka.launchers]\noutside = {PLACE}\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(info.parent)])
    return "outside"


@pytest.mark.parametrize("how", ["local", "in_process", "entry point", "place", "object"])
async def test_a_run_takes_its_launcher_from_the_settings(tmp_path: Path, installed: str, how: str) -> None:
    task = tmp_path / "task"
    task.mkdir()
    (task / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 0.5\n# EVOLVE-BLOCK-END\n")
    (task / "evaluate.py").write_text(
        "import argparse, json, pathlib, runpy\n"
        "def evaluate(program_path, results_dir):\n"
        "    return {'combined_score': runpy.run_path(program_path)['x']}\n"
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--program_path'); parser.add_argument('--results_dir')\n"
        "    a = parser.parse_args()\n"
        "    out = pathlib.Path(a.results_dir)\n"
        "    (out / 'metrics.json').write_text(json.dumps(evaluate(a.program_path, a.results_dir)))\n"
        "    (out / 'correct.json').write_text(json.dumps({'correct': True}))\n"
    )
    common = {"eval_program_path": str(task / "evaluate.py")}
    job: Any = {
        "local": lambda: LocalJobConfig(**common, isolation="limits"),
        "in_process": lambda: InProcessJobConfig(**common),
        "entry point": lambda: CustomJobConfig(**common, launcher={"name": installed, "word": "told"}),
        "place": lambda: CustomJobConfig(**common, launcher=PLACE),
        "object": lambda: CustomJobConfig(**common, launcher=Subprocesses(word="given")),  # type: ignore[arg-type]
    }[how]()
    evolution = EvolutionConfig(num_generations=3, init_program_path=str(task / "initial.py"), max_parallel_jobs=1)
    settings = RunSettings("kinds", tmp_path / "r", evolution, job, DatabaseConfig(), 2)
    async with open_run(settings) as run:
        await evolve(run)
        summary = await run.database.summary()
        await run.database.finish("finished")
    assert (summary.programs, summary.correct, summary.seed_score) == (4, 4, 0.5)
    words = {"entry point": "told", "place": "outside", "object": "given"}
    kept = sorted(path.name.partition("-")[0] for path in (tmp_path / "r").glob("gen_*/*-*.json"))
    assert kept == [words[how]] * 4 if how in words else kept == []
    # What is kept of it makes it again.
    given = RunSettings(
        "kinds", tmp_path / "r", EvolutionConfig(num_generations=4), LocalJobConfig.model_construct(), DatabaseConfig(), 2
    )  # fmt: skip
    async with open_run(given, resume=True) as run:
        assert run.settings.job == job
        await evolve(run)
        assert (await run.database.summary()).programs == 5


def test_a_launcher_that_is_none_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "evaluate.py").write_text("")
    for launcher, words in (
        ("slurn", "launcher: there is no launcher 'slurn'; did you mean 'slurm'?"),
        ({"name": PLACE, "widht": 3}, "has no parameter 'widht'; did you mean 'width'?"),
        ("json:JSONDecoder", "has no method 'submit'"),
        ("local", "launcher='local' is a kind of its own; say kind: local"),
        ({"name": PLACE, "api_key": "sk-1"}, "launcher holds 'api_key'"),
    ):
        with pytest.raises(ConfigError, match=words.replace("(", r"\(").replace("?", r"\?")):
            check_job(CustomJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), launcher=launcher))


@pytest.mark.parametrize(
    ("before", "given", "kind"),
    [
        (LocalJobConfig(), InProcessJobConfig(threads=2), "in_process"),
        (InProcessJobConfig(), LocalJobConfig(isolation="limits"), "local"),
        (InProcessJobConfig(threads=3), LocalJobConfig(time=3), "in_process"),
        (LocalJobConfig(), CustomJobConfig(launcher=PLACE), "custom"),
        (LocalJobConfig(), InProcessJobConfig(), "in_process"),
        (InProcessJobConfig(), LocalJobConfig(), "in_process"),
    ],
)
def test_a_resume_keeps_the_kind_unless_fields_of_another_are_given(
    tmp_path: Path, before: Any, given: Any, kind: str
) -> None:
    def settings(job: Any) -> RunSettings:
        return RunSettings("e", tmp_path, EvolutionConfig(), job, DatabaseConfig())

    found = restored(kept(settings(before)), settings(given)).job
    assert found.kind == kind
    assert found.model_dump().items() >= given.model_dump(exclude_unset=True).items()


def test_contract_tests_need_no_plugin_for_event_loops() -> None:
    tests = [getattr(LauncherContract, name) for name in dir(LauncherContract) if name.startswith("test_")]
    assert len(tests) > 10
    assert not [test for test in tests if asyncio.iscoroutinefunction(test)]
