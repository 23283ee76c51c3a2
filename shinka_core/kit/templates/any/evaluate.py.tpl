"""Scores @NAME@, a program in @LANGUAGE@ that runs as a process: numbers in, numbers out.

The score is minus the decimal logarithm of the largest error, so that larger is better.
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shinka.core import run_judge

# How a program is built and run. {program} is its file, {folder} an empty folder for what is built, {name} its bare name,
# {python} the interpreter of this evaluator.
BUILD = @BUILD@
RUN = @RUN@
BUILD_SECONDS, RUN_SECONDS = 60, 20
COUNT = 101
POINTS = [math.pi * index / (COUNT - 1) for index in range(COUNT)]


class NotCorrect(ValueError):
    """Why a program is not correct, in words that its author can use."""


def filled(command, program, folder):
    """The command for one program."""
    return [word.format(program=program, folder=folder, name=program.stem, python=sys.executable) for word in command]


def ran(command, seconds, folder, text=""):
    """What a command prints."""
    if shutil.which(command[0]) is None and not Path(command[0]).exists():
        raise NotCorrect(f"{command[0]} is not on this machine")
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, errors="replace", timeout=seconds, cwd=folder,
            # Some compilers want a place to keep things.
            env={**os.environ, "HOME": str(folder), "GOCACHE": f"{folder}/cache", "XDG_CACHE_HOME": f"{folder}/cache",
                 "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", os.path.expanduser("~/.rustup"))},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotCorrect(f"{Path(command[0]).name} took longer than {seconds} s") from None
    if done.returncode != 0:
        told = done.stderr.strip()[-2000:] or f"exit code {done.returncode}"
        raise NotCorrect(f"{Path(command[0]).name} failed: {told}")
    return done.stdout


def answers(program, folder):
    """What the program says to each of the numbers."""
    program = Path(shutil.copy(program, folder / f"main{program.suffix}"))
    if BUILD:
        ran(filled(BUILD, program, folder), BUILD_SECONDS, folder)
    said = ran(filled(RUN, program, folder), RUN_SECONDS, folder, "".join(f"{x!r}\n" for x in POINTS)).split()
    if len(said) != COUNT:
        raise NotCorrect(f"it must print {COUNT} numbers, one for each line it reads; it printed {len(said)}")
    try:
        values = [float(word) for word in said]
    except ValueError as error:
        raise NotCorrect(f"what it prints is no number: {error}") from None
    if not all(map(math.isfinite, values)):
        raise NotCorrect("a value is no finite number")
    return values


def metrics_of(values):
    """The score, worked out here and never taken from the program, and what models are told of it."""
    errors = [abs(value - math.sin(x)) for x, value in zip(POINTS, values, strict=True)]
    worst = max(range(COUNT), key=errors.__getitem__)
    return {
        "combined_score": -math.log10(max(errors[worst], 1e-16)),
        "public": {"largest_error": errors[worst]},
        "text_feedback": f"The largest error, {errors[worst]:.3g}, is at x = {POINTS[worst]:.3f}.",
    }


def judge(program_path):
    """The metrics of a program; NotCorrect says what is wrong with it."""
    with tempfile.TemporaryDirectory() as scratch:  # the program never learns where results are
        return metrics_of(answers(Path(program_path).absolute(), Path(scratch)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", default="@INITIAL@")
    parser.add_argument("--results_dir", default="results")
    arguments = parser.parse_args()
    metrics, correct, error = run_judge(judge, arguments.program_path, arguments.results_dir)
    print(metrics["combined_score"] if correct else error)
