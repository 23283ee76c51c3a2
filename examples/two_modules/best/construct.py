"""The first tour."""

import math


# EVOLVE-BLOCK-START
def first_tour(places):
    """Always on to the place that is wanted most: a near one, and one far from the middle rather than left behind."""
    pull = 0.13716045  # what the distance from the middle counts
    begin = 1
    left = set(range(len(places)))
    tour = [begin]
    left.discard(begin)
    while left:
        here = places[tour[-1]]
        tour.append(
            min(
                left,
                key=lambda k: (math.dist(here, places[k]) - pull * math.dist((0.21060073, 0.49273471), places[k]), k),
            )
        )
        left.discard(tour[-1])
    return tour


# EVOLVE-BLOCK-END
