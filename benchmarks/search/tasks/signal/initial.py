"""Filters noisy signals as they arrive: what a sample is taken for may depend on it and earlier ones alone."""

import numpy as np

LIMIT = 60  # of a window: an evaluation takes milliseconds


def delayed(x, steps):
    """The signals some steps ago, before their beginning the first sample."""
    steps = int(min(max(steps, 0), LIMIT))
    return np.concatenate([np.repeat(x[:, :1], steps, axis=1), x[:, : x.shape[1] - steps]], axis=1)


def last(x, window):
    """The signals now and at the steps before, so many as the window is long: (window, n, samples)."""
    return np.stack([delayed(x, k) for k in range(int(min(max(window, 1), LIMIT)))])


def mean(x, window):
    """The mean of each sample and those before."""
    return last(x, window).mean(axis=0)


def median(x, window):
    """The median of each sample and those before."""
    return np.median(last(x, window), axis=0)


# EVOLVE-BLOCK-START
def clean(x):
    """Nothing is taken for an outlier."""
    return x


def smooth(x):
    """The mean of a window."""
    window = 20
    return mean(x, window)


def correct(x, y):
    """The estimate as it is."""
    return y


# EVOLVE-BLOCK-END


def run_filter(x):
    """Signals (n, samples) in, estimates of what they would be without noise out."""
    return correct(x, smooth(clean(x)))
