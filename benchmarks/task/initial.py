# EVOLVE-BLOCK-START
def values():
    first = 0.125
    second = 0.25
    third = 0.5
    fourth = 0.75
    return [first, second, third, fourth]


# EVOLVE-BLOCK-END
