"""Scores a packing of 26 circles in the unit square: exactly valid or nothing.

Validity is decided in rational arithmetic on the very numbers the program returned, so there is
no tolerance to exploit.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from math import fsum, isfinite, pi  # by name: a program may put something else in their place
from typing import Any

from shinka.core import run_shinka_eval

N = 26

Circle = tuple[float, float, float]


def circles_of(result: Any) -> list[Circle]:
    """The circles that a program returned, (x, y, radius): numbers of our own, of which it can change nothing any more.

    Raises:
        ValueError: These are not 26 circles of finite numbers.
    """
    centers, radii, _ = result
    places = [tuple(float(value) for value in center) for center in centers]
    sizes = [float(radius) for radius in radii]
    if len(places) != N or len(sizes) != N or any(len(place) != 2 for place in places):
        raise ValueError(
            f"{len(places)} centers and {len(sizes)} radii; there must be {N} pairs of numbers and {N} numbers"
        )
    if not all(isfinite(value) for place in places for value in place) or not all(map(isfinite, sizes)):
        raise ValueError("a center or radius is not finite")
    return [(*place, radius) for place, radius in zip(places, sizes, strict=True)]


def wrong_with(circles: list[Circle]) -> str | None:
    """What is wrong with a packing, decided exactly; None if nothing is."""
    exact = [tuple(map(Fraction, circle)) for circle in circles]
    for i, (x, y, r) in enumerate(exact):
        if r < 0:
            return f"circle {i} has a negative radius"
        if x - r < 0 or x + r > 1 or y - r < 0 or y + r > 1:
            return f"circle {i} leaves the square"
        for j, (a, b, s) in enumerate(exact[:i]):
            if (x - a) ** 2 + (y - b) ** 2 < (r + s) ** 2:
                return f"circles {j} and {i} overlap"
    return None


def validate(result: Any) -> tuple[bool, str | None]:
    """Whether all circles lie in the square and none overlap, exactly."""
    try:
        error = wrong_with(circles_of(result))
    except (TypeError, ValueError) as problem:
        error = str(problem)
    return error is None, error


def aggregate(results: list[Any]) -> dict[str, Any]:
    """The sum of radii, added up here and not taken from the program."""
    try:
        circles = circles_of(results[0])
    except (TypeError, ValueError):
        return {"combined_score": 0.0}
    if wrong_with(circles) is not None:  # looked at once more: an object may say something else when it is asked again
        return {"combined_score": 0.0}
    radii = [radius for _, _, radius in circles]
    order = sorted(range(N), key=radii.__getitem__)
    smallest = ", ".join(f"{i} (r={radii[i]:.4f} at {circles[i][0]:.3f}, {circles[i][1]:.3f})" for i in order[:3])
    covered = pi * fsum(radius**2 for radius in radii)
    return {
        "combined_score": fsum(radii),
        "public": {"smallest_radius": min(radii), "largest_radius": max(radii), "covered_area": covered},
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
