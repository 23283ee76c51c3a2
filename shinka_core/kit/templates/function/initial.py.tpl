# EVOLVE-BLOCK-START
def approximate(x):
    """About sin(x), for x between 0 and pi, with additions and multiplications alone."""
    a = 1.273
    b = 0.405
    return a * x - b * x * x


# EVOLVE-BLOCK-END
