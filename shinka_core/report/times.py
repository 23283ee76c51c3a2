"""Moments of a record as times in UTC, and as seconds in which the evolution was at work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

Session = tuple[float, float | None]


def in_utc(moment: datetime) -> datetime:
    """The moment with its zone: SQLite gives UTC back without saying so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def stamps(moments: Iterable[datetime]) -> NDArray[np.float64]:
    """Seconds since 1970."""
    return np.array([in_utc(moment).timestamp() for moment in moments], dtype=np.float64)


def at_work(times: NDArray[np.float64], sessions: Sequence[Session]) -> NDArray[np.float64]:
    """Seconds for which the evolution was at work by then, from the beginning of its first session.

    Args:
        times: `(n,)`, seconds since 1970.
        sessions: When each began and ended, in order, in the same; None: not yet. Without any the first time is the
            beginning, and all that follows is work.
    """
    if not sessions:
        return times - times.min() if len(times) else times
    worked = np.zeros_like(times)
    for began, ended in sessions:
        until = np.inf if ended is None or ended <= began else ended
        worked += np.clip(times, began, until) - began
    return worked
