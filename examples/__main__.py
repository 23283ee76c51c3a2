"""Evolves every example for a few generations, without a model, a key or a network: `python -m examples` (`make examples`).

    python -m examples --generations 60 --results results/examples heilbronn_triangle prompt

One Prefect server serves all of them, and one after the other runs in this process, as `python flows/evolve.py` would
run it. Exit code 1 when one fails, none of its candidates was evaluated, or a name is no example's.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from examples.drawing import named

FOLDER = Path(__file__).parent
# What an example compiles its programs with: the variable that names another one, and the usual name.
TOOLS = {"matmul_cpp": ("CXX", "g++"), "sorting_network_rust": ("RUSTC", "rustc")}
# A mutation of these seldom compiles to a working program, or is slow to judge.
FEWER = {"matmul_cpp": 3, "sorting_network_rust": 6}
LONGEST = "0:01:00"  # for one example, its last evaluations apart

SERVER = """
import asyncio, sys
from flows.orchestrator.server.find import prefect_server

async def main():
    async with prefect_server(lambda line: print(line, file=sys.stderr)) as url:
        print(url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@contextlib.contextmanager
def one_server() -> Generator[None]:
    """A Prefect server for all runs: the configured one, or one that ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=FOLDER.parent
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise SystemExit("no Prefect server could be started; its error is above")
        yield
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def lacking(name: str) -> str | None:
    """The compiler that an example needs and this machine has not."""
    variable, usual = TOOLS.get(name, ("", ""))
    tool = os.environ.get(variable, usual)
    return tool if tool and not works(tool) else None


def works(tool: str) -> bool:
    """Whether a compiler is there and answers: rustup's commands are there without any toolchain behind them."""
    return shutil.which(tool) is not None and not subprocess.run([tool, "--version"], capture_output=True).returncode


def evolved(name: str, generations: int, results: Path, *, seed: int, longest: str) -> str | None:
    """Runs an example; prints a line of what came of it, and returns what went wrong."""
    from flows.terminal.main import run

    begun = time.monotonic()
    arguments = [str(FOLDER / name), "--generations", str(generations), "--results", str(results), "--seed", str(seed)]
    arguments += ["--max-time", longest] if longest else []
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(arguments)
    if code:
        return f"ended with exit code {code}:\n{said.getvalue()[-2000:]}"
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    if summary["made"] < 1 or summary["correct"] < 1:
        return f"no candidate was evaluated:\n{said.getvalue()[-2000:]}"
    print(
        f"{name:24} {summary['made']:3} candidates, {summary['correct'] - 1:3} of them correct, "
        f"score {summary['seed_score']:.5g} -> {summary['best_score']:.5g}, {time.monotonic() - begun:.1f} s",
        flush=True,
    )
    return None


def main() -> int:
    """Runs the examples that are named, or all; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__)
    parser.add_argument("names", nargs="*", help="folders; all without one")
    parser.add_argument("--generations", type=int, help="of each example; a few without it")
    parser.add_argument("--results", type=Path, help="where to keep the results; nowhere without it")
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    names = named([Path(name).name for name in said.names])  # also as a path, which a shell completes
    longest = "" if said.generations else LONGEST
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as scratch, one_server():
        for name in names:
            if (tool := lacking(name)) is not None:
                print(f"{name:24} skipped: there is no {tool} on this machine", flush=True)
                continue
            generations = said.generations or FEWER.get(name, 8)
            if wrong := evolved(
                name, generations, (said.results or Path(scratch)) / name, seed=said.seed, longest=longest
            ):
                failed.append(name)
                print(f"{name:24} {wrong}", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
