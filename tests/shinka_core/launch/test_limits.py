"""Limits hold from an evaluation's first moment to its end, whatever its driver does meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.launch import LocalLauncher, local
from shinka_core.launch.watch import Report, Watch
from tests.shinka_core.launch.test_hostile import HUNGRY_FAMILY, LEVELS
from tests.shinka_core.launch.test_local import SPAWN, Bench, sleepers
from tests.support.launching import asked

ROOT = Path(__file__).parents[3]
# Says what became of two evaluations, while somebody stops and continues it.
DRIVER = """
import asyncio, pathlib, sys
from shinka_core.config import LocalJobConfig
from shinka_core.launch import EvaluationRequest, LocalLauncher, local
local.WARDEN_GRACE = 0.2  # so that its own clock runs out as well
async def main(folder, level):
    config = LocalJobConfig(eval_program_path=str(folder / "evaluate.py"), isolation=level, time=2.0)
    launcher = LocalLauncher(config)
    places = [folder / name for name in ("gen_1", "gen_2")]
    requests = [EvaluationRequest.of(config, place / "main.py", place / "results") for place in places]
    jobs = [await launcher.submit(request) for request in requests]
    print("started", flush=True)
    for evaluation in await asyncio.gather(*map(launcher.result, jobs)):
        print(evaluation.reason or "scored", round(evaluation.seconds, 1), flush=True)
    await launcher.close()
asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_a_driver_that_is_suspended_loses_nothing_and_lets_nothing_run_longer(tmp_path: Path, level: str) -> None:
    bench = Bench(tmp_path)
    bench.program("import time; time.sleep(1); result(1.0)", "gen_1")
    bench.program(
        "import time\nfor _ in range(5): (out / str(time.time())).touch(); time.sleep(1)\nresult(1.0)", "gen_2"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path), level], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert driver.stdout is not None
    assert driver.stdout.readline() == "started\n"
    driver.send_signal(signal.SIGSTOP)
    time.sleep(3.5)  # longer than its limit
    driver.send_signal(signal.SIGCONT)
    told, _ = driver.communicate(timeout=30)
    quick, slow = (line.split() for line in told.splitlines())
    assert quick[0] == "scored"
    assert 1.0 <= float(quick[1]) < 2.0, "its own end, not the moment at which the driver woke up"
    assert slow[0] == "timeout"
    assert 2.0 <= float(slow[1]) < 3.0
    assert not (tmp_path / "gen_2/results/metrics.json").exists(), "it was ended while the driver stood still"


async def test_the_time_runs_from_the_start_and_not_from_the_waiting(tmp_path: Path) -> None:
    bench = Bench(tmp_path, time=0.5)
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(60)"), tmp_path / "gen_1/results")
    )
    pid = int(job.id.partition(":")[0])
    await asyncio.sleep(1.5)
    with suppress(ProcessLookupError):
        assert Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    evaluation = await bench.launcher.result(job)
    assert evaluation.reason == "timeout"
    assert evaluation.seconds < 1.0


async def test_memory_is_watched_from_the_start_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_memory_mb=400)
    job = await bench.launcher.submit(asked(bench.launcher, bench.program(HUNGRY_FAMILY), tmp_path / "gen_1/results"))
    await asyncio.sleep(1.5)
    began = time.monotonic()
    assert (await bench.launcher.result(job)).reason == "too_much_memory"
    assert time.monotonic() - began < 2
    await bench.launcher.close()


@pytest.mark.parametrize("waits", [True, False], ids=["while it waits", "before it waits"])
async def test_an_evaluation_that_ended_in_time_is_no_timeout_however_late_that_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(local, "WARDEN_GRACE", 0.2)
    bench = Bench(tmp_path, time=1.0)
    job = await bench.launcher.submit(asked(bench.launcher, bench.program("result(1.0)"), tmp_path / "gen_1/results"))
    if waits:
        await asyncio.sleep(0.01)
    time.sleep(2.0)
    evaluation = await bench.launcher.result(job)
    assert (evaluation.correct, evaluation.seconds < 1.0) == (True, True)


async def test_a_warden_that_is_killed_is_replaced(tmp_path: Path) -> None:
    bench = Bench(tmp_path, time=1.5)
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(60)"), tmp_path / "gen_1/results")
    )
    os.kill(warden_of(bench), signal.SIGKILL)
    evaluation = await bench.launcher.result(job)
    assert evaluation.reason == "timeout"
    assert evaluation.seconds < 4


def warden_of(bench: Bench) -> int:
    watch: Watch = bench.launcher._watch  # pyright: ignore[reportPrivateUsage]
    assert watch._warden is not None  # pyright: ignore[reportPrivateUsage]
    return watch._warden.pid  # pyright: ignore[reportPrivateUsage]


async def test_without_a_warden_the_driver_holds_the_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "_start", lambda self: None)
    monkeypatch.setattr(local, "WARDEN_GRACE", 0.2)
    bench = Bench(tmp_path, time=0.5)
    assert (await bench.run("import time; time.sleep(60)")).reason == "timeout"
    assert (await bench.run("result(1.0)", "gen_2")).correct


async def test_a_warden_that_is_mistaken_about_an_end_lifts_no_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "WARDEN_GRACE", 0.2)
    bench = Bench(tmp_path, time=0.5)
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(60)"), tmp_path / "gen_1/results")
    )
    watch: Watch = bench.launcher._watch  # pyright: ignore[reportPrivateUsage]
    ((pid, report),) = watch._reports.items()  # pyright: ignore[reportPrivateUsage]
    watch._say(f"forget {pid}\n")  # pyright: ignore[reportPrivateUsage]
    report.set_result(Report("", 0.1))
    evaluation = await bench.launcher.result(job)
    assert (evaluation.reason, evaluation.seconds < 4) == ("timeout", True)


async def test_requests_to_end_that_are_meant_for_the_driver_do_not_end_the_warden(tmp_path: Path) -> None:
    bench = Bench(tmp_path, time=60)
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(0.5); result(1.0)"), tmp_path / "gen_1/results")
    )
    await asyncio.sleep(0.2)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(warden_of(bench), number)
    assert (await bench.launcher.result(job)).correct
    assert bench.launcher._watch._started == 1  # pyright: ignore[reportPrivateUsage]
    await bench.launcher.close()


@pytest.mark.parametrize("level", LEVELS)
def test_whatever_an_evaluation_started_ends_with_a_killed_driver(tmp_path: Path, level: str) -> None:
    """Also what has left its process group, which the kernel does not end by itself."""
    Bench(tmp_path).program(f"{SPAWN}\ntime.sleep(600)")
    script = (
        "import asyncio, sys, pathlib\n"
        "from shinka_core.config import LocalJobConfig\n"
        "from shinka_core.launch import EvaluationRequest, LocalLauncher\n"
        "async def main(folder, level):\n"
        "    config = LocalJobConfig(eval_program_path=str(folder / 'evaluate.py'), isolation=level, env={'TEST_MARK': str(folder)})\n"
        "    await LocalLauncher(config).submit(EvaluationRequest.of(config, folder / 'gen_1/main.py', folder / 'gen_1/results'))\n"
        "    print('started', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2]))\n"
    )
    driver = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), level], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert driver.stdout is not None
    assert driver.stdout.readline()
    deadline = time.monotonic() + 20
    while len(sleepers(tmp_path)) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(sleepers(tmp_path)) >= 4
    driver.kill()
    driver.communicate()
    deadline = time.monotonic() + 10
    while sleepers(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleepers(tmp_path) == []


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("moment", [0.0, 0.001, 0.005, 0.02])
async def test_a_cancelled_submit_leaves_neither_process_nor_descriptor(tmp_path: Path, moment: float) -> None:
    bench = Bench(tmp_path, env={"TEST_MARK": str(tmp_path)})
    program = bench.program("import time; time.sleep(600)")
    await bench.launcher.close()
    bench = Bench(tmp_path, env={"TEST_MARK": str(tmp_path)})
    before = descriptors()
    submitting = asyncio.create_task(bench.launcher.submit(asked(bench.launcher, program, tmp_path / "gen_1/results")))
    await asyncio.sleep(moment)
    submitting.cancel()
    await asyncio.gather(submitting, return_exceptions=True)
    await bench.launcher.close()
    assert sleepers(tmp_path) == []
    assert descriptors() <= before - 1, "the evaluator's text is closed too"


async def test_a_second_cancellation_while_an_evaluation_is_ended_leaves_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path, env={"TEST_MARK": str(tmp_path)})
    before = descriptors()
    job = await bench.launcher.submit(
        asked(bench.launcher, bench.program("import time; time.sleep(600)"), tmp_path / "gen_1/results")
    )
    waiting = asyncio.create_task(bench.launcher.result(job))
    await asyncio.sleep(0.1)
    for _ in range(3):
        waiting.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await bench.launcher.close()
    assert sleepers(tmp_path) == []
    assert descriptors() <= before - 1


async def test_an_evaluation_that_cannot_be_started_leaves_no_descriptor(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    launcher = LocalLauncher(LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), env={"A": "nul\0"}))
    before = descriptors()
    for _ in range(3):
        with pytest.raises(local.LaunchError, match="could not be started"):
            await launcher.submit(asked(launcher, bench.program("pass"), tmp_path / "gen_1/results"))
    assert descriptors() == before
