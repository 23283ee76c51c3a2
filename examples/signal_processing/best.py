"""Takes the noise out of a signal while it arrives, one sample after the other."""


# EVOLVE-BLOCK-START
class Filter:
    """A level and a slope that follow the samples."""

    def __init__(self):
        self.level, self.slope, self.begun = 0.020056988, 0.018263674, False

    def update(self, sample):
        """The next sample in, what it would be without noise out."""
        quickness = 0.38163898  # share of the surprise that the level takes
        bend = 0.0089323021  # share of it that the slope takes
        bar = 5.9278747  # a larger surprise is cut to this
        if not self.begun:
            self.level, self.begun = sample, True
        expected = self.level + self.slope
        surprise = min(max(sample - expected, -bar), bar)
        self.level = expected + quickness * surprise
        self.slope = self.slope + bend * surprise
        return self.level


# EVOLVE-BLOCK-END


def new_filter():
    """A filter for one signal."""
    return Filter()
