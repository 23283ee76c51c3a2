"""Scores eleven points in a triangle: the smallest area between three of them, as a share of the triangle's."""

import argparse
from fractions import Fraction
from itertools import combinations  # by name: a program may put something else in their place
from math import isfinite

from shinka.core import run_shinka_eval

N = 11


def points_of(result):
    """What the program returned as exact numbers.

    Raises:
        ValueError: It is not eleven pairs of finite numbers inside the triangle.
    """
    points = [tuple(float(value) for value in point) for point in result]
    if len(points) != N or any(len(point) != 2 for point in points):
        raise ValueError(f"there must be {N} pairs of numbers, not {len(points)} points")
    if not all(isfinite(value) for point in points for value in point):
        raise ValueError("a coordinate is not finite")
    exact = [(Fraction(u), Fraction(v)) for u, v in points]
    for number, (u, v) in enumerate(exact):
        if u < 0 or v < 0 or u + v > 1:
            raise ValueError(f"point {number} {points[number]} lies outside of the triangle")
    return exact


def areas(points):
    """The area of each triangle between three of the points, with their numbers."""
    for i, j, k in combinations(range(len(points)), 3):
        (a, b), (c, d), (e, f) = points[i], points[j], points[k]
        yield abs((c - a) * (f - b) - (d - b) * (e - a)), (i, j, k)


def validate(result):
    """Whether these are eleven points of the triangle, without any tolerance."""
    try:
        points_of(result)
    except (TypeError, ValueError) as error:
        return False, str(error)
    return True, None


def aggregate(results):
    """The smallest area, measured here."""
    if not validate(results[0])[0]:
        return {"combined_score": 0.0}
    found = sorted(areas(points_of(results[0])))
    smallest = [f"{', '.join(map(str, triple))}: {float(area):.5f}" for area, triple in found[:4]]
    return {
        "combined_score": float(found[0][0]),
        "public": {"median_area": float(found[len(found) // 2][0])},
        "text_feedback": f"The smallest triangles are those of the points {'; '.join(smallest)}.",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_shinka_eval(
        arguments.program_path,
        arguments.results_dir,
        "run_points",
        1,
        get_experiment_kwargs=lambda _run: {},
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )
