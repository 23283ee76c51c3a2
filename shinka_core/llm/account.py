"""What every call that may cost something goes through: the provider's pace, the budget, the limits; and its price."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from shinka_core.budget import UNTOLD, Budget, Cause, Reservation
from shinka_core.costs import both
from shinka_core.errors import ModelError, RateLimitedError
from shinka_core.llm.billed_tokens import estimated, most_tokens
from shinka_core.llm.congestion import Gate
from shinka_core.llm.limiter import CallLimiter, Unlimited
from shinka_core.llm.prices import PriceList
from shinka_core.llm.question import CallKey, Ledger, Question
from shinka_core.program import Answer, Purpose, Usage

logger = logging.getLogger("shinka.llm")


class Charge:
    """What the calls for one generation cost while the block of `charged_to` lasts.

    Attributes:
        dollars: US dollars of its embeddings so far; None where those of one of them are unknown.
    """

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self.dollars: float | None = 0.0


# Embeddings are asked for deep inside a comparison that knows texts and no generations.
_charge: ContextVar[Charge | None] = ContextVar("charge", default=None)


@contextmanager
def charged_to(generation: int) -> Generator[Charge, None, None]:
    """Books what is embedded inside the block on a generation."""
    charge = Charge(generation)
    token = _charge.set(charge)
    try:
        yield charge
    finally:
        _charge.reset(token)


class Bill:
    """Where an embedding's tokens are entered."""

    def __init__(self) -> None:
        self.tokens: int | None = None

    def counted(self, tokens: object) -> None:
        """Takes note of the tokens that the endpoint counted, if that is what it sent."""
        if isinstance(tokens, int) and not isinstance(tokens, bool) and tokens > 0:
            self.tokens = tokens


class Account:
    """The calls of one run: their pace, their money and their limits.

    Attributes:
        limiter: Limits that other runs share; whoever knows them puts them here.
    """

    def __init__(self, ledger: Ledger, prices: PriceList, budget: Budget) -> None:
        """Starts an account."""
        self.ledger = ledger
        self.budget = budget
        self.limiter: CallLimiter = Unlimited()
        self._prices = prices
        self._gates: dict[str, Gate] = {}
        self._told: set[tuple[str, str]] = set()
        self._embedded = False

    def gate(self, model: str) -> Gate:
        """What all calls to one model go through."""
        return self._gates.setdefault(model, Gate(model))

    @asynccontextmanager
    async def call(
        self, model: str, most: Usage, least: Usage | None = None, cause: Cause = UNTOLD
    ) -> AsyncGenerator[Reservation, None]:
        """Waits until a call to the model may go out; the block is the call.

        In this order, so that nobody waits for money with a slot that another needs to earn it back.

        Args:
            most: Tokens that the call can have at most.
            least: Tokens that it can have at most when its answer is bounded to the shortest that is worth asking for.
            cause: What it is for.

        Raises:
            BudgetExhaustedError: The call could pass the limit.
        """
        dollars, fewest = (self._prices.cost(model, tokens) or 0.0 for tokens in (most, least or most))
        async with (
            self.gate(model).pass_through(),
            self.budget.reserve(model, dollars, fewest, cause) as reservation,
            self.limiter.permitted(model),
        ):
            yield reservation

    def judge(self, model: str, error: ModelError | None) -> None:
        """Tells the model's gate how a call went."""
        gate = self.gate(model)
        if not isinstance(error, RateLimitedError):
            gate.served()
            return
        gate.refused(error.retry_after)
        if (error.retry_after or 0.0) >= LONG_WAIT:
            self.tell_once(
                "waits", model, "%s asks to wait %.0f s; its calls wait: %s", model, error.retry_after, error
            )

    def price(self, model: str, usage: Usage) -> float | None:
        """US dollars of a call; None for a model without a price, which is told once."""
        dollars = self._prices.cost(model, usage)
        if dollars is None:
            text = "no price is known for %s: what its calls cost is unknown, and no budget bounds it; set llm_prices"
            self.tell_once("unpriced", model, text, model)
        return dollars

    def estimate(self, model: str, prompt: Sequence[str], answer: str) -> Usage:
        """Tokens of a call that the provider did not count, which is told once."""
        usage = estimated(prompt, answer)
        if self._prices.cost(model, usage):
            text = "%s counts no tokens: the cost of its calls is estimated from their texts"
            self.tell_once("uncounted", model, text, model)
        return usage

    def tell_once(self, what: str, model: str, text: str, *values: object) -> None:
        """Warns, the first time only."""
        if (what, model) not in self._told:
            self._told.add((what, model))
            logger.warning(text, *values)

    @asynccontextmanager
    async def embedding(self, model: str, texts: Sequence[str]) -> AsyncGenerator[Bill, None]:
        """The block asks for an embedding; it is bounded, priced and kept like any other call.

        The first of a process is made as long as anything is left of the budget, whatever it may cost.

        Raises:
            BudgetExhaustedError: It could pass the limit.
            ModelError: What the block raises, kept as well.
        """
        charge = _charge.get() or Charge(0)
        question = Question(CallKey(charge.generation, Purpose.EMBEDDING, 0, 0), model, "", "", seed=0)
        bill = Bill()
        most = Usage(input_tokens=most_tokens(texts))
        # The first one, of the seed program, tells what the endpoint counts: it is not refused for what it might cost.
        least = most if self._embedded else Usage()
        cause = Cause(charge.generation, Purpose.EMBEDDING.value)
        async with self.call(model, most, least, cause) as reservation:
            started = time.monotonic()
            try:
                yield bill
            except ModelError as error:
                self.judge(model, error)
                await self.ledger.failed(question, error, 0.0, time.monotonic() - started)
                raise
            self.judge(model, None)
            self._embedded = True
            guessed = bill.tokens is None
            usage = self.estimate(model, texts, "") if bill.tokens is None else Usage(input_tokens=bill.tokens)
            reservation.settle(self.price(model, usage))
            charge.dollars = both(charge.dollars, reservation.cost)
            seconds = time.monotonic() - started
            await self.ledger.answered(question, Answer("", model, usage, reservation.cost, seconds, estimated=guessed))


# Seconds that a provider asks to wait which are worth a line.
LONG_WAIT = 20.0
