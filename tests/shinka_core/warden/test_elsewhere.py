"""Without /proc, as on macOS, psutil tells what the warden and the driver need to know of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shinka_core.database import ownership
from shinka_core.launch import watch
from shinka_core.warden import elsewhere, tree
from shinka_core.warden.tree import MARK, has_ended, has_proc, kill_tree, marked_processes, start_of, tree_usage
from tests.shinka_core.launch.test_local import Bench

FAMILY = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); print('ready', flush=True); time.sleep(60)"  # fmt: skip
ASKED = ("marked_processes", "start_of", "has_ended", "tree_usage")

pytestmark = pytest.mark.skipif(not has_proc(), reason="both ways are compared")


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", FAMILY],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, MARK: "family"},
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    yield process
    kill_tree(process.pid, "family")
    process.wait()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The functions of `elsewhere` that were called, in a process that finds no /proc."""
    called: list[str] = []

    def noted(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            called.append(name)
            return function(*arguments)

        return call

    for name in ASKED:
        monkeypatch.setattr(elsewhere, name, noted(name, getattr(elsewhere, name)))
    monkeypatch.setattr(tree, "PROC", "/nowhere")
    return called


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_it_tells_the_same_as_proc(
    family: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    until(lambda: len(marked_processes("family")) == 2)
    told = sorted(marked_processes("family")), tree_usage([family.pid]), has_ended(family.pid)
    assert start_of(family.pid)
    assert set(asked) == set(ASKED)
    monkeypatch.setattr(tree, "PROC", "/proc")
    marked, usage, ended = sorted(marked_processes("family")), tree_usage([family.pid]), has_ended(family.pid)
    assert (told[0], told[1][family.pid][0], told[2]) == (marked, usage[family.pid][0], ended)
    assert told[1][family.pid][0] == 2
    assert told[1][family.pid][1] == pytest.approx(usage[family.pid][1], rel=0.2)


def test_a_tree_is_killed_and_known_to_have_ended(family: subprocess.Popen[bytes], asked: list[str]) -> None:
    until(lambda: len(marked_processes("family")) == 2)
    begun = start_of(family.pid)
    kill_tree(family.pid, "family")
    until(lambda: has_ended(family.pid))  # not collected yet
    until(lambda: marked_processes("family") == [])
    assert begun
    assert tree_usage([family.pid])[family.pid][0] == 1
    family.wait()
    assert start_of(family.pid) == ""
    assert has_ended(family.pid)
    assert tree_usage([family.pid]) == {family.pid: (1, 0)}


@pytest.fixture
def blind_warden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wardens that find no /proc and no handles on processes."""
    root = str(Path(watch.__file__).resolve().parents[2])
    start = (
        f"import os, sys; sys.path.append({root!r}); del os.pidfd_open; from shinka_core.warden import main, tree; "
        "tree.PROC = '/nowhere'; main.main()"
    )
    monkeypatch.setattr(watch, "_COMMAND", (sys.executable, "-I", "-c", start))


@pytest.mark.usefixtures("blind_warden")
async def test_evaluations_are_watched_as_ever(tmp_path: Path) -> None:
    bench = Bench(tmp_path, time=20, max_memory_mb=400, max_processes=12)
    assert (await bench.run("result(1.0)", "gen_1")).correct
    hungry = "import subprocess, sys, time\nfor _ in range(4):\n    subprocess.Popen([sys.executable, '-c', 'x = chr(65) * 150_000_000; import time; time.sleep(60)'])\ntime.sleep(60)"  # fmt: skip
    assert (await bench.run(hungry, "gen_2")).reason == "too_much_memory"
    many = "import subprocess, sys, time\nfor _ in range(20):\n    subprocess.Popen(['sleep', '60'])\ntime.sleep(60)"
    assert (await bench.run(many, "gen_3")).reason == "too_many_processes"
    await bench.launcher.close()


def test_the_owner_of_an_evolution_is_known_too(
    family: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "PROC", Path("/nowhere"))

    def mark(start: str | None) -> str:
        return json.dumps(json.loads(ownership.this_process()) | {"pid": family.pid, "start": start})

    own = ownership._start_of(family.pid)  # pyright: ignore[reportPrivateUsage]
    assert own
    assert ownership.alive(mark(own)) == f"process {family.pid}"
    assert not ownership.known_to_be_gone(mark(""))  # from before its start was told
    assert ownership.known_to_be_gone(mark("1.0"))
    family.kill()
    family.wait()
    assert ownership.known_to_be_gone(mark(own))
