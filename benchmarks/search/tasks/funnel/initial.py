"""Six numbers; how good they are is only known to the evaluator."""


# EVOLVE-BLOCK-START
def coordinates():
    x0 = 0.9
    x1 = -0.9
    x2 = -1.1
    x3 = 1.8
    x4 = 0.6
    x5 = -0.5
    v = [x0, x1, x2, x3, x4, x5]
    return v


# EVOLVE-BLOCK-END


def run_coordinates():
    return coordinates()
