"""Brings an angle to where the series is good."""


# EVOLVE-BLOCK-START
def folded(x):
    """An angle with the same sine."""
    middle = 1.57
    return x if x < middle else 2 * middle - x


# EVOLVE-BLOCK-END
