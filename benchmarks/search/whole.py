"""Whole runs of a system: its own process, its own prompts, the scripted model, evaluations seen from outside."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.model import served, statistics_of
from benchmarks.search.evaluator import LOG
from benchmarks.search.tasks import Task
from benchmarks.search.trace import Trace

ROOT = Path(__file__).parents[2]
DRIVERS = Path(__file__).parent / "peers"
WIDTH = 4
# More proposals than evaluations are wanted, since some answers lead to none; what is evaluated beyond is cut off.
SPARE = 0.08
# Seconds of a run, and for each of its evaluations.
LONGEST, EACH = 120.0, 6.0
REQUEST = "Improve the program so that its score becomes as large as possible."

# What every system's evaluator is: the task's own, behind the ways in which systems call one.
EVALUATOR = '''\
"""The evaluator of a task, for systems that call `evaluate`, call `main` or run the file."""

import sys

sys.path.append({root!r})

from benchmarks.search import evaluator
from benchmarks.search.tasks.{task}.evaluate import score


def evaluate(program_path):
    found, error = evaluator.evaluate(score, program_path)
    return {{"combined_score": found}} | ({{"error": error}} if error else {{}})


def main(program_path, results_dir):
    evaluator.write(score, program_path, results_dir)


if __name__ == "__main__":
    evaluator.main(score)
'''


class RunError(RuntimeError):
    """A system ended without the evaluations that it was to make."""


@dataclass(frozen=True)
class Whole:
    """A system that runs in a process of its own.

    Attributes:
        driver: The name of its driver, without `_driver.py`, and of its environment unless it is ours.
        settings: What the driver is told beside the task.
        exact: It stops by itself after the evaluations that are asked for.
    """

    driver: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    exact: bool = False

    def command(self) -> list[str]:
        """The driver's command line, to which the options come.

        Raises:
            RunError: The peer's environment is not there.
        """
        if self.driver == "ours":
            return [sys.executable, "-m", "benchmarks.search.peers.ours_driver"]
        python = Path(os.environ.get("PEERS", "")) / self.driver / "bin" / "python"
        if not os.environ.get("PEERS") or not python.exists():
            raise RunError(f"PEERS has no {self.driver}/bin/python; benchmarks/search/peers/__init__.py makes it")
        return [str(python), str(DRIVERS / f"{self.driver}_driver.py")]


def run_whole(system: Whole, name: str, task: Task, seed: int, evaluations: int) -> Trace:
    """One run.

    Returns:
        The evaluations in the order in which they ended, the seed program's first; in `extra` seconds, prompt
        tokens, those of them that a prefix cache would have known, and the kinds of changes.

    Raises:
        RunError: The process failed, or made less than the evaluations.
    """
    proposals = evaluations if system.exact else math.ceil(evaluations * (1 + SPARE)) + WIDTH
    with (
        tempfile.TemporaryDirectory(prefix="search-") as made,
        served("benchmarks.search.model_server", "--seed", str(seed)) as url,
    ):
        folder = Path(made)
        options = {
            "url": url,
            "task": str(written(folder / "task", task)),
            "results": str(folder / "results"),
            "proposals": proposals,
            "evaluations": evaluations,
            "width": WIDTH,
            "seed": seed,
            "request": REQUEST,
            "settings": dict(system.settings),
        }
        began = time.monotonic()
        log = _execute([*system.command(), json.dumps(options)], folder, LONGEST + EACH * evaluations)
        seconds = time.monotonic() - began
        counts = statistics_of(url)
        lines = [json.loads(line) for line in _lines(folder / "evaluations")][: evaluations + 1]
    if len(lines) <= evaluations * 0.9:
        raise RunError(f"{name} on {task.name}, seed {seed}: {len(lines)} evaluations\n{log[-3000:]}")
    kinds = counts.pop("kinds")
    trace = Trace(name, task.name, seed, calls=counts.pop("calls"))
    for line in lines:
        trace.scores.append(line["score"])
        trace.correct.append(line["error"] is None)
        trace.digests.append(line["digest"])
    trace.extra = {"seconds": round(seconds, 1), **counts, "kinds": kinds}
    return trace


def written(folder: Path, task: Task) -> Path:
    """A folder with the task's seed program and its evaluator."""
    folder.mkdir()
    (folder / "initial.py").write_text(task.initial)
    (folder / "evaluate.py").write_text(EVALUATOR.format(root=str(ROOT), task=task.name))
    return folder


def _lines(path: Path) -> Sequence[str]:
    return path.read_text().splitlines() if path.exists() else []


def _execute(command: Sequence[str], folder: Path, longest: float) -> str:
    """Runs a command in a session of its own, which ends with it; what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {
        LOG: str(folder / "evaluations"),
        "HOME": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    own = command[0] == sys.executable
    with (folder / "printed").open("w+") as printed:
        process = subprocess.Popen(
            command,
            cwd=ROOT if own else folder,
            env=environment,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
        try:
            process.wait(longest)
        except subprocess.TimeoutExpired:
            print(f"stopped after {longest:.0f} s", file=printed)
        finally:
            _end(process)
        printed.seek(0)
        return printed.read()


def _end(process: subprocess.Popen[Any]) -> None:
    """Ends a process and whatever it left behind in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
