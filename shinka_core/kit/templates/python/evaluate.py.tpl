"""Scores @NAME@: minus the decimal logarithm of the largest error, so that larger is better."""

import argparse
import math

from shinka.core import run_shinka_eval

COUNT = 101
POINTS = [math.pi * index / (COUNT - 1) for index in range(COUNT)]


def validate(values):
    """Whether it is an answer at all, and what is wrong with it if not. A wrong answer scores nothing."""
    if not isinstance(values, list) or len(values) != COUNT:
        return False, f"run() must return a list of {COUNT} numbers"
    if not all(isinstance(value, float) and math.isfinite(value) for value in values):
        return False, "a value is no finite number"
    return True, None


def aggregate(results):
    """The score, worked out here and never taken from the program, and what models are told of it."""
    errors = [abs(value - math.sin(x)) for x, value in zip(POINTS, results[0], strict=True)]
    worst = max(range(COUNT), key=errors.__getitem__)
    return {
        "combined_score": -math.log10(max(errors[worst], 1e-16)),
        "public": {"largest_error": errors[worst], "mean_error": sum(errors) / COUNT},
        "text_feedback": f"The largest error, {errors[worst]:.3g}, is at x = {POINTS[worst]:.3f}.",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", default="initial.py")
    parser.add_argument("--results_dir", default="results")
    arguments = parser.parse_args()
    metrics, correct, error = run_shinka_eval(
        program_path=arguments.program_path,
        results_dir=arguments.results_dir,
        experiment_fn_name="run",
        num_runs=1,  # more where results vary: each run gets its own arguments
        get_experiment_kwargs=lambda run: {"points": POINTS},
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )
    print(metrics["combined_score"] if correct else error)
