"""Which bin an item goes into, when nothing is known of the items that follow."""

import numpy as np


# EVOLVE-BLOCK-START
def wanted(item, room):
    """How much each bin is wanted for the item; the item goes to the largest number."""
    left = room - item
    tight = 1.0  # how much a bin is wanted that would be nearly full
    middling = 0.0  # how little one is wanted that would keep a gap hard to fill
    small, large = 5.0, 25.0  # such gaps
    return -tight * left - 50 * middling * ((left > small) & (left < large))


# EVOLVE-BLOCK-END


def priority(item, room):
    """Item: 1 to 100. Room: what is left in the bins it fits into, different numbers, the fullest bin first."""
    found = np.asarray(wanted(float(item), np.asarray(room, dtype=float)), dtype=float)
    return [float(value) for value in found]
