"""A bound on what a run spends on models and embeddings, calls in flight included.

What is set aside for a call is what it can cost at most: every byte of its prompt a token, and the longest answer
that it was allowed. So no prompt outgrows it, however many calls are in flight. It holds as far as the provider
charges for what was sent and for the answer that was allowed; of a provider that charged more once, more is
set aside from then on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol

from shinka_core.errors import BudgetExhaustedError
from shinka_core.program import NO_GENERATION
from shinka_core.record import Called, Event

logger = logging.getLogger("shinka.budget")

# Of a model that charged more than can be, the next call is taken to cost this much more than the dearest one.
MARGIN = 1.5
# Seconds until the money of several drivers is looked at again, where others hold what is left.
LOOK_AGAIN = 0.5


class Common(Protocol):
    """Money that several drivers share: `shinka_core.database.reservations.Reservations` is one."""

    async def reserve(
        self,
        generation: int,
        dollars: float,
        limit: float,
        *,
        least: float | None = None,
        purpose: str = "",
        model: str = "",
    ) -> Aside | None:
        """Sets dollars aside, or what is left where nothing is held; None: it would pass the limit now."""
        ...

    async def close(self, held: Any) -> bool:
        """The call is in the ledger, or was not made."""
        ...

    async def funds(self) -> Funds:
        """What is spent and held at this moment."""
        ...


class Aside(Protocol):
    """What was set aside."""

    @property
    def dollars(self) -> float:
        """The most that may be spent."""
        ...


class Funds(Protocol):
    """What has become of the money."""

    @property
    def spent(self) -> float:
        """US dollars of all calls."""
        ...

    @property
    def held(self) -> float:
        """US dollars that are set aside."""
        ...


@dataclass(frozen=True, slots=True)
class Cause:
    """What money is set aside for."""

    generation: int = NO_GENERATION
    purpose: str = ""


class Reservation:
    """Money set aside for one call; `settle` says what it really cost, None: nobody knows."""

    def __init__(self, dollars: float, held: Aside | None = None) -> None:
        self.reserved = dollars
        self.held = held
        self.cost: float | None = 0.0

    def settle(self, dollars: float | None) -> None:
        """Takes note of the real cost."""
        self.cost = dollars


UNTOLD = Cause()


class Budget:
    """Reserves before a call and settles after it, so that parallel calls cannot overshoot.

    Attributes:
        spent: US dollars of settled calls, as far as they are known.
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
        self._outgrown: dict[str, float] = {}
        self._in_flight = 0  # counted, because sums of floats do not come back to zero
        self._settled = asyncio.Condition()
        self._common: Common | None = None

    def share(self, common: Common) -> None:
        """Has several drivers spend the money: from here on it is set aside where all of them see it.

        What is spent is then told by the record alone, `apply` by `apply`.
        """
        self._common = common

    def apply(self, event: Event) -> None:
        """Counts a call of an earlier process, or of any driver; those of this one alone are counted when they are settled."""
        if isinstance(event, Called):
            self.spent += event.cost or 0.0

    @asynccontextmanager
    async def reserve(
        self, model: str, most: float, least: float | None = None, cause: Cause = UNTOLD
    ) -> AsyncGenerator[Reservation, None]:
        """Sets money aside while the block lasts, waiting for calls in flight if need be.

        Args:
            model: Whose calls so far tell whether more is charged than can be.
            most: US dollars that the call can cost: its prompt and the longest answer that it is allowed.
            least: The same with the shortest one that is worth asking for: when no more is left than that,
                all that is left is set aside. None: no less than `most`.
            cause: For the ledger, if this driver is lost in the middle of it.

        Raises:
            BudgetExhaustedError: The call could pass the limit whatever those in flight cost.
        """
        reservation = Reservation(0.0)
        if self.limit is not None:
            fewest = most if least is None else least
            if self._common is None:
                reservation = await self._set_aside(model, most, fewest, self.limit)
            else:
                reservation = await self._set_aside_for_all(self._common, model, most, fewest, self.limit, cause)
        try:
            yield reservation
        finally:
            self.committed -= reservation.reserved
            self._in_flight -= self.limit is not None
            if self._common is None:
                self.spent += reservation.cost or 0.0
            elif reservation.held is not None:
                await asyncio.shield(self._common.close(reservation.held))
            self._learn(model, reservation)
            async with self._settled:
                self._settled.notify_all()

    def _learn(self, model: str, reservation: Reservation) -> None:
        cost = reservation.cost or 0.0
        if self.limit is None or cost <= reservation.reserved:
            return
        if model not in self._outgrown:
            logger.warning(
                "a call to %s cost %.4f dollars, more than was set aside for it (%.4f); from now on more is",
                model, cost, reservation.reserved,
            )  # fmt: skip
        self._outgrown[model] = max(self._outgrown.get(model, 0.0), cost)

    async def _set_aside(self, model: str, most: float, least: float, limit: float) -> Reservation:
        while True:
            outgrown = MARGIN * self._outgrown.get(model, 0.0)
            estimate = max(most, outgrown)
            if estimate == 0.0 or self.spent + self.committed + estimate <= limit:
                self.committed += estimate
                self._in_flight += 1
                return Reservation(estimate)
            if self._in_flight == 0:
                left = limit - self.spent - self.committed
                if left <= 0.0 or max(least, outgrown) > left:
                    raise BudgetExhaustedError(self._why(model, max(least, outgrown), limit))
                self.committed += left
                self._in_flight += 1
                return Reservation(left)
            async with self._settled:
                await self._settled.wait()

    async def _set_aside_for_all(
        self, common: Common, model: str, most: float, least: float, limit: float, cause: Cause
    ) -> Reservation:
        """The same in turn with other drivers, whose calls in flight are waited for as well."""
        while True:
            outgrown = MARGIN * self._outgrown.get(model, 0.0)
            estimate, fewest = max(most, outgrown), max(least, outgrown)
            if estimate == 0.0:
                self._in_flight += 1
                return Reservation(0.0)
            held = await common.reserve(
                cause.generation, estimate, limit, least=fewest, purpose=cause.purpose, model=model
            )
            if held is not None:
                self.committed += held.dollars
                self._in_flight += 1
                return Reservation(held.dollars, held)
            funds = await common.funds()
            self.spent = funds.spent
            if not funds.held and (funds.spent >= limit or funds.spent + fewest > limit):
                raise BudgetExhaustedError(self._why(model, fewest, limit))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN), self._settled:
                    await self._settled.wait()

    def _why(self, model: str, estimate: float, limit: float) -> str:
        call = f"one call to {model} may cost {estimate:.4f} dollars (its prompt and a long answer)"
        if estimate > limit:
            return (
                f"max_api_costs={limit:g} dollars is less than {call}: allow more, or shorter answers "
                f"(llm_kwargs: max_tokens); {self.spent:.4f} spent"
            )
        return (
            f"max_api_costs={limit:g} dollars is used up: {self.spent:.4f} spent, and {call}; "
            "resume with a larger budget to go on"
        )
