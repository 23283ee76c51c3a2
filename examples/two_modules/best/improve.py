"""Making a tour shorter."""

import math


# EVOLVE-BLOCK-START
def shorten(places, tour):
    """Turns stretches round where that saves way; only short stretches are tried, a few times."""
    rounds = 1
    longest = 4
    for _ in range(min(rounds, 60)):
        for i in range(len(tour) - 2):
            for j in range(i + 2, min(i + longest, len(tour)) + 1):
                a, b = places[tour[i - 1]], places[tour[i]]
                c, d = places[tour[j - 1]], places[tour[j % len(tour)]]
                if math.dist(a, c) + math.dist(b, d) < math.dist(a, b) + math.dist(c, d) - 1e-12:
                    tour = tour[:i] + tour[i:j][::-1] + tour[j:]
    return tour


# EVOLVE-BLOCK-END
