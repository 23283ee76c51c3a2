"""From a voltage to a temperature."""


def temperature(voltage):
    # EVOLVE-BLOCK-START
    offset = -10.242106
    slope = 45.45747
    bend = -0.19618985
    return offset + slope * voltage + bend * voltage**2
    # EVOLVE-BLOCK-END
