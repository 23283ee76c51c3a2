"""Scores a packing of 26 circles in the unit square: exactly valid or nothing.

Validity is decided in rational arithmetic on the very numbers the program returned, so there is
no tolerance to exploit.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

import numpy as np

from shinka.core import run_shinka_eval

N = 26


def validate(result: Any) -> tuple[bool, str | None]:
    """Whether all circles lie in the square and none overlap, exactly."""
    centers, radii, _ = result
    centers, radii = np.asarray(centers, dtype=np.float64), np.asarray(radii, dtype=np.float64)
    if centers.shape != (N, 2) or radii.shape != (N,):
        return False, f"centers {centers.shape} and radii {radii.shape} must be ({N}, 2) and ({N},)"
    if not (np.isfinite(centers).all() and np.isfinite(radii).all()):
        return False, "a center or radius is not finite"
    if (radii < 0).any():
        return False, f"circle {int(np.argmin(radii))} has a negative radius"
    xs = [Fraction(float(x)) for x in centers[:, 0]]
    ys = [Fraction(float(y)) for y in centers[:, 1]]
    rs = [Fraction(float(r)) for r in radii]
    for i in range(N):
        if xs[i] - rs[i] < 0 or xs[i] + rs[i] > 1 or ys[i] - rs[i] < 0 or ys[i] + rs[i] > 1:
            return False, f"circle {i} leaves the square"
        for j in range(i):
            reach = rs[i] + rs[j]
            if (xs[i] - xs[j]) ** 2 + (ys[i] - ys[j]) ** 2 < reach * reach:
                return False, f"circles {j} and {i} overlap"
    return True, None


def aggregate(results: list[Any]) -> dict[str, Any]:
    """The sum of radii, added up here and not taken from the program."""
    centers, radii = (np.asarray(part, dtype=np.float64) for part in results[0][:2])
    if centers.shape != (N, 2) or radii.shape != (N,):
        return {"combined_score": 0.0}
    order = np.argsort(radii)
    smallest = ", ".join(f"{i} (r={radii[i]:.4f} at {centers[i, 0]:.3f}, {centers[i, 1]:.3f})" for i in order[:3])
    covered = float(np.pi * np.sum(radii**2))
    return {
        "combined_score": float(np.sum(radii)),
        "public": {
            "smallest_radius": float(radii.min()),
            "largest_radius": float(radii.max()),
            "covered_area": covered,
        },
        "text_feedback": f"The circles cover {covered:.1%} of the square. The smallest are {smallest}.",
    }


def main(program_path: str, results_dir: str) -> tuple[dict[str, Any], bool, str | None]:
    """Evaluates one program; metrics, whether it is correct, and what is wrong with it."""
    return run_shinka_eval(
        program_path=program_path,
        results_dir=results_dir,
        experiment_fn_name="run_packing",
        num_runs=1,
        get_experiment_kwargs=lambda _run: {},
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", default="initial.py")
    parser.add_argument("--results_dir", default="results")
    arguments = parser.parse_args()
    metrics, correct, error = main(arguments.program_path, arguments.results_dir)
    print(metrics["combined_score"] if correct else error)
