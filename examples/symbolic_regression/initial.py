"""A formula for points of an unknown law: y in terms of x."""

import numpy as np


# EVOLVE-BLOCK-START
def formula(x, y):  # noqa: ARG001
    """A formula as text, in x, numbers, + - * / ** and sin cos tan exp log sqrt abs tanh; x, y: the points that are known."""
    offset = float(np.mean(y))
    slope = 0.1
    bend = 0.01
    size = 0.5
    pace = 1.0
    return f"{offset:.4f} + {slope:.4f} * x + {bend:.4f} * x**2 + {size:.4f} * sin({pace:.4f} * x)"


# EVOLVE-BLOCK-END


def run_formula(x, y):
    """Returns the formula for these points."""
    return formula(np.array(x), np.array(y))
