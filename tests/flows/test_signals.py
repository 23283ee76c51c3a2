"""Signals in a process that is ours: which of them stop a run, how often, and who has them afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from flows.signals import Told, ending_signals, stopping_on_signals
from tests.support.prefect import ROOT


@pytest.fixture
def hang_up() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


async def heard(*numbers: signal.Signals) -> tuple[int, signal.Signals | None]:
    """How often the run is told to stop when these signals come, and the first that the process takes note of."""
    stops: list[int] = []
    told = Told()
    with stopping_on_signals(lambda: stops.append(1), told):
        for number in numbers:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.02)
    return len(stops), told.first


async def test_every_word_counts_but_a_hang_up_counts_once() -> None:
    assert await heard(signal.SIGINT) == (1, signal.SIGINT)
    assert await heard(signal.SIGTERM, signal.SIGINT) == (2, signal.SIGTERM)
    assert await heard(signal.SIGHUP, signal.SIGHUP) == (1, signal.SIGHUP)
    assert await heard(signal.SIGINT, signal.SIGHUP) == (1, signal.SIGINT)
    assert await heard(signal.SIGHUP, signal.SIGTERM) == (2, signal.SIGHUP)


async def test_a_run_under_nohup_does_not_hear_a_hang_up(hang_up: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert signal.SIGHUP not in ending_signals()
    assert await heard(signal.SIGHUP) == (0, None)


async def test_the_handlers_are_as_before_afterwards() -> None:
    before = [signal.getsignal(number) for number in ending_signals()]
    await heard(signal.SIGINT)
    assert [signal.getsignal(number) for number in ending_signals()] == before


def test_a_thread_leaves_signals_to_the_main_thread() -> None:
    before = signal.getsignal(signal.SIGINT)
    found: list[object] = []

    async def look() -> None:
        with stopping_on_signals(lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: asyncio.run(look()))
    thread.start()
    thread.join()
    assert found == [before]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_everything_is_loaded_ends_the_command_in_silence(number: signal.Signals) -> None:
    program = (
        "import flows.terminal.main as main, sys, time\n"
        "def plan_run(*_, **__): print('loading', flush=True); time.sleep(20)\n"
        "main.plan_run, sys.argv = plan_run, ['evolve', 'task']\nmain.main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    started = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (128 + number, "")
    assert time.monotonic() - started < 2
