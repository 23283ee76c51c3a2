"""Mistakes of a person at a shell are told in one line, at once, and cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.runs import TASK, command


def told(done, words: list[str]) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["'nowhere' does not exist"]),
        (["{task}", "--generations", "0"], ["num_generations", "got 0"]),
        (["{task}", "--max-proposal-jobs", "0"], ["max_proposal_jobs=0"]),
        (["{task}", "--resume"], ["--resume needs --results"]),
        (["{task}", "--config", "none.yaml"], ["none.yaml"]),
        (["{task}", "--evaluate", "missing.py"], ["eval_program_path", "missing.py"]),
        (["{task}", "--database", "mysql+nothing://x/y"], ["mysql+nothing"]),
    ],
)
def test_a_mistake_is_told_in_one_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    where = ["--results", str(tmp_path / "r")] if "--resume" not in arguments else []
    told(command(*(part.format(task=TASK) for part in arguments), *where), words)
    assert not (tmp_path / "r").exists()


def test_a_model_without_a_key_is_told_with_every_way_out(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    arguments = [str(TASK), "--model", "gpt-5-mini", "--results", str(tmp_path / "r")]
    told(command(*arguments, api=prefect_api, home=prefect_home), ["OPENAI_API_KEY", "--base-url", "builtin/mutate"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("evolution:\n  num_generatons: 5\n", ["did you mean 'num_generations'"]),
        ("evolutoin: {}\n", ["unknown sections: evolutoin", "known: database, evolution"]),
        ("evolution: [1, 2]\n", ["section 'evolution'", "[1, 2]"]),
        ("- a\n- b\n", ["must hold sections"]),
        ("evolution: {", ["not valid YAML"]),
        ("max_proposal_jobs: true\n", ["max_proposal_jobs=True"]),
    ],
)
def test_a_mistake_in_the_settings_file_is_told_by_name(tmp_path: Path, settings: str, words: list[str]) -> None:
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("")
    (tmp_path / "evolve.yaml").write_text(settings)
    done = command(str(tmp_path), "--results", str(tmp_path / "r"))
    assert done.returncode == 2
    assert all(word in done.stderr for word in words), done.stderr
