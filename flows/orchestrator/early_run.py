"""A flow run that is under way before the Prefect server has answered that it exists.

The server gives flow runs their ids. A generation needs its own only for what the UI shows, so when
the answer takes long, because the server is slow or away, it goes on under an id of this process,
and what is reported about it waits until the right one is known.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from prefect.client.schemas.objects import FlowRun
from pydantic import PrivateAttr


class EarlyRun(FlowRun):
    """A flow run whose id is this process's own until the server has named another."""

    _waiting: list[Callable[[], object]] | None = PrivateAttr(default_factory=list)

    def becomes(self, known: UUID) -> None:
        """Takes the id that the server gave, and reports what has waited for it, in its order."""
        self.id = known
        waiting, self._waiting = self._waiting or [], None
        for report in waiting:
            report()

    def when_known(self, report: Callable[[], object]) -> None:
        """Calls `report` once the server knows the run: now if it does."""
        if self._waiting is None:
            report()
        else:
            self._waiting.append(report)

    @property
    def known(self) -> bool:
        """Whether the server has answered."""
        return self._waiting is None
