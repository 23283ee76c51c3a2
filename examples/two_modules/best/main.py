"""A round trip through all places: one module lays it out, another makes it shorter."""

from construct import first_tour
from improve import shorten


def run_tour(places):
    """Places are pairs (x, y); returns their numbers in the order of the trip."""
    return shorten(places, first_tour(places))
