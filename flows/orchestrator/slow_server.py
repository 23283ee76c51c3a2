"""A Prefect server that is slow, and what its owner can do about it, in one line."""

from __future__ import annotations

import logging
from collections import deque

from prefect.client.orchestration import PrefectClient

from flows.orchestrator.server.lease import MARK_HEADER

logger = logging.getLogger("shinka.orchestrator")

WINDOW = 20
# Mean seconds of a request; a server with one connection takes hundredths of a second.
SLOW = 0.5


class Pace:
    """How long the last requests took."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=WINDOW)
        self._told = False

    @property
    def slow(self) -> bool:
        """Whether the last ones took long."""
        return len(self._last) == WINDOW and sum(self._last) >= WINDOW * SLOW

    def saw(self, seconds: float) -> bool:
        """Takes note of a request; returns whether the server has just turned out to be slow, once."""
        self._last.append(seconds)
        if self._told or not self.slow:
            return False
        self._told = True
        return True


async def tell_slow(client: PrefectClient) -> None:
    """Says what to do, unless the server is one of ours or has our settings: it can be no faster than its machine."""
    response = await client.request("GET", "/admin/settings")
    if MARK_HEADER in response.headers or response.json().get("plugins", {}).get("enabled"):
        return
    logger.warning(
        "this Prefect server takes more than %g s for a request, so its UI lags behind the run; start it in the "
        "project's folder, which has settings for it, or with `python -m flows.server` (docs/orchestration.md)",
        SLOW,
    )
