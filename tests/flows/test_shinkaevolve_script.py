"""Scripts as they are written for ShinkaEvolve: its runner, blocking and awaited, texts and functions instead of files."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flows.shinkaevolve_runner import ShinkaEvolveRunner
from shinka_core.config import EvolutionConfig, LocalJobConfig, PrefectJobConfig
from shinka_core.errors import ConfigError
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, model_server

# Field for field as its examples have them.
RUN_EVO = """
import sys
from shinka.core import ShinkaEvolveRunner, EvolutionConfig
from shinka.database import DatabaseConfig
from shinka.launch import LocalJobConfig

task, generations = sys.argv[1:]
job_config = LocalJobConfig(eval_program_path=f"{task}/evaluate.py", time="00:03:00", eval_verbose=True)
db_config = DatabaseConfig(
    db_path="evolution_db.sqlite", num_islands=2, archive_size=40, elite_selection_ratio=0.3, num_archive_inspirations=4,
    num_top_k_inspirations=2, migration_interval=10, migration_rate=0.1, island_elitism=True,
    parent_selection_strategy="weighted", parent_selection_lambda=10.0, archive_selection_strategy="fitness",
    archive_criteria={"combined_score": 1.0}, enable_dynamic_islands=False, stagnation_threshold=10,
)
evo_config = EvolutionConfig(
    task_sys_msg="Make it better.", patch_types=["diff"], patch_type_probs=[1.0], num_generations=int(generations),
    max_patch_resamples=3, max_patch_attempts=3, job_type="local", language="python", llm_models=["gpt-5-mini", "gpt-5-nano"],
    llm_dynamic_selection="ucb1", llm_dynamic_selection_kwargs=dict(exploration_coef=1.0), meta_rec_interval=10,
    meta_llm_models=["gpt-5-nano"], embedding_model="text-embedding-3-small", code_embed_sim_threshold=0.995,
    novelty_llm_models=None, init_program_path=f"{task}/initial.py", results_dir="results_here", evolve_prompts=False,
)
def main():
    runner = ShinkaEvolveRunner(
        evo_config=evo_config, job_config=job_config, db_config=db_config, max_evaluation_jobs=1, max_proposal_jobs=None,
        max_db_workers=4, debug=False, verbose=False,
    )
    summary = runner.run()
    print(summary.programs, summary.best_score > summary.seed_score)
if __name__ == "__main__":
    main()
"""

# What its skills write: `run()` awaited; and texts and functions where it has files.
GIVEN = """
import asyncio, sys
from pathlib import Path
from shinka.core import ShinkaEvolveRunner, EvolutionConfig
from shinka import AsyncEvolutionRunner

PROGRAM = "# EVOLVE-BLOCK-START\\nSIZE = 1.5\\n# EVOLVE-BLOCK-END\\n"
EVALUATE = '''
import argparse, importlib.util, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
args = parser.parse_args()
spec = importlib.util.spec_from_file_location("program", args.program_path)
program = importlib.util.module_from_spec(spec); spec.loader.exec_module(program)
results = pathlib.Path(args.results_dir)
(results / "metrics.json").write_text(json.dumps({"combined_score": -abs(program.SIZE - 2)}))
(results / "correct.json").write_text(json.dumps({"correct": True, "error": None}))
'''
def score(program):
    return -abs(program.SIZE - 2.0)
async def detailed(program_path):
    size = float(Path(program_path).read_text().split("=")[1].split()[0])
    return {"combined_score": -abs(size - 2.0), "public": {"size": size}}, size < 100, None

async def main():
    evo = lambda folder: EvolutionConfig(num_generations=3, results_dir=folder)
    first = await ShinkaEvolveRunner(evo("texts"), verbose=False, init_program_str=PROGRAM, evaluate_str=EVALUATE).run()
    second = await AsyncEvolutionRunner(evo("function"), verbose=False, init_program_str=PROGRAM, evaluate=score).run()
    third = await ShinkaEvolveRunner(evo("more"), verbose=False, init_program_str=PROGRAM, evaluate=detailed).run_async()
    again = await ShinkaEvolveRunner(evo("more"), verbose=False, init_program_str=PROGRAM, evaluate=detailed).run_async()
    for summary in (first, second, third, again):
        print(summary.programs, summary.correct, summary.seed_score)
asyncio.run(main())
"""


def run(script: str, *arguments: str, folder: Path, api: str, home: Path, **extra: str) -> list[str]:
    environment = environment_for(api, home, **extra) | {"PYTHONPATH": str(ROOT)}
    (folder / "run_evo.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "run_evo.py", *arguments], cwd=folder, timeout=200, env=environment, capture_output=True, text=True
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [*done.stdout.splitlines(), *(line for line in done.stderr.splitlines() if "without effect" in line)]


@pytest.mark.slow
def test_a_script_waits_for_its_run_and_goes_on_with_it(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    with model_server() as server:
        place: dict[str, Any] = {"folder": tmp_path, "api": prefect_api, "home": prefect_home}
        place |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}
        said = run(RUN_EVO, str(TASK), "3", **place)
        assert said[0].startswith("4 ")
        assert said[1:] == ["taken, but without effect here: max_db_workers"]
        assert run(RUN_EVO, str(TASK), "5", **place)[0].startswith("6 ")


@pytest.mark.slow
def test_texts_and_functions_stand_for_files_and_run_is_awaited_where_a_loop_runs(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    said = run(GIVEN, folder=tmp_path, api=prefect_api, home=prefect_home)
    assert said == ["4 4 -0.5"] * 4
    task = tmp_path / "texts/task"
    assert sorted(path.name for path in task.iterdir() if path.is_file()) == ["evaluate.py", "initial.py"]
    assert "# def score(program):" in (tmp_path / "function/task/evaluate.py").read_text()


def test_a_mistake_is_told_when_the_runner_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="init_program_path"):
        ShinkaEvolveRunner(
            EvolutionConfig(init_program_path=str(tmp_path / "none.py"), results_dir=str(tmp_path / "r")),
            LocalJobConfig(eval_program_path=__file__),
        )
    given: dict[str, Any] = {"init_program_str": "SIZE = 1\n"}
    evolution = EvolutionConfig(results_dir=str(tmp_path / "results"))
    with pytest.raises(ConfigError, match="leave one of them out"):
        ShinkaEvolveRunner(evolution, evaluate_str="", evaluate=lambda path: 1.0, **given)
    with pytest.raises(ConfigError, match="no function of a program"):
        ShinkaEvolveRunner(evolution, evaluate=lambda: 1.0, **given)
    with pytest.raises(ConfigError, match="kind='prefect'"):
        ShinkaEvolveRunner(evolution, PrefectJobConfig(), evaluate=lambda path: 1.0, **given)


def test_where_results_go_is_known_where_it_is_said(tmp_path: Path) -> None:
    given: dict[str, Any] = {"init_program_str": "SIZE = 1\n", "evaluate": lambda path: 1.0}
    runner = ShinkaEvolveRunner(EvolutionConfig(results_dir=str(tmp_path / "results")), **given)
    assert runner.results_dir == tmp_path / "results"
    runner.evo_config.num_generations = 3
    assert runner.evo_config.num_generations == 3


def test_settings_of_a_job_count_for_a_function_too(tmp_path: Path) -> None:
    evolution = EvolutionConfig(results_dir=str(tmp_path / "results"))
    job = LocalJobConfig(time="00:00:10", extra_cmd_args={"n": 2})
    runner = ShinkaEvolveRunner(evolution, job, init_program_str="SIZE = 1\n", evaluate=lambda path, n: float(n))
    assert (runner.job_config.kind, runner.job_config.time_limit) == ("in_process", 10.0)
    assert runner.job_config.extra_cmd_args == {"n": 2}


def test_where_a_loop_runs_the_run_is_a_task_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runner = ShinkaEvolveRunner(
        EvolutionConfig(results_dir=str(tmp_path / "results")), init_program_str="SIZE = 1\n", evaluate=lambda path: 1.0
    )

    async def ended(_: ShinkaEvolveRunner) -> str:
        return "a summary"

    monkeypatch.setattr(ShinkaEvolveRunner, "run_async", ended)

    async def in_a_notebook() -> Any:
        return await runner.run()

    assert asyncio.run(in_a_notebook()) == "a summary"
    assert "`await runner.run()`" in capsys.readouterr().out
    assert runner.run() == "a summary"


def test_another_process_is_told_that_it_has_not_the_function(tmp_path: Path) -> None:
    evolution = EvolutionConfig(results_dir=str(tmp_path / "results"))
    runner = ShinkaEvolveRunner(evolution, init_program_str="SIZE = 1\n", evaluate=lambda path: 1.0)
    script = (
        f"import runpy; evaluate = runpy.run_path({runner.job_config.eval_program_path!r})['evaluate']\n"
        "try: evaluate('a.py', 'out')\nexcept Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "another process has given" in done.stdout
