"""Evaluations that are asked to end, by whoever stops the run or by the program itself."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.launch import LocalLauncher
from shinka_core.program import TERMINATED
from tests.shinka_core.launch.test_hostile import FORGE, HARNESS, LEVELS
from tests.shinka_core.launch.test_local import Bench, sleepers
from tests.support.launching import asked

# Whoever runs the tests may have them ignored, as `nohup` does; evaluations inherit that.
HEEDED = "import signal; signal.signal(1, signal.SIG_DFL); signal.signal(2, signal.default_int_handler)\n"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGTERM, TERMINATED),
        (signal.SIGINT, TERMINATED),
        (signal.SIGHUP, TERMINATED),
        (signal.SIGKILL, "killed"),
    ],
)
async def test_a_request_to_end_is_told_from_other_signals(
    tmp_path: Path, level: str, number: signal.Signals, reason: str
) -> None:
    evaluation = await Bench(tmp_path, isolation=level).run(f"{HEEDED}os.kill(os.getpid(), {int(number)})")
    assert (evaluation.correct, evaluation.reason) == (False, reason)
    assert number.name in evaluation.error


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("whom", ["all", "first"])
async def test_a_request_from_outside_ends_the_whole_evaluation(tmp_path: Path, level: str, whom: str) -> None:
    bench = Bench(tmp_path, isolation=level, env={"TEST_MARK": str(tmp_path)})
    code = "import time\nif os.fork(): (out / 'up').touch()\ntime.sleep(600)"
    job = await bench.launcher.submit(asked(bench.launcher, bench.program(code), tmp_path / "gen_1/results"))
    while not (tmp_path / "gen_1/results/up").exists():
        await asyncio.sleep(0.02)
    first = psutil.Process(int(job.id.partition(":")[0]))
    for process in [first] if whom == "first" else sleepers(tmp_path):
        with suppress(psutil.NoSuchProcess):  # gone with the one before
            process.terminate()
    evaluation = await bench.launcher.result(job)
    assert evaluation.reason == TERMINATED, evaluation.error
    assert sleepers(tmp_path) == []


@pytest.mark.parametrize("level", LEVELS)
async def test_what_a_program_wrote_before_it_was_ended_is_never_taken_up(tmp_path: Path, level: str) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "evaluate.py").write_text(HARNESS)
    config = LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), isolation=level)  # type: ignore[arg-type]
    bench.launcher = LocalLauncher(config)
    program = bench.program(f"{FORGE}\nforge(); os.kill(os.getpid(), 15)")
    job = await bench.launcher.submit(asked(bench.launcher, program, tmp_path / "gen_1/results"))
    assert (await bench.launcher.result(job)).reason == TERMINATED
    assert not await LocalLauncher(config).attach(job)


async def test_a_result_that_was_complete_before_counts(tmp_path: Path) -> None:
    evaluation = await Bench(tmp_path).run("result(3.0); os.kill(os.getpid(), 15)")
    assert (evaluation.score, evaluation.correct) == (3.0, True)
