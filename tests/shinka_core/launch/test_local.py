"""Local evaluations with real processes that behave well and badly."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.launch import LocalLauncher, Terms
from shinka_core.launch.environment import evaluation_environment
from shinka_core.program import Evaluation
from tests.support.launching import asked

EVALUATOR = """
import argparse, json, os, pathlib, runpy, sys
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir"); parser.add_argument("--extra")
a = parser.parse_args()
out = pathlib.Path(a.results_dir)
def result(score=1.0, correct=True, **more):
    (out / "metrics.json").write_text(json.dumps({"combined_score": score, **more}))
    (out / "correct.json").write_text(json.dumps({"correct": correct, "error": None}))
exec(compile(pathlib.Path(a.program_path).read_text(), "program", "exec"), {"result": result, "out": out, "a": a, "sys": sys, "os": os})
"""


class Bench:
    """A launcher with an evaluator that runs the program with `result` at hand."""

    def __init__(self, folder: Path, **fields: object) -> None:
        self.folder = folder
        (folder / "evaluate.py").write_text(EVALUATOR)
        self.launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(folder / "evaluate.py"), **fields))  # type: ignore[arg-type]

    async def run(self, code: str, name: str = "gen_1") -> Evaluation:
        job = await self.launcher.submit(asked(self.launcher, self.program(code, name), self.folder / name / "results"))
        return await self.launcher.result(job)

    def program(self, code: str, name: str = "gen_1") -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "main.py").write_text(code)
        return folder / "main.py"


async def test_a_good_program_is_scored(tmp_path: Path) -> None:
    code = "result(2.5, public={'a': 1}, private={'b': 2}, text_feedback='well')\nprint('hello')"
    evaluation = await Bench(tmp_path).run(code)
    assert (evaluation.score, evaluation.correct) == (2.5, True)
    assert (evaluation.public_metrics, evaluation.private_metrics) == ({"a": 1}, {"b": 2})
    assert evaluation.text_feedback == "well"
    assert (tmp_path / "gen_1/results/stdout.log").read_text() == "hello\n"


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        ("1 / 0", "crashed", "ZeroDivisionError"),
        ("os.kill(os.getpid(), 11)", "killed", "SIGSEGV"),
        ("pass", "no_result", "correct.json"),
        ("result(); (out / 'metrics.json').unlink()", "no_result", "metrics.json"),
        ("result(); (out / 'metrics.json').write_text('{half')", "bad_result", "not JSON"),
        ("result(); (out / 'metrics.json').write_bytes(b'\\xff\\xfe')", "bad_result", "not JSON"),
        ("result(); (out / 'metrics.json').write_text('[1]')", "bad_result", "must be an object"),
        ("result(); (out / 'metrics.json').write_text('[' * 100000)", "bad_result", "not JSON"),
        ("result(); (out / 'correct.json').write_text('{\"correct\": \"yes\"}')", "bad_result", "'correct'"),
        ("result(public=[1])", "bad_result", "'public'"),
        ("result(); (out / 'metrics.json').unlink(); os.symlink('/etc/passwd', out / 'metrics.json')", "bad_result", "regular"),
        ("result('high')", "bad_score", "must be a number"),
        ("result(True)", "bad_score", "must be a number"),
        ("result(float('nan'))", "bad_score", "finite"),
        ("result(float('inf'))", "bad_score", "finite"),
        ("result(10**400)", "bad_score", "finite"),
        ("result(1.0, correct=False)", "not_correct", "did not accept"),
        ("import shutil; shutil.rmtree(out, ignore_errors=True)", "no_result", "correct.json"),
        ("sys.setrecursionlimit(10**6)\ndef f(): f()\nf()", "crashed", "RecursionError"),
    ],
)  # fmt: skip
async def test_a_bad_program_is_one_failure_with_a_reason(tmp_path: Path, code: str, reason: str, words: str) -> None:
    evaluation = await Bench(tmp_path).run(code)
    assert (evaluation.correct, evaluation.reason) == (False, reason)
    assert words in evaluation.error


async def test_a_program_that_ignores_sigterm_ends_at_the_time_limit(tmp_path: Path) -> None:
    evaluation = await Bench(tmp_path, time=0.7).run(
        "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)"
    )
    assert evaluation.reason == "timeout"
    assert "0.7 seconds" in evaluation.error


SPAWN = """
import subprocess, time
child = "import time; time.sleep(600)"
subprocess.Popen([sys.executable, "-c", child])
subprocess.Popen([sys.executable, "-c", child], start_new_session=True, stdout=subprocess.DEVNULL)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""


def sleepers(mark: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if str(mark) in process.environ().get("TEST_MARK", "") and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.mark.parametrize("ending", ["time.sleep(600)", "result(1.0)"])
async def test_children_and_daemons_end_with_the_evaluation(tmp_path: Path, ending: str) -> None:
    bench = Bench(tmp_path, time=1.5, env={"TEST_MARK": str(tmp_path)})
    evaluation = await bench.run(SPAWN + ending)
    assert evaluation.reason == ("timeout" if "sleep" in ending else "")
    assert sleepers(tmp_path) == []


async def test_cancelling_the_wait_kills_the_whole_tree(tmp_path: Path) -> None:
    bench = Bench(tmp_path, env={"TEST_MARK": str(tmp_path)})
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program(SPAWN + "time.sleep(600)"), tmp_path / "gen_1/results")
    )
    waiting = asyncio.create_task(bench.launcher.result(job))
    while len(sleepers(tmp_path)) < 4:
        await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert sleepers(tmp_path) == []


async def test_closing_the_launcher_ends_everything(tmp_path: Path) -> None:
    bench = Bench(tmp_path, env={"TEST_MARK": str(tmp_path)})
    await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(600)"), tmp_path / "gen_1/results")
    )
    await bench.launcher.close()
    assert sleepers(tmp_path) == []


def test_an_evaluation_dies_with_its_driver(tmp_path: Path) -> None:
    Bench(tmp_path).program("import time; print('up', flush=True); time.sleep(600)")
    script = (
        "import asyncio, sys, pathlib\n"
        "from shinka_core.config import LocalJobConfig\n"
        "from shinka_core.launch import EvaluationRequest, LocalLauncher\n"
        "async def main(folder):\n"
        "    config = LocalJobConfig(eval_program_path=str(folder / 'evaluate.py'), env={'TEST_MARK': str(folder)})\n"
        "    job = await LocalLauncher(config).submit(EvaluationRequest.of(config, folder / 'gen_1/main.py', folder / 'gen_1/results'))\n"
        "    print(job.id, flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main(pathlib.Path(sys.argv[1])))\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    assert driver.stdout.readline()
    deadline = time.monotonic() + 20
    while not sleepers(tmp_path):  # it is told of its job before the job's process runs
        assert time.monotonic() < deadline
        time.sleep(0.02)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    deadline = time.monotonic() + 20
    while sleepers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleepers(tmp_path) == []


async def test_endless_output_is_bounded_in_memory_and_on_disk(tmp_path: Path) -> None:
    evaluation = await Bench(tmp_path, time=1.5, max_output_bytes=10_000).run(
        "print('first')\nwhile True: sys.stdout.write('x' * 100000)"
    )
    log = (tmp_path / "gen_1/results/stdout.log").read_text()
    assert evaluation.reason == "timeout"
    assert log.startswith("first")
    assert len(log) < 11_000
    assert "bytes left out" in log


async def test_output_that_is_no_text_does_no_harm(tmp_path: Path) -> None:
    assert (await Bench(tmp_path).run("sys.stdout.buffer.write(b'\\xff\\x00\\xfe'); result(1.0)")).correct


async def test_secrets_stay_outside_unless_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PREFECT_API_URL", "http://secret")
    evaluation = await Bench(tmp_path, env={"MY_TOKEN": "given"}).run("result(1.0, public=dict(os.environ))")
    seen = evaluation.public_metrics
    assert not {"OPENAI_API_KEY", "PREFECT_API_URL"} & set(seen)
    assert seen["MY_TOKEN"] == "given"
    assert "PATH" in seen


def test_what_looks_like_a_secret() -> None:
    secret = ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DB_PASSWORD", "DATABASE_URL", "ANTHROPIC_API_KEY", "PGPASSWORD"]
    plain = ["PATH", "HOME", "OMP_NUM_THREADS", "VIRTUAL_ENV", "KEYBOARD", "LANG"]
    kept = evaluation_environment(dict.fromkeys(secret + plain, "x"), {})
    assert sorted(kept) == sorted(plain)


async def test_odd_paths_and_extra_arguments_work(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s "odd" & ünï'
    folder.mkdir()
    evaluation = await Bench(folder, extra_cmd_args={"extra": "a b"}).run("result(1.0, public={'extra': a.extra})")
    assert evaluation.public_metrics == {"extra": "a b"}


BUSY = """
import multiprocessing, sys, threading
from concurrent.futures import ThreadPoolExecutor
with multiprocessing.get_context("fork").Pool(2) as pool:
    total = sum(pool.map(abs, range(-50, 0)))
with ThreadPoolExecutor(4) as threads:
    total += sum(threads.map(abs, range(-50, 0)))
(out / "plot.svg").write_text("<svg/>")
sys.stdout.write("x" * 5_000_000)
result(total, public={"stdin": sys.stdin.read(), "threads": threading.active_count()})
"""


@pytest.mark.parametrize("level", ["none", "limits", "auto"])
async def test_workers_threads_plots_and_much_output_are_nothing_special(tmp_path: Path, level: str) -> None:
    evaluation = await Bench(tmp_path, isolation=level, max_output_bytes=10_000).run(BUSY)
    assert (evaluation.score, evaluation.correct) == (2 * 1275, True), evaluation.error
    assert evaluation.public_metrics == {"stdin": "", "threads": 1}
    assert (tmp_path / "gen_1/results/plot.svg").read_text() == "<svg/>"
    assert (tmp_path / "gen_1/results/stdout.log").stat().st_size < 12_000


async def test_fifty_evaluations_run_at_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    evaluations = await asyncio.gather(*(bench.run(f"result({n})", f"gen_{n}") for n in range(50)))
    assert [evaluation.score for evaluation in evaluations] == list(range(50))


async def test_a_finished_result_is_taken_up_and_an_unfinished_one_is_not(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    job = await bench.launcher.submit(asked(bench.launcher, bench.program("result(3.0)"), tmp_path / "gen_1/results"))
    await bench.launcher.result(job)
    later = Bench(tmp_path).launcher
    assert await later.attach(job)
    assert (await later.result(job)).score == 3.0
    (tmp_path / "gen_1/results/correct.json").unlink()
    assert not await later.attach(job)
    with pytest.raises(LaunchError, match="lost"):
        await later.result(job)


def test_a_missing_interpreter_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"python=.*no program"):
        Bench(tmp_path, python=str(tmp_path / "none"))


async def test_an_interpreter_that_cannot_start_is_a_launch_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00no program")
    broken.chmod(0o755)
    with pytest.raises(LaunchError, match="could not be started"):
        await Bench(tmp_path, python=str(broken), isolation="limits").run("pass")


async def test_results_of_an_earlier_attempt_do_not_count(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    await bench.run("result(1.0)")
    assert (await bench.run("pass")).reason == "no_result"


async def test_one_evaluation_has_arguments_variables_and_a_time_limit_of_its_own(tmp_path: Path) -> None:
    bench = Bench(tmp_path, extra_cmd_args={"extra": "all"}, env={"WHO": "all"}, time=60)
    program = bench.program("import os\nresult(1.0, public={'extra': a.extra, 'who': os.environ['WHO']})")
    terms = Terms({"extra": "one"}, {"WHO": "me"})
    for given, expected in ((terms, {"extra": "one", "who": "me"}), (Terms(), {"extra": "all", "who": "all"})):
        job = await bench.launcher.submit(asked(bench.launcher, program, tmp_path / "gen_1/results", given))
        assert (await bench.launcher.result(job)).public_metrics == expected
    slow = bench.program("import time; time.sleep(60)")
    brief = Terms(time_limit=0.5, limited_by="time of the stage 'quick'")
    job = await bench.launcher.submit(asked(bench.launcher, slow, tmp_path / "gen_1/results", brief))
    evaluation = await bench.launcher.result(job)
    assert evaluation.reason == "timeout"
    assert "0.5 seconds (time of the stage 'quick')" in evaluation.error
