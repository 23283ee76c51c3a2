"""A task's `score` as an evaluator script: `--program_path P --results_dir D`, as a user's evaluator is called.

Standard library and numpy alone: peers run it in environments of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Names the file that every evaluation appends a line to, whoever asked for it: the order and the
# scores of a run are then seen from outside, in the same way for all systems.
LOG = "SEARCH_EVALUATIONS"

# Given to a wrong program where a system wants a number.
WORST = 0.0

Score = Callable[[dict[str, Any]], float]


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a program's text; blanks around it do not count."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def measured(score: Score, text: str) -> tuple[float, str | None]:
    """Runs a program's text and scores what it defined: the score, and what was wrong if it is no valid one."""
    namespace: dict[str, Any] = {"__name__": "candidate"}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(text, "candidate", "exec"), namespace)
            found = float(score(namespace))
        if not math.isfinite(found):
            raise ValueError(f"the score is {found}")
    except Exception as error:  # noqa: BLE001 - whatever a candidate does wrong is its result
        return WORST, f"{type(error).__name__}: {error}"[:300]
    return found, None


def evaluate(score: Score, program_path: str) -> tuple[float, str | None]:
    """Scores a program's file, and writes one line to the file that LOG names, if it does."""
    text = Path(program_path).read_text(encoding="utf-8")
    found, error = measured(score, text)
    if log := os.environ.get(LOG):
        line = {"at": time.time(), "score": found, "error": error, "digest": digest(text)}
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, f"{json.dumps(line)}\n".encode())
        finally:
            os.close(descriptor)
    return found, error


def write(score: Score, program_path: str, results_dir: str) -> None:
    """Scores a program's file and writes `metrics.json` and `correct.json`."""
    found, error = evaluate(score, program_path)
    folder = Path(results_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps({"combined_score": found, "public": {}, "private": {}}))
    (folder / "correct.json").write_text(json.dumps({"correct": error is None, "error": error}))


def main(score: Score) -> None:
    """The command line of an evaluator."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    write(score, arguments.program_path, arguments.results_dir)
