"""Scores a sensor's calibration: 1 / (1 + mean absolute error in degrees)."""

import argparse
import math
from math import isfinite  # by name: a program may put another one in its place

from shinka.core import run_shinka_eval

COUNT = 400


def truth():
    """The temperatures that the readings were taken at."""
    return [20 + 15 * math.sin(index / 40) + 4 * math.cos(index / 15) for index in range(COUNT)]


TRUTH = truth()  # before there is a program that could meddle


def temperatures_of(result):
    """What the program returned as numbers of our own.

    Raises:
        ValueError: It is not a finite number for each reading.
    """
    values = [float(value) for value in result]
    if len(values) != COUNT:
        raise ValueError(f"{len(values)} temperatures for {COUNT} readings")
    if not all(isfinite(value) for value in values):
        raise ValueError("a temperature is no finite number")
    return values


def validate(result):
    """Whether it is a finite number for each reading."""
    try:
        temperatures_of(result)
    except (TypeError, ValueError) as error:
        return False, str(error)
    return True, None


def aggregate(results):
    """The score of the only run."""
    if not validate(results[0])[0]:
        return {"combined_score": 0.0}
    error = sum(abs(value - true) for value, true in zip(temperatures_of(results[0]), TRUTH, strict=True)) / COUNT
    return {"combined_score": 1 / (1 + error), "public": {"mean_error": error}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_shinka_eval(
        arguments.program_path,
        arguments.results_dir,
        "estimate",
        1,
        aggregate_metrics_fn=aggregate,
        validate_fn=validate,
    )
