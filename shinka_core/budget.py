"""A hard bound on what a run spends on models, calls in flight included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shinka_core.errors import BudgetExhaustedError

# What a call may cost is taken to be this much more than the dearest one so far.
MARGIN = 1.5


class Reservation:
    """Money set aside for one call; `settle` says what it really cost."""

    def __init__(self, dollars: float) -> None:
        self.reserved = dollars
        self.cost = 0.0

    def settle(self, dollars: float) -> None:
        """Takes note of the real cost."""
        self.cost = dollars


class Budget:
    """Reserves before a call and settles after it, so that parallel calls cannot overshoot.

    Attributes:
        spent: US dollars of settled calls.
        committed: US dollars set aside for calls in flight.
    """

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        """Starts a budget.

        Args:
            limit: US dollars, or None for no bound.
            spent: By earlier processes of the same evolution.
        """
        self.limit = limit
        self.spent = spent
        self.committed = 0.0
        self._dearest: dict[str, float] = {}
        self._in_flight = 0  # counted, because sums of floats do not come back to zero
        self._settled = asyncio.Condition()

    @asynccontextmanager
    async def reserve(self, model: str, most: float) -> AsyncGenerator[Reservation, None]:
        """Sets money aside while the block lasts, waiting for calls in flight if need be.

        Args:
            model: Whose calls so far tell what the next one may cost.
            most: US dollars that a first call may cost at most.

        Raises:
            BudgetExhaustedError: The call could pass the limit whatever those in flight cost.
        """
        reservation = Reservation(0.0)
        if self.limit is not None:
            reservation = await self._set_aside(model, most, self.limit)
        try:
            yield reservation
        finally:
            self.committed -= reservation.reserved
            self._in_flight -= self.limit is not None
            self.spent += reservation.cost
            self._dearest[model] = max(self._dearest.get(model, 0.0), reservation.cost)
            async with self._settled:
                self._settled.notify_all()

    async def _set_aside(self, model: str, most: float, limit: float) -> Reservation:
        while True:
            seen = self._dearest.get(model)
            estimate = MARGIN * seen if seen else most
            if self.spent + self.committed + estimate <= limit:
                self.committed += estimate
                self._in_flight += 1
                return Reservation(estimate)
            if self._in_flight == 0:
                raise BudgetExhaustedError(
                    f"max_api_costs={limit:g} dollars is used up: {self.spent:.4f} spent, and the next call to {model} "
                    f"may cost {estimate:.4f}; resume with a larger budget to go on"
                )
            async with self._settled:
                await self._settled.wait()
