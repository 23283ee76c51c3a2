"""Several runs in one process, and runs in loops and threads of other people's making."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, rows

BEGINNING = f"""
import asyncio, os, signal, sys, threading, time
from shinka import AsyncEvolutionRunner, EvolutionConfig, LocalJobConfig

def runner(name, generations=500):
    return AsyncEvolutionRunner(
        EvolutionConfig(init_program_path={str(TASK / "initial.py")!r}, num_generations=generations, results_dir=name,
                        embedding_model=None),
        LocalJobConfig(eval_program_path={str(TASK / "evaluate.py")!r}, isolation="limits"), max_proposal_jobs=2,
        verbose=False,
    )

def under_way():
    return all(os.path.exists(name + "/gen_3") for name in "ab")

before = signal.getsignal(signal.SIGINT)
"""
END = """
assert signal.getsignal(signal.SIGINT) is before
assert not [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
print("as before")
"""

CTRL_C = """
async def main():
    async def press():
        while not under_way():
            await asyncio.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)
    pressing = asyncio.create_task(press())
    await asyncio.gather(runner("a").run(), runner("b").run())

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
"""

THREADS = """
runners = [runner("a"), runner("b")]
threads = [threading.Thread(target=lambda one=one: asyncio.run(one.run())) for one in runners]
for thread in threads:
    thread.start()
while not under_way():
    time.sleep(0.02)
for one in runners:
    one.stop()
for thread in threads:
    thread.join()
print("interrupted")
"""

# As the cells of a notebook: awaited in one loop, and one cancelled, which is what its kernel does with an interrupted cell.
ONE_LOOP = """
async def cells():
    first = await runner("first", 2).run()
    cell = asyncio.create_task(runner("a").run())
    while not os.path.exists("a/gen_3"):
        await asyncio.sleep(0.02)
    cell.cancel()
    (ended,) = await asyncio.gather(cell, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError) or ended.stopped_early, ended
    assert signal.getsignal(signal.SIGINT) is before
    second = await runner("second", 2).run()
    print(first.programs, second.programs)

loop = asyncio.new_event_loop()
loop.run_until_complete(cells())
loop.run_until_complete(loop.shutdown_default_executor())
"""

ANOTHER_LOOP = """
import uvloop
print(uvloop.run(runner("a", 2).run()).programs)
"""


def outcome(folder: Path, text: str, api: str, home: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", BEGINNING + text + END], cwd=folder, capture_output=True, text=True, timeout=120,
        env=environment_for(api, home, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-2:]


@pytest.mark.slow
@pytest.mark.parametrize("text", [CTRL_C, THREADS], ids=["ctrl-c", "threads"])
def test_both_runs_are_stopped_and_resumable(text: str, tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    assert outcome(tmp_path, text, prefect_api, prefect_home) == ["interrupted", "as before"]
    for name in "ab":
        assert rows(tmp_path / name, "SELECT state FROM evolutions") == [("stopped",)]
        assert json.loads((tmp_path / name / "summary.json").read_text())["stopped_early"] == "interrupted"
        assert (tmp_path / name / "best" / "main.py").exists()


@pytest.mark.slow
def test_in_one_loop_a_run_follows_another_also_after_one_that_was_interrupted(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    assert outcome(tmp_path, ONE_LOOP, prefect_api, prefect_home) == ["3 3", "as before"]
    assert rows(tmp_path / "a", "SELECT state FROM evolutions") == [("stopped",)]
    assert json.loads((tmp_path / "a" / "summary.json").read_text())["stopped_early"] == "interrupted"
    assert (tmp_path / "a" / "best" / "main.py").exists()


@pytest.mark.slow
def test_a_run_works_in_another_kind_of_event_loop(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    pytest.importorskip("uvloop")
    assert outcome(tmp_path, ANOTHER_LOOP, prefect_api, prefect_home) == ["3", "as before"]
