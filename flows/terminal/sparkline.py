"""The best score over a run, as a line of small bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-=+*#@"


def sparkline(improvements: Sequence[tuple[int, float]], ended: int, width: int, bars: str = BARS) -> str:
    """The best score when each part of the generations had ended; blank before there was one.

    Args:
        improvements: How many generations had ended and the best score from then on, in order.
        ended: How many have ended by now.
        width: Characters; fewer where fewer generations have ended.
        bars: From the lowest to the highest.
    """
    width = min(width, ended)
    if not improvements or width < 1:
        return ""
    scores = [score for _, score in improvements]
    # Halves: the difference of two scores may be more than a float can be.
    lowest, height = scores[0] / 2, scores[-1] / 2 - scores[0] / 2
    drawn: list[str] = []
    at = -1
    for column in range(1, width + 1):
        by_then = math.ceil(ended * column / width)
        while at + 1 < len(improvements) and improvements[at + 1][0] <= by_then:
            at += 1
        share = (scores[at] / 2 - lowest) / height if at >= 0 and height > 0 else 0.0
        drawn.append(" " if at < 0 else bars[round(share * (len(bars) - 1))])
    return "".join(drawn)
