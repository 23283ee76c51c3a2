"""A result that no driver has stored counts with the launcher's receipt alone."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.errors import LaunchError
from shinka_core.launch import LocalLauncher, receipt
from shinka_core.program import Job
from tests.shinka_core.launch.test_hostile import FORGE, HARNESS, LEVELS
from tests.shinka_core.launch.test_local import Bench
from tests.support.launching import asked

# Another language that knows nothing of seals.
SHELL = """#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --program_path) program=$2;; --results_dir) results=$2;; esac; shift 2; done
. "$program"
"""

DRIVER = """
import asyncio, pathlib, sys
from shinka_core.config import LocalJobConfig
from shinka_core.launch import EvaluationRequest, LocalLauncher
async def main(folder, evaluator, level):
    config = LocalJobConfig(eval_program_path=evaluator, isolation=level)
    launcher = LocalLauncher(config)
    job = await launcher.submit(EvaluationRequest.of(config, folder / "gen_1/main.py", folder / "gen_1/results"))
    print(job.id, flush=True)
    await launcher.result(job)
asyncio.run(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
"""


def evaluator(folder: Path, text: str, name: str = "evaluate.py") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def killed_while_it_waits(folder: Path, path: str, level: str) -> Job:
    """A driver that is killed once there are result files, but before the evaluation has ended."""
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(folder), path, level],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert driver.stdout is not None
    name = driver.stdout.readline().strip()
    results = folder / "gen_1/results"
    deadline = time.monotonic() + 20
    while not (results / "correct.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert json.loads((results / "metrics.json").read_text()) == {"combined_score": 1e9}
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    return Job(name, str(folder / "gen_1/main.py"), str(results), 0.0)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", ["harness", "shell"])
async def test_what_a_program_wrote_before_its_driver_was_killed_is_no_result(
    tmp_path: Path, level: str, language: str
) -> None:
    (tmp_path / "gen_1").mkdir()
    if language == "harness":
        path, code = evaluator(tmp_path, HARNESS), f"{FORGE}\nforge(); time.sleep(60)\ndef experiment(seed): return 1.0"
    else:
        path = evaluator(tmp_path, SHELL, "evaluate.sh")
        code = "echo '{\"combined_score\": 1e9}' > $results/metrics.json; echo '{\"correct\": true}' > $results/correct.json; sleep 60"
    (tmp_path / "gen_1/main.py").write_text(code)
    job = await asyncio.to_thread(killed_while_it_waits, tmp_path, path, level)
    later = LocalLauncher(LocalJobConfig(eval_program_path=path, isolation=level))  # type: ignore[arg-type]
    assert not await later.attach(job)
    with pytest.raises(LaunchError, match="lost"):
        await later.result(job)


async def test_a_result_counts_for_the_next_driver_with_all_that_the_first_one_saw(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = "import time; time.sleep(0.2); result(3.0, public={'a': [1]}, text_feedback='well')"
    job = await bench.launcher.submit(asked(bench.launcher, bench.program(code), tmp_path / "gen_1/results"))
    first = await bench.launcher.result(job)
    later = Bench(tmp_path).launcher
    assert await later.attach(job)
    assert await later.result(job) == first
    assert first.seconds >= 0.2


@pytest.mark.parametrize("code", ["1 / 0", "import time; time.sleep(9)", "result(float('nan'))"])
async def test_a_failure_counts_for_the_next_driver_too(tmp_path: Path, code: str) -> None:
    bench = Bench(tmp_path, time=1.0)
    job = await bench.launcher.submit(asked(bench.launcher, bench.program(code), tmp_path / "gen_1/results"))
    first = await bench.launcher.result(job)
    later = Bench(tmp_path).launcher
    assert not first.correct
    assert await later.attach(job)
    assert await later.result(job) == first


async def finished(bench: Bench) -> Job:
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("result(3.0)"), bench.folder / "gen_1/results")
    )
    await bench.launcher.result(job)
    return job


@pytest.mark.parametrize("what", ["results", "receipt", "another-job", "no-key", "copied"])
async def test_a_receipt_is_for_one_job_and_its_files(tmp_path: Path, what: str) -> None:
    bench = Bench(tmp_path)
    job = await finished(bench)
    results = tmp_path / "gen_1/results"
    paper = receipt.path_of(results)
    if what == "results":
        (results / "metrics.json").write_text('{"combined_score": 1e9}')
    elif what == "receipt":
        paper.write_text(paper.read_text().replace('"score": 3.0', '"score": 1e9'))
    elif what == "copied":
        other = await bench.launcher.submit(
            asked(bench.launcher, bench.program("result(1.0)", "gen_2"), tmp_path / "gen_2/results")
        )
        await bench.launcher.result(other)
        paper.write_text(receipt.path_of(tmp_path / "gen_2/results").read_text())
    else:
        name = "1:2:0123" if what == "another-job" else "1:2"
        job = Job(name, job.program_path, job.results_dir, job.submitted_at)
    assert not await bench.launcher.attach(job)


async def test_the_receipt_of_before_is_gone_when_it_runs_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    job = await finished(bench)
    await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(60)"), tmp_path / "gen_1/results")
    )
    assert not await bench.launcher.attach(job)
    await bench.launcher.close()


@pytest.mark.parametrize("level", LEVELS)
async def test_a_program_cannot_write_a_receipt_that_counts(tmp_path: Path, level: str) -> None:
    """In a sandbox it cannot write there at all; elsewhere it lacks the key."""
    code = (
        "result(1.0)\nwith __import__('contextlib').suppress(OSError):\n"
        "    (out.parent / 'results.receipt.json').write_text('00\\n{}')\n"
        "    (out.parent / 'written').touch()\nos.kill(os.getpid(), 15)"
    )
    bench = Bench(tmp_path, isolation=level)
    job = await bench.launcher.submit(asked(bench.launcher, bench.program(code), tmp_path / "gen_1/results"))
    evaluation = await bench.launcher.result(job)
    assert (tmp_path / "gen_1/written").exists() is (level == "limits")
    assert await Bench(tmp_path).launcher.attach(job)  # the launcher's own, over whatever was there
    assert (await Bench(tmp_path).launcher.result(job)).score == evaluation.score == 1.0
