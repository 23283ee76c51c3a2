"""Scores a sensor's calibration: 1 / (1 + mean absolute error in degrees)."""

import argparse
import math

from shinka.core import run_shinka_eval

COUNT = 400


def truth():
    """The temperatures that the readings were taken at."""
    return [20 + 15 * math.sin(index / 40) + 4 * math.cos(index / 15) for index in range(COUNT)]


def validate(result):
    """Whether it is a finite number for each reading."""
    if len(result) != COUNT:
        return False, f"{len(result)} temperatures for {COUNT} readings"
    if not all(isinstance(value, float) and math.isfinite(value) for value in result):
        return False, "a temperature is no finite number"
    return True, None


def aggregate(results):
    """The score of the only run."""
    error = sum(abs(value - true) for value, true in zip(results[0], truth(), strict=True)) / COUNT
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
