"""From a voltage to a temperature."""


def temperature(voltage):
    # EVOLVE-BLOCK-START
    offset = -10.0
    slope = 40.0
    bend = -0.5
    return offset + slope * voltage + bend * voltage**2
    # EVOLVE-BLOCK-END
