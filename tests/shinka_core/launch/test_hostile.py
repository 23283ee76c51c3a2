"""Programs that mean harm, or do it by clumsiness: each is one failure with a reason, and nothing else.

All are bounded, so that they could not hurt the machine if the limits failed.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.launch import LocalLauncher, interpreters, local, sandbox
from shinka_core.program import Evaluation
from tests.shinka_core.launch.test_local import Bench

needs_sandbox = pytest.mark.skipif(bool(sandbox.why_not()), reason=f"no sandbox here: {sandbox.why_not()}")
LEVELS = ["limits", pytest.param("sandbox", marks=needs_sandbox)]

CHILDREN = """
import time
for _ in range(400):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
HUNGRY_FAMILY = """
import time
for _ in range(4):
    if os.fork() == 0:
        data = bytearray(os.urandom(1)) * 150_000_000
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


@pytest.mark.parametrize("level", ["limits", pytest.param("sandbox", marks=[needs_sandbox, pytest.mark.slow])])
@pytest.mark.parametrize(
    ("code", "reasons", "words"),
    [
        (CHILDREN, {"too_many_processes"}, "max_processes"),
        (HUNGRY_FAMILY, {"too_much_memory"}, "max_memory_mb"),
        ("bytearray(50 * 10**9)", {"crashed"}, "MemoryError"),
        ("(out / 'big').open('wb').write(bytes(9_000_000))", {"crashed", "killed"}, ""),
        ("files = [open('/dev/null') for _ in range(200)]", {"crashed"}, "Too many open files"),
        ("def f(n): return f(n + 1)\nf(0)", {"crashed"}, "RecursionError"),
        ("sys.setrecursionlimit(10**9)\ndef f(n): return [f(n + 1)]\nf(0)", {"crashed", "killed", "too_much_memory"}, ""),
        ("while True: os.write(1, bytes(65536))", {"timeout"}, "longer than"),
        ("import signal, time\nfor s in (2, 15, 1): signal.signal(s, signal.SIG_IGN)\nwhile True: pass", {"timeout"}, ""),
        ("result(float('nan'))", {"bad_score"}, "finite"),
        ("result(10**400)", {"bad_score"}, "finite"),
        ("os.write(1, b'\\xff' * 100); os.write(2, b'\\x00\\xfe'); os._exit(5)", {"crashed"}, "exit code 5"),
        ("import shutil; shutil.rmtree(out, ignore_errors=True)", {"no_result"}, "wrote no"),
        ("os.killpg(0, 9)", {"killed"}, "SIGKILL"),
        ("result(); (out / 'metrics.json').write_bytes(b' ' * 11_000_000)", {"bad_result", "crashed", "killed"}, ""),
    ],
    ids=["fork-bomb", "hungry-family", "50-GB", "big-file", "many-files", "recursion", "deep-stack", "output", "deaf", "nan",
         "huge-score", "no-text", "deletes-results", "kills-group", "huge-metrics"],
)  # fmt: skip
async def test_a_hostile_program_is_one_failure(
    tmp_path: Path, level: str, code: str, reasons: set[str], words: str
) -> None:
    bench = Bench(
        tmp_path, isolation=level, time=2 if "timeout" in reasons else 20, max_processes=100,
        max_memory_mb=4000 if code == CHILDREN else 400,  # forked interpreters share pages, which count for each of them
        max_file_mb=5, max_open_files=100,
    )  # fmt: skip
    evaluation = await bench.run(code)
    assert not evaluation.correct
    assert evaluation.reason in reasons, evaluation.error
    assert words in evaluation.error
    after = await bench.run("result(1.0)", "gen_2")
    assert after.correct, "the next evaluation is none the worse for it"
    await bench.launcher.close()


@needs_sandbox
async def test_in_a_sandbox_the_evaluator_cannot_be_edited(tmp_path: Path) -> None:
    bench = Bench(tmp_path, isolation="sandbox")
    before = (tmp_path / "evaluate.py").read_text()
    evaluation = await bench.run("open(sys.argv[0], 'w').write('forged'); result(1e9)")
    assert (evaluation.correct, evaluation.reason) == (False, "crashed")
    assert (tmp_path / "evaluate.py").read_text() == before


HARNESS = f"""
import argparse, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from shinka.core import run_shinka_eval
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
run_shinka_eval(a.program_path, a.results_dir, "experiment", num_runs=1)
"""
FORGE = """
import json, os, sys, pathlib, atexit, time
out = pathlib.Path(sys.argv[sys.argv.index("--results_dir") + 1])
def forge():
    (out / "metrics.json").write_text(json.dumps({"combined_score": 1e9}))
    (out / "correct.json").write_text(json.dumps({"correct": True, "error": None}))
"""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "code",
    [
        "forge(); os._exit(0)",
        "atexit.register(forge)",
        "if os.fork() == 0:\n    os.setsid()\n    [forge() or time.sleep(0.001) for _ in range(5000)]",
    ],
    ids=["leaves-early", "at-exit", "daemon"],
)
async def test_a_forged_score_never_counts(tmp_path: Path, level: str, code: str) -> None:
    bench = Bench(tmp_path, isolation=level)
    (tmp_path / "evaluate.py").write_text(HARNESS)
    bench.launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), isolation=level))  # type: ignore[arg-type]
    honest = await bench.run("def experiment(seed): return 2.0", "gen_1")
    assert (honest.score, honest.correct) == (2.0, True)
    forged = await bench.run(f"{FORGE}\n{code}\ndef experiment(seed): return 2.0", "gen_2")
    assert forged.score != 1e9
    if forged.reason:
        assert forged.reason == "forged", forged.error


JUDGE = f"""
import argparse, subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from shinka.core import run_judge
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
def judge(program):
    done = subprocess.run([sys.executable, program, "--results_dir", a.results_dir], stdout=subprocess.PIPE)
    return {{"combined_score": float(done.stdout or b"nothing")}}
run_judge(judge, a.program_path, a.results_dir)
"""
LEAVES_A_DAEMON = """
print(2.0, flush=True)
if os.fork() == 0:
    os.setsid()
    [os.close(descriptor) for descriptor in (0, 1, 2)]
    [forge() or time.sleep(0.001) for _ in range(5000)]
"""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("code", [LEAVES_A_DAEMON, "forge(); os.kill(os.getppid(), 9)"], ids=["daemon", "kills-judge"])
async def test_a_program_in_a_process_of_its_own_forges_no_score_either(tmp_path: Path, level: str, code: str) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "evaluate.py").write_text(JUDGE)
    bench.launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), isolation=level))  # type: ignore[arg-type]
    honest = await bench.run("print(2.0)", "gen_1")
    assert (honest.score, honest.correct) == (2.0, True)
    wrong = await bench.run("print('two')", "gen_2")
    assert (wrong.reason, wrong.correct) == ("not_correct", False)
    assert wrong.error.startswith("could not convert")
    forged = await bench.run(f"{FORGE}\n{code}", "gen_3")
    assert forged.score != 1e9
    if not forged.correct:
        assert forged.reason == "forged", forged.error


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "trick",
    [
        "result(); os.symlink(victim, out / 'stdout.log')",
        "result(); os.symlink(victim, out / 'stderr.log'); os._exit(1)",
        "result(); os.mkdir(out / 'stdout.log')",
        "out.rename(out.with_name('moved')); os.symlink(os.path.dirname(victim), out)",
    ],
)
async def test_links_lead_nowhere(tmp_path: Path, level: str, trick: str) -> None:
    victim = tmp_path / "precious" / "data"
    victim.parent.mkdir()
    victim.write_text("precious")
    bench = Bench(tmp_path, isolation=level)
    await bench.run(f"victim = {str(victim)!r}\n{trick}\nprint('x')")
    again = await bench.run("result(1.0)")
    assert again.correct
    assert victim.read_text() == "precious"
    assert sorted(path.name for path in victim.parent.iterdir()) == ["data"]


def private(bench: Bench, *hidden: Path, **fields: object) -> None:
    config = LocalJobConfig(eval_program_path=str(bench.folder / "task" / "evaluate.py"), isolation="sandbox", **fields)  # type: ignore[arg-type]
    (bench.folder / "task").mkdir()
    (bench.folder / "task" / "evaluate.py").write_text((bench.folder / "evaluate.py").read_text())
    bench.launcher = LocalLauncher(config, hidden=hidden)


async def told(bench: Bench, expression: str) -> Evaluation:
    return await bench.run(f"import pathlib\nresult(1.0, public={{'told': {expression}}})", "run/gen_1")


@needs_sandbox
async def test_a_sandbox_shows_neither_other_results_nor_database_nor_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id").write_text("secret")
    monkeypatch.setenv("HOME", str(home))
    run = tmp_path / "run"
    (run / "gen_0").mkdir(parents=True)
    (run / "gen_0" / "main.py").write_text("the best program")
    (run / "gen_1").mkdir()
    database = tmp_path / "elsewhere.sqlite"
    database.write_text("rows")
    bench = Bench(tmp_path)
    private(bench, run, database)
    seen = await told(
        bench,
        f"[os.path.exists({str(run / 'gen_0')!r}), os.path.getsize({str(database)!r}), os.path.exists({str(home / '.ssh')!r}), "
        f"sorted(p.name for p in pathlib.Path({str(run)!r}).iterdir())]",
    )
    assert seen.correct, seen.error
    assert seen.public_metrics["told"] == [False, 0, False, ["gen_1"]]


@needs_sandbox
async def test_a_sandbox_shows_no_other_process_and_so_no_secret_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-do-not-tell")
    bench = Bench(tmp_path)
    private(bench)
    (tmp_path / "run").mkdir()
    seen = await told(
        bench,
        "[b'sk-do-not-tell' in p.read_bytes() for p in pathlib.Path('/proc').glob('[0-9]*/environ') if os.access(p, 4)]",
    )
    assert seen.correct, seen.error
    assert seen.public_metrics["told"]
    assert not any(seen.public_metrics["told"])
    assert (await told(bench, f"os.path.exists('/proc/{os.getpid()}')")).public_metrics["told"] is (os.getpid() < 4)


@needs_sandbox
@pytest.mark.parametrize("network", [False, True])
async def test_a_sandbox_has_a_network_only_when_it_is_given_one(tmp_path: Path, network: bool) -> None:
    bench = Bench(tmp_path)
    private(bench, network=network)
    (tmp_path / "run").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        seen = await told(bench, f"__import__('socket').socket().connect_ex(('127.0.0.1', {port}))")
    assert seen.correct, seen.error
    assert (seen.public_metrics["told"] == 0) is network


@needs_sandbox
async def test_a_sandbox_keeps_what_is_written_inside_the_results(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    bench = Bench(tmp_path)
    private(bench)
    (tmp_path / "run").mkdir()
    evaluation = await bench.run(
        f"result(1.0)\n(out / 'mine').write_text('x')\nopen('/tmp/mine', 'w').write('x')\nopen({str(outside / 'f')!r}, 'w')",
        "run/gen_1",
    )
    assert list(outside.iterdir()) == []
    assert (tmp_path / "run/gen_1/results/mine").read_text() == "x"
    assert not Path("/tmp/mine").exists()
    assert (
        "Read-only" in (tmp_path / "run/gen_1/results/stderr.log").read_text()
        or "No such file" in (tmp_path / "run/gen_1/results/stderr.log").read_text()
    )
    assert evaluation.correct  # its result was complete before it broke down


def test_the_level_is_the_strongest_there_is_and_said_plainly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local, "why_not", lambda: "bubblewrap (bwrap) is not installed")
    assert local.isolation_level("auto") == "limits"
    assert "with network and your files: bubblewrap (bwrap) is not installed" in caplog.text
    with pytest.raises(ConfigError, match=r"isolation='sandbox'.*install bubblewrap"):
        local.isolation_level("sandbox")
    monkeypatch.setattr(local, "why_not", lambda: "")
    assert local.isolation_level("auto") == "sandbox"
    assert local.isolation_level("none") == "none"


def test_the_interpreter_and_its_packages_are_shown() -> None:
    assert Path(sys.prefix).resolve() in interpreters.own().folders


@needs_sandbox
async def test_an_interpreter_is_found_wherever_it_lies_and_is_mounted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the hidden home folder, in a folder that is shown already, and under the name of a link."""
    home = tmp_path / "home"
    (home / "real" / "lib").mkdir(parents=True)
    (home / "real" / "lib" / "module.py").write_text("found = True")
    (home / "link").symlink_to(home / "real")
    (home / "secret").write_text("secret")
    monkeypatch.setenv("HOME", str(home))
    folders = [home / "real", home / "real" / "lib", home / "link"]
    bench = Bench(tmp_path)
    private(bench, readable=[str(folder) for folder in folders])
    here = interpreters.own()
    monkeypatch.setattr(interpreters, "own", lambda: interpreters.Interpreter(here.program, (*here.folders, *folders)))
    (tmp_path / "run").mkdir()
    paths = [str(home / "real/lib/module.py"), str(home / "link/lib/module.py"), str(home / "secret")]
    seen = await told(bench, f"[os.path.exists(path) for path in {paths!r}]")
    assert seen.correct, seen.error
    assert seen.public_metrics["told"] == [True, True, False]
    shown = sandbox.Exposure([], folders, tmp_path / "run", network=False)
    command = sandbox.enclosed(["true"], shown, tmp_path, tmp_path / "run")
    assert command.count(str(home / "real")) == 2, "as source and as target of one mount"
    assert str(home / "real" / "lib") not in command


@needs_sandbox
async def test_helpers_of_an_evaluator_are_compiled_once_and_not_in_each_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "helper.py").write_text("value = 7")
    (tmp_path / "broken.py").write_text("this is no python")
    bench = Bench(tmp_path, isolation="sandbox")
    compiled = [path.name.partition(".")[0] for path in (tmp_path / "__pycache__").iterdir()]
    assert compiled == ["helper"]
    seen = await bench.run("import helper\nresult(helper.value, public={'cached': os.path.exists(helper.__cached__)})")
    assert (seen.score, seen.public_metrics) == (7, {"cached": True})
