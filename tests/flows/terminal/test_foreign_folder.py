"""Task folders of other systems, as they are."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.task_settings import Given, with_file_of
from flows.terminal.resuming import plan_resume
from flows.terminal.task_folder import Overrides, Plan, plan_run
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from tests.flows.terminal.test_resuming import live

ROOT = Path(__file__).parents[3]
PROGRAM = "# EVOLVE-BLOCK-START\nSIZE = 1.5\n# EVOLVE-BLOCK-END\n"
EVALUATE = (
    "import runpy\n\n\ndef evaluate(program_path):\n    return {'%s': runpy.run_path(program_path)['SIZE'], 'n': 3}\n"
)
CONFIG = (
    "max_iterations: 4\nllm: {primary_model: far/away, max_tokens: 900}\nevaluator: {timeout: 50, max_retries: 3}\n"
)
SCRIPT = 'cat "$1"\n'


def folder(place: Path, evaluator: str = "evaluator.py", text: str = EVALUATE % "combined_score", **more: str) -> Path:
    files = {"initial_program.py": PROGRAM, evaluator: text, **more}
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    return place


def planned(task: Path, config: Path | None = None, *, models: list[str] | None = None) -> Plan:
    return plan_run(task, config, Overrides(models=models, results=task.parent / "results"))


def test_program_evaluator_and_settings_are_taken_and_told(tmp_path: Path) -> None:
    plan = planned(folder(tmp_path / "task", **{"config.yaml": CONFIG}))
    assert plan.evolution.init_program_path == str(tmp_path / "task" / "initial_program.py")
    assert plan.job.eval_program_path == str(tmp_path / "task" / "evaluator.py")
    assert (plan.evolution.num_generations, plan.evolution.llm_models, plan.job.time_limit) == (4, ["far/away"], 50)
    kind, taken, left_out = plan.notes
    assert (
        kind
        == "a task of OpenEvolve: program initial_program.py, evaluator evaluator.py, whose evaluate(program_path) is called"
    )
    assert taken.startswith("taken from config.yaml: max_iterations (num_generations)")
    assert left_out == "left out of config.yaml: evaluator.max_retries"


def test_other_models_come_without_the_options_of_theirs(tmp_path: Path) -> None:
    plan = planned(folder(tmp_path / "task", **{"config.yaml": CONFIG}), models=["mine"])
    assert (plan.evolution.llm_models, plan.evolution.llm_kwargs) == (["mine"], {})
    given = Given(EvolutionConfig(llm_models=["mine"]), LocalJobConfig(), DatabaseConfig())
    made = with_file_of(given, str(tmp_path / "task"))
    assert (made.evolve.llm_models, made.evolve.llm_kwargs, made.evolve.num_generations) == (["mine"], {}, 4)
    assert made.job.eval_program_path == str(tmp_path / "task" / "evaluator.py")


def test_a_settings_file_of_ours_says_more_than_theirs(tmp_path: Path) -> None:
    ours = "evolution: {num_generations: 9, llm_models: [a, b]}\njob: {score: n}\nmax_proposal_jobs: 3\n"
    plan = planned(folder(tmp_path / "task", **{"config.yaml": CONFIG, "evolve.yaml": ours}))
    assert (plan.evolution.num_generations, plan.evolution.llm_models, plan.evolution.llm_kwargs) == (9, ["a", "b"], {})
    assert (plan.job.time_limit, plan.max_proposal_jobs) == (50, 3)


def test_a_file_of_theirs_may_be_named(tmp_path: Path) -> None:
    task = folder(tmp_path / "task", **{"config.yaml": CONFIG, "phase_2.yaml": "max_iterations: 6\n"})
    assert planned(task, task / "phase_2.yaml").evolution.num_generations == 6


@pytest.mark.parametrize("evaluator", ["evaluator/evaluator.py", "evaluator/evaluate.sh"])
def test_the_evaluator_may_be_in_a_folder(tmp_path: Path, evaluator: str) -> None:
    text = SCRIPT if evaluator.endswith(".sh") else EVALUATE % "combined_score"
    plan = planned(folder(tmp_path / "task", evaluator, text, **{"evaluator/Dockerfile": "FROM scratch\n"}))
    assert plan.job.eval_program_path == str(tmp_path / "task" / evaluator)
    assert plan.notes[0].startswith("a task of SkyDiscover: ")


@pytest.mark.parametrize("script", [None, "python /benchmark/real.py $1\n"])
def test_one_that_runs_in_a_container_alone_is_told_so(tmp_path: Path, script: str | None) -> None:
    more = {} if script is None else {"evaluator/evaluate.sh": script}
    task = folder(tmp_path / "task", "evaluator/Dockerfile", "FROM scratch\n", **more)
    with pytest.raises(ConfigError, match=r"is made for a container \(evaluator/Dockerfile\), and none is run here"):
        planned(task)


def test_another_evaluator_may_be_named_for_one_that_runs_in_a_container(tmp_path: Path) -> None:
    task = folder(tmp_path / "task", "evaluator/Dockerfile", "FROM scratch\n", **{"mine.py": EVALUATE})
    plan = plan_run(task, None, Overrides(evaluate=task / "mine.py", results=tmp_path / "results"))
    assert (Path(plan.evolution.init_program_path).name, Path(plan.job.eval_program_path).name) == (
        "initial_program.py",
        "mine.py",
    )
    (task / "evolve.yaml").write_text("job: {eval_program_path: mine.py}\n")
    assert Path(planned(task).job.eval_program_path).name == "mine.py"


@pytest.mark.parametrize(
    ("names", "program"),
    [
        (["initial_program.r"], "initial_program.r"),
        (["initial_program.cpp", "initial_program.md", "initial_program.py.bak"], "initial_program.cpp"),
        (["initial_program.md"], "initial_program.md"),
        (["initial_program.txt"], "initial_program.txt"),
        (["init_program.py"], "init_program.py"),
        (["initial_prompt.txt", "initial_program_naive.py"], "initial_prompt.txt"),
        (["initial.py"], "initial.py"),
        (["initial.py", "initial_program.py"], "initial.py"),
    ],
)
@pytest.mark.parametrize("evaluator", ["evaluator.py", "evaluate.py"])
def test_program_and_evaluator_are_found_under_the_names_that_people_give_them(
    tmp_path: Path, names: list[str], program: str, evaluator: str
) -> None:
    for name in names:
        (tmp_path / name).write_text(PROGRAM)
    (tmp_path / evaluator).write_text("from lib import evaluate\n")
    plan = plan_run(tmp_path, None, Overrides(language="text", results=tmp_path / "results"))
    assert (Path(plan.evolution.init_program_path).name, Path(plan.job.eval_program_path).name) == (program, evaluator)


def test_an_evaluator_that_is_a_script_of_ours_goes_with_a_program_of_theirs(tmp_path: Path) -> None:
    script = "import sys\nresults_dir = sys.argv[4]\nopen(results_dir + '/correct.json', 'w')\n"
    for evaluator in ("evaluate.py", "evaluator.py"):
        task = folder(tmp_path / evaluator, evaluator, script)
        assert Path(planned(task).job.eval_program_path).name == evaluator


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"evaluator.py": "def score(path): ...\n"}, r"has no function evaluate\(program_path\) for others to call"),
        (
            {"initial_program.cpp": "int x;"},
            r"several seed programs \(initial_program.cpp, initial_program.py\); choose",
        ),
    ],
)
def test_what_is_not_clear_is_told_with_what_to_do(tmp_path: Path, more: dict[str, str], why: str) -> None:
    task = folder(tmp_path / "task", **more)
    with pytest.raises(ConfigError, match=why):
        planned(task)
    named = Overrides(initial=task / "initial_program.py", evaluate=task / "evaluator.py", results=tmp_path / "r")
    assert plan_run(task, None, named).notes


@pytest.mark.parametrize(
    ("files", "generations", "note"),
    [
        (["config.yml"], 4, "taken from config.yml: "),
        (["config_phase_1.yaml"], 4, "taken from config_phase_1.yaml: "),
        (["config_a.yaml", "config_b.yml"], 10, "none of config_a.yaml, config_b.yml is taken; name one with --config"),
        (["config_a.yaml", "config.yaml"], 4, "taken from config.yaml: "),
    ],
)
def test_the_settings_of_theirs_may_have_another_name(
    tmp_path: Path, files: list[str], generations: int, note: str
) -> None:
    plan = planned(folder(tmp_path / "task", **dict.fromkeys(files, CONFIG)))
    assert plan.evolution.num_generations == generations
    assert any(told.startswith(note) for told in plan.notes)


def test_a_folder_of_ours_stays_one(tmp_path: Path) -> None:
    task = folder(tmp_path / "task", **{"initial.py": "x = 1\n", "evaluate.py": "", "config.yaml": CONFIG})
    plan = planned(task)
    assert (Path(plan.job.eval_program_path).name, plan.evolution.num_generations, plan.notes) == (
        "evaluate.py",
        10,
        (),
    )


def test_a_run_is_continued_with_the_models_that_a_flag_named(tmp_path: Path) -> None:
    task = folder(tmp_path / "task", **{"config.yaml": CONFIG})
    plan = plan_run(task, None, Overrides(models=["builtin/mutate"], results=tmp_path / "r", generations=2))
    asyncio.run(live(plan))
    for place in (None, task):
        plan = plan_resume(place, None, Overrides(results=tmp_path / "r"))
        assert (plan.evolution.llm_models, plan.evolution.num_generations) == (["builtin/mutate"], 2)
        assert plan.continued is not None
        assert not plan.continued.changes
    (task / "config.yaml").write_text(CONFIG.replace("50", "70"))
    assert plan_resume(task, None, Overrides(results=tmp_path / "r")).job.time_limit == 70


def evolved(task: Path, *more: str) -> subprocess.CompletedProcess[str]:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    surroundings |= {"PREFECT_HOME": str(task.parent / "prefect"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "flows/evolve.py", str(task), "--model", "builtin/mutate", "--quiet", *more]
    command += ["--results", str(task.parent / f"r{len(more)}"), "--generations", "2"]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_the_score_is_asked_for_before_anything_else_and_taken_when_it_is_named(tmp_path: Path) -> None:
    task = folder(tmp_path / "task", text=EVALUATE % "overall")
    told = evolved(task)
    assert told.returncode == 2
    assert "evaluate() returned no combined_score" in told.stderr
    assert "it returned overall, n: say which of them is the score" in told.stderr
    assert "Try it by hand" not in told.stderr
    told = evolved(task, "--score", "overall")
    assert told.returncode == 0, told.stderr
    assert "seed 1.5, 3 programs (3 correct)" in told.stdout


def test_other_commands_read_such_a_folder_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from flows.terminal import check_task, models
    from flows.terminal.command import run

    (tmp_path / "initial_program.py").write_text("# EVOLVE-BLOCK-START\nX = 1.5\n# EVOLVE-BLOCK-END\n")
    (tmp_path / "evaluator.py").write_text(
        "import runpy\ndef evaluate(program_path):\n    return {'combined_score': runpy.run_path(program_path)['X']}\n"
    )
    (tmp_path / "config.yaml").write_text("max_iterations: 5\nllm:\n  primary_model: builtin/mutate\n")
    assert run(models.app, ["--config", str(tmp_path), "--json"]) == 0
    assert [each["model"] for each in json.loads(capsys.readouterr().out)["models"]] == ["builtin/mutate"]
    run(check_task.app, [str(tmp_path), "--json"])
    assert [each["score"] for each in json.loads(capsys.readouterr().out)["seeds"]] == [1.5, 1.5, 1.5]
