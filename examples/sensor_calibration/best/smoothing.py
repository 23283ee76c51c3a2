"""Taking the noise out of a series of voltages."""


def smooth(voltages):
    # EVOLVE-BLOCK-START
    weight = 0.7845652
    smoothed = []
    level = voltages[0]
    for voltage in voltages:
        level = weight * voltage + (1 - weight) * level
        smoothed.append(level)
    return smoothed
    # EVOLVE-BLOCK-END
