"""The series itself."""


# EVOLVE-BLOCK-START
def about_sine(x):
    """About sin(x), with additions and multiplications alone."""
    a = 0.16
    b = 0.008
    return x - a * x**3 + b * x**5


# EVOLVE-BLOCK-END
