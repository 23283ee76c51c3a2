"""How slow this machine is at the moment, for tests that say how long something may take.

Their limits are for a machine at rest. Even the processor time of a thread is up to twice as much where two processors
are one core that others are at work on, so a limit is stretched by what a known piece of work takes now.
"""

from __future__ import annotations

import statistics
import time

# Seconds that the work below takes where the limits were set.
AT_REST = 0.006


def stretched(limit: float) -> float:
    """The limit for this moment: never less than what was given, in its unit."""
    return limit * max(1.0, statistics.median(_work() for _ in range(5)) / AT_REST)


def _work() -> float:
    started = time.thread_time()
    sum(number * number for number in range(100_000))
    return time.thread_time() - started
