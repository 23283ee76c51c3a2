"""What is printed may go nowhere; the run goes on and ends as it would have."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK

# Prints much, with what the encoding lacks, and more while the interpreter ends; says in a file that it came to its end.
PROGRAM = """
import atexit, logging, sys
from rich.console import Console
from flows.terminal.output import steady_output

atexit.register(print, "the last word")
steady_output()
for number in range(3000):
    print(number, "日本 é \\udce9" * 10)
print("error", file=sys.stderr, flush=True)
Console().print("[bold]table[/]", highlight=False)
logging.getLogger("shinka").warning("warned")
open(sys.argv[1], "w").write(f"{sys.stdin is not None and sys.stdin.fileno()} at the end")
raise SystemExit(7)
"""


def program(folder: Path, *redirections: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the program in a shell; returns what came of it, its errors where they were not led elsewhere."""
    line = " ".join([f'"{sys.executable}" -c "$PROGRAM" "{folder}/end"', *redirections])
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"], cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=60,
        env={**os.environ, "PROGRAM": PROGRAM, **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    "redirections", ["| head -n 1", "2>&1 | true", ">/dev/full 2>&1", ">&-", ">&- 2>&- <&-", "2>&-", ">/dev/full 2>&-"]
)
def test_output_that_goes_nowhere_ends_nothing(redirections: str, tmp_path: Path) -> None:
    done = program(tmp_path, redirections)
    assert done.returncode == 7, done.stderr
    assert (tmp_path / "end").read_text().endswith("at the end")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "shift_jis"])
def test_text_that_the_output_cannot_take_is_written_as_an_escape(encoding: str, tmp_path: Path) -> None:
    done = program(tmp_path, "| tail -n 4 >&2", PYTHONIOENCODING=encoding, LC_ALL="C.UTF-8")
    assert done.returncode == 7, done.stderr
    assert "\\udce9" in program(tmp_path, "2>&1 | head -n 1", PYTHONIOENCODING=encoding).stdout
    assert "the last word" in done.stderr


def test_a_terminal_that_is_closed_ends_nothing(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys, time; sys.stdin.readline();" + PROGRAM, str(tmp_path / "end")],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    os.close(master)
    process.communicate(b"\n", timeout=180)
    assert process.returncode == 7
    assert (tmp_path / "end").exists()


@pytest.mark.slow
def test_a_run_whose_reader_leaves_finishes(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    command = [sys.executable, "flows/evolve.py", str(TASK), "--generations", "3", "--results", str(tmp_path / "r")]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment_for(prefect_api, prefect_home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    assert process.wait(timeout=300) == 0
    assert json.loads((tmp_path / "r/summary.json").read_text())["programs"] == 4
