"""An approximation of the sine between 0 and pi, with additions and multiplications alone."""


# EVOLVE-BLOCK-START
def approximate(x):
    """About sin(x)."""
    a = 1.273
    b = 0.405
    return a * x - b * x * x


# EVOLVE-BLOCK-END


def run(points):
    """What the evaluator calls."""
    return [approximate(x) for x in points]
