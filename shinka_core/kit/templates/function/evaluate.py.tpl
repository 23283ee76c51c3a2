"""Scores @NAME@ by a function of the program's path, which returns the metrics."""

import argparse
import importlib.util
import math

COUNT = 101
POINTS = [math.pi * index / (COUNT - 1) for index in range(COUNT)]


def evaluate(program_path):
    """Metrics of a program; what is raised here makes it a program that is not correct.

    `combined_score` is what is improved, larger is better; models are shown `public` and `text_feedback`.
    """
    spec = importlib.util.spec_from_file_location("candidate", program_path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    values = [float(program.approximate(x)) for x in POINTS]
    if not all(map(math.isfinite, values)):
        raise ValueError("a value is no finite number")
    errors = [abs(value - math.sin(x)) for x, value in zip(POINTS, values, strict=True)]
    worst = max(range(COUNT), key=errors.__getitem__)
    return {
        "combined_score": -math.log10(max(errors[worst], 1e-16)),
        "public": {"largest_error": errors[worst]},
        "text_feedback": f"The largest error, {errors[worst]:.3g}, is at x = {POINTS[worst]:.3f}.",
    }


if __name__ == "__main__":
    from shinka.core import run_shinka_eval

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", default="initial.py")
    parser.add_argument("--results_dir", default="results")
    arguments = parser.parse_args()
    metrics, correct, error = run_shinka_eval(  # calls evaluate() above, and seals what it returns
        program_path=__file__,
        results_dir=arguments.results_dir,
        experiment_fn_name="evaluate",
        num_runs=1,
        get_experiment_kwargs=lambda run: {"program_path": arguments.program_path},
        aggregate_metrics_fn=lambda results: results[0],
    )
    print(metrics["combined_score"] if correct else error)
