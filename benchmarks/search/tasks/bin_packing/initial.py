"""Online bin packing: which bin an item goes to, by a priority for each remaining capacity that there is."""

import numpy as np

CAPACITY = 100


# EVOLVE-BLOCK-START
def priority(item, bins):
    """How much each bin is wanted for the item: remaining capacities in, one number for each out."""
    score = -(bins - item) / CAPACITY
    return score


# EVOLVE-BLOCK-END


def run_priority(item, bins):
    """The item's size, a whole number, and remaining capacities that it fits, ascending: (n,) floats."""
    return np.asarray(priority(item, bins), dtype=float) + np.zeros(len(bins))
