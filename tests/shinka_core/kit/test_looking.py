"""What a look at a task finds: evaluators with the usual faults, and one without."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.edit.syntax import syntax_error
from shinka_core.kit.bench import Measured
from shinka_core.kit.findings import Finding, Level, findings
from shinka_core.kit.hostile import BROKEN, TRACE, Hostile, hostile_programs
from shinka_core.kit.languages import WAYS
from shinka_core.kit.looking import Looked, Tried
from shinka_core.kit.making import make_task
from shinka_core.launch.sandbox import why_not
from shinka_core.program import Evaluation
from shinka_core.source import Source, SourceFile
from tests.support.prefect import ROOT, environment_for

# Loads the program into its own process, believes whatever comes, and writes its results without a seal.
TRUSTING = """\
import argparse, json, pathlib, random, runpy
parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
arguments = parser.parse_args()
out = pathlib.Path(arguments.results_dir)
try:
    score = runpy.run_path(arguments.program_path)["score"]()
except Exception:
    score = 0.0
score += random.random() if {noisy} else 0.0
(out / "metrics.json").write_text(json.dumps({{"combined_score": score if score == score else 0.0}}))
(out / "correct.json").write_text(json.dumps({{"correct": True, "error": None}}))
"""


def check(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The command on a task folder, in a process of its own and without a Prefect server."""
    done = subprocess.run(
        [sys.executable, "flows/check_task.py", str(folder), "--json", *more],
        cwd=ROOT, env=environment_for("", folder) | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def names(told: dict[str, Any], level: str) -> set[str]:
    return {finding["name"] for finding in told["findings"] if finding["level"] == level}


@pytest.mark.slow
def test_an_evaluator_that_believes_everything_is_told_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "initial.py").write_text("def score():\n    return 1.0\n")
    (tmp_path / "evaluate.py").write_text(TRUSTING.format(noisy=True))
    code, told = check(tmp_path)
    assert code == 1
    assert {"noisy_score", "no_time_limit", "broken", "forges", "nan"} <= names(told, "mend")
    assert {"no_feedback", "no_blocks", "no_task"} <= names(told, "think")
    assert {"endless"} <= names(told, "good"), "our own limit holds"
    assert [seed["correct"] for seed in told["seeds"]] == [True] * 3
    assert all(seed["peak_bytes"] > 1_000_000 and seed["seconds"] > 0 for seed in told["seeds"])
    assert not (tmp_path / TRACE).exists()


@pytest.mark.slow
@pytest.mark.skipif(bool(why_not()), reason="no sandbox here")
def test_a_task_from_the_template_has_nothing_to_mend(tmp_path: Path) -> None:
    folder = make_task(tmp_path / "mine", "python").folder
    before = sorted(path.name for path in folder.iterdir())
    code, told = check(folder, "--keep", str(tmp_path / "kept"))
    assert (code, told["ok"], names(told, "mend")) == (0, True, set())
    reasons = {each["kind"]: each["reason"] for each in told["hostile"]}
    assert (reasons["endless"], reasons["forges"], reasons["processes"]) == ("timeout", "forged", "too_many_processes")
    assert set(next(each for each in told["hostile"] if each["kind"] == "looks")["seen"].values()) == {False}
    assert [path.name for path in folder.iterdir() if path.name not in before and path.name != "__pycache__"] == []
    assert (tmp_path / "kept/seed/0/results/metrics.json").exists()


def test_a_seed_that_is_not_correct_is_told_and_nothing_hostile_is_tried(tmp_path: Path) -> None:
    (tmp_path / "initial.py").write_text("x = 1\n")
    (tmp_path / "evaluate.py").write_text("raise SystemExit('yosys is not on this machine')\n")
    code, told = check(tmp_path)
    assert (code, told["ok"], told["hostile"]) == (1, False, [])
    wrong = next(finding for finding in told["findings"] if finding["name"] == "seed_not_correct")
    assert "crashed" in told["seeds"][0]["reason"]
    assert "yosys is not on this machine" in wrong["what"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "does not exist"),
        (["{task}", "--config", "missing.yaml"], "missing.yaml"),
        (["{task}", "--evaluate", "missing.py"], "missing.py"),
        (["{task}", "--language", "klingon"], "klingon"),
        (["{task}", "--keep", "{task}"], "is there already"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.terminal.check_task import app
    from flows.terminal.command import run

    (tmp_path / "initial.py").write_text("x = 1\n")
    (tmp_path / "evaluate.py").write_text("")
    assert run(app, [part.format(task=tmp_path) for part in arguments]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("language", sorted(WAYS))
def test_hostile_programs_of_each_language_are_changes_of_the_seed_program(language: str) -> None:
    seed = Source.of(WAYS[language].program, language)
    made = {hostile.kind: hostile.source.text for hostile in hostile_programs(seed)}
    assert {"broken"} <= set(made)
    assert BROKEN in made["broken"]
    assert len(set(made.values())) == len(made)
    assert all(len(text) > len(seed.text) for text in made.values())
    if language == "python":
        assert len(made) == 9
        assert all(syntax_error(text, "python") is None for kind, text in made.items() if kind != "broken")


def test_what_must_stand_first_in_python_stays_there() -> None:
    text = '"""Doc."""\n\nfrom __future__ import annotations\n\nx = 1\nif __name__ == "__main__":\n    x = 2\n'
    for hostile in hostile_programs(Source.of(text, "python")):
        if hostile.kind != "broken":
            compile(hostile.source.text, hostile.kind, "exec")


def test_prose_is_not_broken_by_what_stands_in_it_and_a_folder_is_changed_in_one_file() -> None:
    assert hostile_programs(Source.of("Answer in one word.\n", "markdown")) == []
    folder = Source.folder([SourceFile("a.json", "{}", "json"), SourceFile("main.py", "x = 1\n", "python")])
    changed = {hostile.kind: hostile.source for hostile in hostile_programs(folder)}
    assert all(source.files[0].text == "{}" for source in changed.values())
    assert "while True" in changed["endless"].files[1].text


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    return x\n\n\nprint(f(1.0))\n",
        "import functools\n\n\n@functools.lru_cache\ndef f(x):\n    return x\n\n\nprint(f(1.0))\n",
    ],
)
def test_functions_return_nan_before_a_program_that_runs_as_a_process_calls_them(text: str) -> None:
    made = {hostile.kind: hostile.source.text for hostile in hostile_programs(Source.of(text, "python"))}
    for call in (["-c", made["nan"]], ["-c", f"exec(compile({made['nan']!r}, 'c', 'exec'), {{}})"]):
        done = subprocess.run([sys.executable, *call], capture_output=True, text=True, timeout=20, check=True)
        assert done.stdout == "nan\n"


def test_a_marker_inside_of_a_text_does_not_keep_the_broken_program_from_being_broken() -> None:
    text = '"""\n// EVOLVE-BLOCK-START\n"""\nx = 1\n"""\n// EVOLVE-BLOCK-END\n"""\n'
    made = {hostile.kind: hostile.source.text for hostile in hostile_programs(Source.of(text, "python"))}
    assert syntax_error(made["broken"], "python") is not None


def measured(score: float | None, error: str = "", reason: str = "") -> Measured:
    return Measured(Evaluation(score, not error, error=error, reason=reason), 0.5, 0)


def looked(seed: Measured, nan: Measured | None = None, language: str = "python") -> Looked:
    source = Source.of("def f():\n    return 1.5\n", language)
    tried = (Tried(Hostile("returns NaN", "nan", source), nan, 3.0),) if nan else ()
    job = LocalJobConfig(eval_program_path="evaluate.py", time=20)
    return Looked(job, "local", "sandbox", source, (seed,) * 3, tried)


def found(seen: Looked) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(seen, EvolutionConfig(task_sys_msg="x" * 50))}


def test_what_takes_no_notice_of_functions_is_not_told_to_take_nan_for_a_result() -> None:
    assert found(looked(measured(1.5), measured(1.5)))["nan"].level is Level.THINK
    assert found(looked(measured(1.5), measured(-1.0)))["nan"].level is Level.MEND


def test_a_seed_that_is_not_correct_has_no_good_score_and_what_the_evaluator_lacks_is_told() -> None:
    told = found(
        looked(measured(0.0, "ModuleNotFoundError: No module named 'cv2.x'\n[the sandbox hides it]", "crashed"))
    )
    assert "score" not in told
    remedy = told["seed_not_correct"].remedy
    assert "the sandbox hides it; 'cv2' cannot be imported by" in remedy
    assert f"{sys.executable} -m pip install opencv-python-headless" in remedy


def test_an_evaluator_that_takes_no_notice_of_the_program_is_told_once() -> None:
    source = Source.of("x = 1\n", "python")
    tried = tuple(
        Tried(Hostile(kind, kind, source), measured(1.0), 3.0)
        for kind in ("broken", "endless", "leaves", "forges", "nan", "memory", "looks")
    )
    told = found(replace(looked(measured(1.0)), tried=tried))
    assert {name for name, each in told.items() if each.level is Level.MEND} == {"ignores_program"}
    assert "looks" in told


def test_what_a_limit_stopped_and_an_evaluator_took_for_an_answer_is_for_the_evaluator_to_mend() -> None:
    tried = (Tried(Hostile("takes 1536 MB", "memory", Source.of("x = 1\n", "python")), measured(0.0), 3.0),)
    inside = replace(looked(measured(1.0)), tried=tried)
    assert "correct: false" in found(inside)["memory"].remedy
    assert "isolation" in found(replace(inside, level="none"))["memory"].remedy


def test_a_score_that_follows_the_clock_is_not_each_time_the_same() -> None:
    seen = replace(looked(measured(1.0)), seeds=tuple(measured(1.7959866e9 + second) for second in range(3)))
    assert found(seen)["noisy_score"].level is Level.THINK


def test_a_seed_program_that_takes_long_is_told_to_be_under_way_and_what_would_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows.terminal.check_task import app
    from flows.terminal.command import run

    monkeypatch.setattr("shinka_core.kit.looking.REMIND", 0.2)
    monkeypatch.setattr("shinka_core.kit.looking.SEEDS", 1)
    (tmp_path / "initial.py").write_text("x = 1\n")
    (tmp_path / "evaluate.py").write_text("import time\ntime.sleep(1.0)\n")
    assert run(app, [str(tmp_path)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "seed program, 1 of 1: still being evaluated after 0 s; it has no time limit" in told
    (tmp_path / "evolve.yaml").write_text("job: {time: '00:10:00'}\n")
    assert run(app, [str(tmp_path)]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "still being evaluated" in told
    assert "no time limit" not in told
