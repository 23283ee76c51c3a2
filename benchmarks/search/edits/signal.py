"""Ways to take out outliers, filters, and corrections of an estimate."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.slots import Slot, rewritten

CLEANERS = (
    (
        0.7,
        '''
    """The median of the last few."""
    window = <3>
    return median(x, window)
''',
    ),
    (
        0.6,
        '''
    """No further from the median of a window than so much."""
    window = <5>
    reach = <0.8>
    middle = median(x, window)
    return np.clip(x, middle - reach, middle + reach)
''',
    ),
    (
        1.0,
        '''
    """Jumps are halved."""
    share = <0.5>
    return x - share * (x - delayed(x, 1))
''',
    ),
    (
        1.0,
        '''
    """Cut at so much."""
    most = <1.5>
    return np.clip(x, -most, most)
''',
    ),
    (
        1.0,
        '''
    """Bent towards nought."""
    bend = <0.5>
    return np.tanh(bend * x) / bend
''',
    ),
    (
        1.0,
        '''
    """Less the mean of a long window."""
    window = <40>
    return x - mean(x, window)
''',
    ),
)

FILTERS = (
    (
        0.8,
        '''
    """Exponential smoothing."""
    rate = <0.2>
    y = x.copy()
    for t in range(1, x.shape[1]):
        y[:, t] = y[:, t - 1] + rate * (x[:, t] - y[:, t - 1])
    return y
''',
    ),
    (
        0.5,
        '''
    """Level and slope, with constant gains."""
    gain = <0.3>
    drift = <0.03>
    fade = <0.98>
    y = x.copy()
    slope = np.zeros(len(x))
    for t in range(1, x.shape[1]):
        ahead = y[:, t - 1] + slope
        rest = x[:, t] - ahead
        y[:, t] = ahead + gain * rest
        slope = fade * slope + drift * rest
    return y
''',
    ),
    (
        0.5,
        '''
    """A Kalman filter for a level."""
    moves = <0.01>
    noise = <0.1>
    y = x.copy()
    spread = np.full(len(x), noise)
    for t in range(1, x.shape[1]):
        spread = spread + moves
        gain = spread / (spread + noise)
        y[:, t] = y[:, t - 1] + gain * (x[:, t] - y[:, t - 1])
        spread = (1.0 - gain) * spread
    return y
''',
    ),
    (
        0.4,
        '''
    """Exponential smoothing, quicker where it was wrong for a while."""
    slow = <0.1>
    quick = <0.7>
    memory = <0.8>
    scale = <0.5>
    y = x.copy()
    wrong = np.zeros(len(x))
    for t in range(1, x.shape[1]):
        rest = x[:, t] - y[:, t - 1]
        wrong = memory * wrong + (1.0 - memory) * rest
        rate = slow + (quick - slow) * np.minimum(np.abs(wrong) / scale, 1.0)
        y[:, t] = y[:, t - 1] + rate * rest
    return y
''',
    ),
    (
        0.6,
        '''
    """A straight line through a window, at its end."""
    window = <12>
    damp = <0.9>
    taps = last(x, max(window, 2))
    size = len(taps)
    age = np.arange(size) - (size - 1) / 2.0
    slope = -(age[:, None, None] * taps).sum(axis=0) / (age ** 2).sum()
    return taps.mean(axis=0) + damp * slope * (size - 1) / 2.0
''',
    ),
    (
        0.8,
        '''
    """A window whose weights fade."""
    window = <15>
    fade = <0.85>
    taps = last(x, window)
    weights = np.clip(fade, 0.0, 1.5) ** np.arange(len(taps))
    return np.tensordot(weights, taps, 1) / weights.sum()
''',
    ),
    (
        1.0,
        '''
    """The median of a window."""
    window = <9>
    return median(x, window)
''',
    ),
    (
        1.0,
        '''
    """The middle between the highest and the lowest of a window."""
    window = <10>
    taps = last(x, window)
    return (np.max(taps, axis=0) + np.min(taps, axis=0)) / 2.0
''',
    ),
    (
        1.0,
        '''
    """The samples of a while ago."""
    lag = <3>
    return delayed(x, lag)
''',
    ),
    (
        1.0,
        '''
    """The mean of all so far."""
    return np.cumsum(x, axis=1) / np.arange(1, x.shape[1] + 1)
''',
    ),
)

CORRECTIONS = (
    (
        0.6,
        '''
    """Ahead by what it moved lately."""
    steps = <4>
    gain = <0.5>
    return y + gain * (y - delayed(y, steps))
''',
    ),
    (
        0.5,
        '''
    """Held while it moves by little."""
    dead = <0.05>
    held = y.copy()
    for t in range(1, y.shape[1]):
        moved = y[:, t] - held[:, t - 1]
        held[:, t] = np.where(np.abs(moved) < dead, held[:, t - 1], y[:, t])
    return held
''',
    ),
    (
        0.7,
        '''
    """Smoothed again."""
    rate = <0.5>
    again = y.copy()
    for t in range(1, y.shape[1]):
        again[:, t] = again[:, t - 1] + rate * (y[:, t] - again[:, t - 1])
    return again
''',
    ),
    (
        0.8,
        '''
    """A share of the samples themselves."""
    share = <0.2>
    return (1.0 - share) * y + share * x
''',
    ),
    (
        1.0,
        '''
    """In steps."""
    step = <0.2>
    return np.round(y / step) * step
''',
    ),
    (
        1.0,
        '''
    """Larger."""
    gain = <1.1>
    return gain * y
''',
    ),
    (
        1.0,
        '''
    """Less the mean of what was left over."""
    share = <0.5>
    return y + share * np.mean(x - y, axis=1, keepdims=True)
''',
    ),
    (
        0.8,
        '''
    """The estimate as it is."""
    return y
''',
    ),
)

SLOTS = (
    Slot("def clean(x):", 0.25, CLEANERS),
    Slot("def smooth(x):", 0.45, FILTERS),
    Slot("def correct(x, y):", 0.3, CORRECTIONS),
)


def edit(rng: Random, block: str) -> str:
    """A cleaner, a filter or a correction anew."""
    return rewritten(rng, block, SLOTS)
