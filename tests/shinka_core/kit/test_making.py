"""A task folder from a template runs at once, and nothing is ever overwritten."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows.terminal.command import run
from flows.terminal.new_task import app
from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.edit.syntax import why_unchecked
from shinka_core.errors import ConfigError
from shinka_core.kit.bench import Bench
from shinka_core.kit.languages import PYTHON, WAYS
from shinka_core.kit.making import TEMPLATES, make_task
from shinka_core.operators.constants import find_constants
from shinka_core.seed_program import find_seed_program, read_seed_program
from tests.support.prefect import ROOT


def seed_of(folder: Path) -> EvolutionConfig:
    return EvolutionConfig(init_program_path=str(find_seed_program(folder)))


async def scored(folder: Path, scratch: Path) -> None:
    """The seed program of the folder is correct, and has a score, by the launcher of a run."""
    settings = yaml.safe_load((folder / "evolve.yaml").read_text())
    EvolutionConfig(**settings["evolution"])
    environment = {"PYTHONPATH": str(ROOT)}
    bench = Bench(
        LocalJobConfig(**settings["job"], eval_program_path=str(folder / "evaluate.py"), env=environment), scratch
    )
    program = read_seed_program(seed_of(folder))
    assert why_unchecked(program.source) == ""
    try:
        measured = await bench.evaluate(program.source, program.extension)
    finally:
        await bench.close()
    assert measured.evaluation.correct, measured.evaluation.error
    assert measured.evaluation.score is not None
    assert measured.evaluation.text_feedback


@pytest.mark.parametrize("template", TEMPLATES)
async def test_a_folder_from_each_template_scores_its_seed_program(template: str, tmp_path: Path) -> None:
    if template == "any" and shutil.which("g++") is None:
        pytest.skip("no C++ compiler")
    made = make_task(tmp_path / "my_task", template)
    assert {"README.md", "evaluate.py", "evolve.yaml"} < set(made.files)
    assert not any("@" in (made.folder / path).read_text() for path in made.files), "every word is filled in"
    await scored(made.folder, tmp_path / "scratch")


@pytest.mark.parametrize("language", [pytest.param(name, id=name) for name in WAYS])
async def test_a_program_in_each_language_is_built_run_and_scored(language: str, tmp_path: Path) -> None:
    way = WAYS[language]
    tool = (way.build or way.run)[0].replace(PYTHON, sys.executable)
    # Those of rustup are there without any toolchain behind them.
    if shutil.which(tool) is None or (tool == "rustc" and subprocess.run([tool, "--version"]).returncode):
        pytest.skip(f"no {tool}")
    made = make_task(tmp_path / "my_task", "any", language)
    assert way.file in made.files
    await scored(made.folder, tmp_path / "scratch")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    make_task(folder, "python")  # an empty folder is free
    before = {path: path.read_text() for path in folder.iterdir()}
    for template in TEMPLATES:
        with pytest.raises(ConfigError, match="nothing is overwritten"):
            make_task(folder, template)
    assert {path: path.read_text() for path in folder.iterdir()} == before
    with pytest.raises(ConfigError, match="nothing is overwritten"):
        make_task(folder / "README.md", "python")


@pytest.mark.parametrize(
    ("template", "language", "words"),
    [
        ("python", "go", "is for the template any"),
        ("any", "haskell", "change BUILD and RUN"),
        ("any", "klingon", "klingon"),
        ("any", "c+", "did you mean 'c\\+\\+'"),
        ("quantum", None, "known: python, function"),
    ],
)
def test_what_cannot_be_made_is_told(template: str, language: str | None, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        make_task(tmp_path / "x", template, language)
    assert not (tmp_path / "x").exists()


def test_the_command_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "collatz"
    assert run(app, [str(folder), "--language", "golang"]) == 0
    told = capsys.readouterr().out
    assert (folder / "initial.go").exists()
    assert f"shinka check {folder}" in told
    assert run(app, [str(folder)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert run(app, [str(tmp_path / "y"), "--template", "nothing"]) == 2


@pytest.mark.parametrize("language", list(WAYS))
def test_a_program_in_each_language_has_something_to_vary_without_a_model(language: str) -> None:
    assert len(find_constants(WAYS[language].program, language)) >= 2


@pytest.mark.parametrize("name", ["my task", "$(touch x)", "it's", "-dash"])
def test_the_commands_can_be_typed_into_a_shell(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(app, ["--", name]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Look at it:"))
    assert Path(shlex.split(line)[-1]) == Path(name)
    assert not shlex.split(line)[-1].startswith("-")
    written = (tmp_path / name / "README.md").read_text()
    assert f"shinka check {shlex.split(line)[-1] if name == '-dash' else shlex.quote(name)}`" in written


def test_the_folder_that_one_stands_in_is_a_place_for_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert run(app, ["."]) == 0
    assert (folder / "README.md").read_text().startswith("# here\n")
    assert run(app, ["."]) == 2
    assert run(app, ["x" * 300]) == 2
    assert "File name too long" in capsys.readouterr().err


def test_a_tool_that_is_not_there_is_told_when_the_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(app, [str(tmp_path / "a"), "--language", "go"]) == 0
    assert "go is not on this machine's PATH" in capsys.readouterr().out
    assert run(app, [str(tmp_path / "b"), "--language", "py"]) == 0
    assert "PATH" not in capsys.readouterr().out, "the evaluator's own interpreter runs it"
