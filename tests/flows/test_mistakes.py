"""Mistakes of a person at a shell are told in one line, at once, and cost nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.server import main as server
from tests.support.prefect import ROOT, own_home
from tests.support.runs import TASK, command


def told(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert len(done.stderr) < 1500
    for word in words:
        assert word in done.stderr


HUGE = "9" * 23
WHOLE = ("x", "-1", "nan", "1.5", "1e9", "0x10", "true", HUGE)
FLAGS = [
    *[("--generations", value) for value in ("0", *WHOLE)],
    *[("--max-proposal-jobs", value) for value in ("0", *WHOLE[:-1])],
    *[("--max-evaluation-jobs", value) for value in ("0", *WHOLE[:-1])],
    *[("--seed", value) for value in WHOLE],
    *[("--budget", value) for value in ("0", "-1", "nan", "inf", "-inf", "1e999", "x", "$5")],
    *[("--name", value) for value in (" ", "a\nb", "\x1b[31m", "x" * 501, "\udce9")],
    *[("--initial", value) for value in ("missing.py", "/dev/null")],
    *[("--evaluate", value) for value in ("missing.py", "{folder}", "/dev/null")],
    *[("--config", value) for value in ("missing.yaml", "{folder}", "/dev/null")],
    *[("--results", value) for value in ("/dev/null", "/dev/null/r", "{folder}/initial.py", "r" * 300, "r\udce9")],
    ("--database", "mysql+nothing://x/y"),
    ("--database", "://"),
]


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "initial.py").write_text("x = 1.0\n")
    (folder / "evaluate.py").write_text("")
    return folder


@pytest.mark.parametrize(("flag", "value"), FLAGS)
def test_a_wrong_value_is_told_with_its_flag(flag: str, value: str, task: Path, tmp_path: Path) -> None:
    where = [] if flag == "--results" else ["--results", str(tmp_path / "r")]
    told(command(str(task), f"{flag}={value.format(folder=task)}", *where))
    assert not (tmp_path / "r").exists()
    assert sorted(path.name for path in task.iterdir()) == ["evaluate.py", "initial.py"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["'nowhere' does not exist"]),
        (["{task}/initial.py"], ["does not exist"]),
        (["{task}", "another"], ["another"]),
        (["{task}", "--generation", "3"], ["--generation", "Did you mean --generations?"]),
        (["{task}", "--generations"], ["--generations requires an argument"]),
        (["{task}", "--results", ""], ["--results is empty"]),
        (["{task}", "--database="], ["--database is empty"]),
        ([""], ["the task folder is empty"]),
        (["{task}", "--resume"], ["--resume needs --results"]),
        (["{task}", "--resume", "--results", "{task}"], ["no run to resume"]),
        (["{task}", "--max-proposal-jobs", "0"], ["max_proposal_jobs=0"]),
        (["{task}", "--evaluate", "missing.py"], ["eval_program_path", "missing.py"]),
    ],
)
def test_a_mistake_in_the_command_is_told_by_name(arguments: list[str], words: list[str], task: Path) -> None:
    told(command(*(part.format(task=task) for part in arguments)), *words)


def test_a_model_without_a_key_is_told_with_every_way_out(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    arguments = [str(TASK), "--model", "gpt-5-mini", "--results", str(tmp_path / "r")]
    told(command(*arguments, api=prefect_api, home=prefect_home), "OPENAI_API_KEY", "--base-url", "builtin/mutate")


@pytest.mark.parametrize("what", ["a folder", "another file"])
def test_a_database_that_is_none_is_told_before_anything_begins(
    what: str, task: Path, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    path = task if what == "a folder" else task / "initial.py"
    arguments = [str(task), "--results", str(tmp_path / "r"), "--database", str(path)]
    told(command(*arguments, api=prefect_api, home=prefect_home), path.name)


SETTINGS: dict[str, tuple[str | bytes, str]] = {
    "a field that is nearly known": ("evolution:\n  num_generatons: 5\n", "did you mean 'num_generations'"),
    "a section that is nearly known": ("evolutoin: {}\n", "unknown sections: evolutoin; known: database, evolution"),
    "the nearest section": ("jobs: {}\n", "did you mean 'job'?"),
    "a field outside of its section": ("num_generations: 3\n", "'num_generations' belongs into section 'evolution'"),
    "an unknown kind of evaluations": (
        "job: {kind: in_proces}\n",
        "kind='in_proces' (section 'job') is no place for evaluations; did you mean 'in_process'?",
    ),
    "a field of another kind": (
        "job: {kind: in_process, isolation: none}\n",
        "InProcessJobConfig has no field 'isolation'",
    ),
    "an unknown reviewer": (
        "evolution: {reviewer: fil}\n",
        "reviewer: there is no reviewer 'fil'; did you mean 'file'?",
    ),
    "an unknown periodic step": (
        "evolution: {periodic: [digset]}\n",
        "periodic: there is no periodic step 'digset'; did you mean 'digest'?",
    ),
    "a field in another section": ("job: {num_generations: 3}\n", "LocalJobConfig has no field 'num_generations'"),
    "a section without fields": ("evolution: [1, 2]\n", "section 'evolution'"),
    "a section that is empty in another way": ("evolution: 0\n", "section 'evolution'"),
    "a list": ("- a\n- b\n", "must hold sections"),
    "a word": ("hello\n", "must hold sections"),
    "an open bracket": ("evolution: {", "line 1, column 13"),
    "a tab": ("evolution:\n\tseed: 3\n", "line 2, column 1: found character '\\t'"),
    "an odd indent": ("evolution:\n seed: 3\n  num_generations: 1\n", "line 3"),
    "two colons": ("evolution: num_generations: 3\n", "line 1"),
    "a section twice": ("job: {}\njob: {}\n", "line 2, column 1: 'job' stands there twice"),
    "a field twice": ("evolution:\n  seed: 3\n  seed: 5\n", "line 3, column 3: 'seed' stands there twice"),
    "two documents": ("evolution: {}\n---\njob: {}\n", "another document"),
    "a tag": ("evolution: !!python/object/apply:os.system [true]\n", "python/object/apply"),
    "an unknown anchor": ("evolution: *x\n", "undefined alias"),
    "a number as a field": ("evolution: {1: 2}\n", "has no field '1'"),
    "nothing as a field": ("evolution: {~: 2}\n", "has no field 'None'"),
    "a list for a number": ("evolution: {num_generations: [1]}\n", "num_generations"),
    "a truth for a number": ("evolution: {num_generations: true}\n", "num_generations=True"),
    "a truth for a width": ("max_proposal_jobs: true\n", "max_proposal_jobs=True"),
    "a word for a width": ("max_evaluation_jobs: '2'\n", "max_evaluation_jobs='2'"),
    "no number": ("evolution: {max_api_costs: .nan}\n", "max_api_costs"),
    "no end": ("evolution: {max_api_costs: .inf}\n", "max_api_costs"),
    "a word for a list": ("evolution: {llm_models: gpt}\n", "llm_models"),
    "an empty list": ("evolution: {llm_models: []}\n", "llm_models"),
    "nothing in a list": ("evolution: {llm_models: [null]}\n", "llm_models.0"),
    "weights of others": ("evolution: {llm_weights: [1, 2]}\n", "llm_weights has 2 values for 1 llm_models"),
    "a key": ("evolution: {llm_kwargs: {api_key: x}}\n", "api_key"),
    "a time that is none": ("job: {time: soon}\n", "time='soon'"),
    "a level that is none": ("job: {isolation: max}\n", "isolation"),
    "a kind that is none": ("job: {kind: slurn}\n", "kind"),
    "a billion islands": ("database: {num_islands: 1000000000}\n", "num_islands"),
    "an embedding that is none": ("evolution: {language: klingon}\n", "klingon"),
    "no text": (b"evolution: {task_sys_msg: \xe9}\n", "not UTF-8 text"),
    "text of another kind": ("evolution: {}\n".encode("utf-16"), "not UTF-8 text"),
    "a NUL": (b"evolution: {}\0\n", "not valid YAML"),
    "half of a character": ('evolution: {task_sys_msg: "\\ud800"}\n', "half of a character"),
    "a thousand brackets": ("evolution: " + "[" * 5000 + "]" * 5000, "not valid YAML"),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_a_mistake_in_the_settings_file_is_told_with_its_place_or_name(what: str, task: Path) -> None:
    text, words = SETTINGS[what]
    (task / "evolve.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    told(command(str(task), "--results", str(task / "r")), words)
    assert not (task / "r").exists()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "evolution:\njob:\n", "\ufeffevolution: {seed: 3}\n"])
def test_a_settings_file_may_hold_little(text: str, task: Path) -> None:
    (task / "evolve.yaml").write_text(text, encoding="utf-8")
    told(command(str(task), "--results", str(task / "r"), "--max-proposal-jobs", "0"), "max_proposal_jobs=0")


@pytest.mark.parametrize("kind", ["folder", "link to nothing", "link to itself", "pipe"])
def test_a_settings_file_that_is_none_is_told(kind: str, task: Path) -> None:
    path = task / "evolve.yaml"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("evolve.yaml" if "itself" in kind else "nothing")
    told(command(str(task)), "evolve.yaml' is not a file")


def test_a_locale_of_ascii_alone_changes_no_name(tmp_path: Path) -> None:
    folder = tmp_path / "Aufgabe é 日本"
    environment = {**os.environ, "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "flows/evolve.py"), str(folder)],
        env=environment, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Aufgabe é 日本' does not exist" in done.stderr.decode()


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [os.fsencode(sys.executable), os.fsencode(ROOT / "flows/evolve.py"), os.fsencode(tmp_path) + b"/task\xff"],
        env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    told(done, "is not UTF-8 text", "task\\udcff")


@pytest.mark.parametrize("home", ["none", "/proc", "a file"])
def test_a_user_without_a_home_is_told_what_to_set(home: str, task: Path, tmp_path: Path) -> None:
    environment = own_home(tmp_path)
    for name in ("PREFECT_HOME", "HOME"):
        environment.pop(name, None)
    (tmp_path / "file").write_text("")
    extra = {} if home == "none" else {"HOME": home.replace("a file", str(tmp_path / "file"))}
    # As for a user id that no list of users has.
    script = (
        "import pwd\ndef none(*_): raise KeyError\npwd.getpwuid = none\nfrom flows.terminal.main import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(task), "--results", str(tmp_path / "r")], cwd=ROOT, timeout=60,
        env=environment | extra, capture_output=True, text=True,
    )  # fmt: skip
    told(done, "PREFECT_HOME")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "x"], "--port"),
        (["--port", "99999"], "1 to 65535"),
        (["--port", "0"], "1 to 65535"),
        (["--host", "no host"], "--host 'no host'"),
        (["--ports", "1"], "Did you mean --port?"),
        (["--database", "mysql://x/y"], "--database mysql://"),
    ],
)
def test_a_mistake_about_the_server_is_told_in_one_line(
    arguments: list[str], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = server(arguments)
    output, errors = capfd.readouterr()
    told(subprocess.CompletedProcess(arguments, code, output, errors), words)
