"""Scores round trips through three sets of 60 places: the shortest length that is known over the program's, mean of three."""

import argparse
import random
from math import dist  # by name: a program may put another one in its place

from shinka.core import run_shinka_eval

PLACES = 60
# The shortest that is known here, from 2-opt and moves of up to three places, 40 starts and 160 restarts; nothing proves them optimal.
KNOWN = (6.387791932308743, 3.4386677213561914, 6.181813081924838)


def places(run):
    """Pairs (x, y) in the unit square: even, in clusters, on a grid with noise."""
    rng = random.Random(600 + run)
    if run == 0:
        return [(rng.random(), rng.random()) for _ in range(PLACES)]
    if run == 1:
        middles = [(rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9)) for _ in range(6)]
        return [tuple(min(max(rng.gauss(at, 0.06), 0.0), 1.0) for at in middles[k % 6]) for k in range(PLACES)]
    grid = [
        (0.1 + k % 8 * 0.11 + rng.uniform(-0.03, 0.03), 0.1 + k // 8 * 0.11 + rng.uniform(-0.03, 0.03))
        for k in range(60)
    ]
    rng.shuffle(grid)
    return grid


SETS = [places(run) for run in range(len(KNOWN))]  # made before there is a program that could meddle


def length(points, tour):
    """The length of a round trip."""
    return sum(dist(points[a], points[b]) for a, b in zip(tour, [*tour[1:], tour[0]], strict=True))


def tour_of(result):
    """What the program returned as a tour.

    Raises:
        ValueError: A place is missing, or there twice.
    """
    tour = [int(number) for number in result]
    if sorted(tour) != list(range(PLACES)):
        raise ValueError(f"the tour must name the places 0 to {PLACES - 1} once each")
    return tour


def validate(result):
    """Whether it is a tour through all places."""
    try:
        tour_of(result)
    except (TypeError, ValueError) as error:
        return False, str(error)
    return True, None


def aggregate(results):
    """The mean over the sets, as they were before the program: it may have moved the places that it was given."""
    if not all(validate(result)[0] for result in results):
        return {"combined_score": 0.0}
    each = [KNOWN[run] / length(SETS[run], tour_of(result)) for run, result in enumerate(results)]
    return {"combined_score": sum(each) / len(each), "instance_scores": {f"set {run}": x for run, x in enumerate(each)}}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program_path", required=True)
    parser.add_argument("--results_dir", required=True)
    arguments = parser.parse_args()
    run_shinka_eval(
        arguments.program_path,
        arguments.results_dir,
        "run_tour",
        len(KNOWN),
        get_experiment_kwargs=lambda run: {"places": places(run)},
        validate_fn=validate,
        aggregate_metrics_fn=aggregate,
    )
