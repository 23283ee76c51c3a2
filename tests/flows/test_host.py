"""A program that runs an evolution finds everything that is its own as it was: the runner is a guest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pace import stretched
from tests.support.prefect import ROOT, environment_for, own_home
from tests.support.runs import TASK

# Seconds for which the host's event loop may stand still; imports take it a little at a time.
LONGEST_STANDSTILL = 0.5

PROGRAM = """
import asyncio, contextlib, logging, os, signal, sys, threading, time, warnings
from prefect.context import get_settings_context
from prefect.settings import get_current_settings

logging.basicConfig(level=logging.INFO)
logging.getLogger("host").addHandler(logging.NullHandler())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda *_: None)

def loggers():
    named = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    ours = [logger for logger in named if logger.name.startswith(("prefect", "host", "asyncio", "httpx"))]
    # What is only made by asking for it has nothing of its own.
    return {
        logger.name: (logger.level, [id(handler) for handler in logger.handlers], logger.propagate, logger.disabled)
        for logger in [logging.root, *ours] if logger.handlers or logger.level or logger.disabled
    }

def host():
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "path": list(sys.path),
        "umask": (os.umask(0o22), os.umask(0o22))[1],
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "wakeup": signal.set_wakeup_fd(-1),
        "logging": loggers(),
        "hooks": (sys.excepthook, sys.unraisablehook, threading.excepthook, sys.stdout, sys.stderr),
        "warnings": list(warnings.filters),
        "policy": asyncio.get_event_loop_policy(),
        "profile": get_settings_context().profile.name,
        "settings": get_current_settings().hash_key(),
    }

waited = {}
def clock():
    # Without what threads of this process waited for a processor: other work on the machine is not the runner's.
    with contextlib.suppress(OSError):
        for thread in os.listdir("/proc/self/task"):
            with contextlib.suppress(OSError), open(f"/proc/self/task/{thread}/schedstat") as file:
                waited[thread] = int(file.read().split()[1]) / 1e9
    return time.monotonic() - sum(waited.values())

async def main():
    from shinka import AsyncEvolutionRunner, EvolutionConfig
    from shinka.launch import LocalJobConfig

    task, results = sys.argv[1:]
    runner = AsyncEvolutionRunner(
        EvolutionConfig(init_program_path=f"{task}/initial.py", num_generations=3, results_dir=results),
        LocalJobConfig(eval_program_path=f"{task}/evaluate.py"), verbose=False,
    )
    beats = []
    async def beat():
        while True:
            beats.append(clock())
            await asyncio.sleep(0.01)
    beating = asyncio.create_task(beat())
    before = inside()
    summary = await runner.run()
    assert inside() == before, changes(before, inside())
    beating.cancel()
    print("programs", summary.programs, "longest standstill", max(b - a for a, b in zip(beats, beats[1:])))

def inside():
    loop = asyncio.get_running_loop()
    return {"handler": loop.get_exception_handler(), "debug": loop.get_debug(), "factory": loop.get_task_factory()}

def changes(before, after):
    return {key: (before[key], after[key]) for key in before if before[key] != after[key]}

import shinka, shinka.launch
import flows.runner  # loading may be lazy; what it costs and changes is looked at as well
from prefect import flow

@flow
def of_the_host():
    return "its own"

# Prefect sets its logging up for the first flow run in a process, whosever it is.
assert of_the_host() == "its own"
before = host()
asyncio.run(main())
after = host()
assert before == after, changes(before, after)
assert of_the_host() == "its own"
print("unchanged")
"""


@pytest.mark.slow
def test_nothing_of_the_host_is_changed(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(TASK), str(tmp_path / "r")], cwd=ROOT, timeout=120,
        env=environment_for(prefect_api, prefect_home), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    first, second = done.stdout.splitlines()[-2:]
    words = first.split()
    assert words[:2] == ["programs", "4"]
    assert float(words[-1]) < stretched(LONGEST_STANDSTILL)
    assert second == "unchanged"


PROFILE = """
import os
before = dict(os.environ)
import flows.runner
from prefect.settings import get_current_settings
from flows.orchestrator.profile import profile
with profile():
    inside = get_current_settings()
    print(inside.client.max_retries, inside.api.request_timeout, inside.client.csrf_support_enabled, inside.logging.level)
print(get_current_settings().client.retry_jitter_factor, inside.client.retry_jitter_factor, dict(os.environ) == before)
"""


@pytest.mark.slow
def test_what_a_user_s_own_profile_says_wins(tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text(
        'active = "mine"\n[profiles.mine]\nPREFECT_CLIENT_MAX_RETRIES = "3"\nPREFECT_API_REQUEST_TIMEOUT = "7"\n'
        'PREFECT_LOGGING_LEVEL = "ERROR"\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", PROFILE], cwd=tmp_path, timeout=60, capture_output=True, text=True,
        env=own_home(tmp_path, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert done.stdout.splitlines() == ["3 7.0 True ERROR", "0.2 0.5 True"], done.stderr
