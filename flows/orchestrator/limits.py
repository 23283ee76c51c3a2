"""Limits across runs: Prefect's global concurrency limits, by provider, by model and by evaluator.

They are visible and changeable in the UI under *Concurrency*, whoever made them: a deployment, a run whose settings ask
for them, or a person (`limits_made.py`). A slot is a lease of a minute that its holder renews: those of a killed run come
back by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from prefect.client.orchestration import PrefectClient
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency, rate_limit

from flows.orchestrator.limits_made import TAG, LimitNames, make_limits
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls
from shinka_core.errors import OrchestratorError
from shinka_core.run import Run
from tasks.policy import rate_limit_of

T = TypeVar("T")

logger = logging.getLogger("shinka.limits")

# Seconds until a limit that is made in the UI holds for a run that is going.
LOOK_EVERY = 10.0
# Seconds after which the slot of a killed run comes back.
LEASE = 60.0
PAGE = 200


class CallLimits:
    """The limits on calls of one run: around the call itself, wherever it is sent in the end.

    A tag on the task that asks would not do: an answer that is read back needs no slot, a question that another
    model takes needs that one's, and judgements and embeddings are asked for by other tasks.
    """

    def __init__(self, run: Run) -> None:
        """Permits the calls of `run`."""
        self._run = run
        self._names = LimitNames(run.settings)

    @asynccontextmanager
    async def permitted(self, model: str) -> AsyncGenerator[None, None]:
        """Waits for a slot of the limits on the model, on its provider and on all models together, then for its rate."""
        async with _slots(self._run, known(*self._names.of_call(model))):
            if model in self._run.settings.evolve.model_rates:
                await when_allowed(self._run, lambda: rate_limit(rate_limit_of(model)))
            self._run.control.check()  # who has waited is not in flight
            yield


@asynccontextmanager
async def evaluation_slot(run: Run, stage: str = "") -> AsyncGenerator[None, None]:
    """Holds a slot of the evaluator's, or its stage's, limit across runs inside the block, if there is such a limit.

    An evaluation's process starts with its submission, wherever that is, so a tag on the task that waits for its
    result would limit nothing.
    """
    async with _slots(run, known("evaluation", LimitNames(run.settings).of_evaluation(stage))):
        yield


@asynccontextmanager
async def _slots(run: Run, names: tuple[str, ...]) -> AsyncGenerator[None, None]:
    async with AsyncExitStack() as stack:
        if names:
            # All in one request: nobody holds one slot while waiting for another.
            await when_allowed(run, lambda: stack.enter_async_context(concurrency([*names], lease_duration=LEASE)))
        yield


async def when_allowed(run: Run, act: Callable[[], Awaitable[T]]) -> T:
    """Does what needs a slot of a limit across runs; a limit of 0 is a pause and is waited out."""
    told = False
    while True:
        run.control.check()
        try:
            return await act()
        except ConcurrencySlotAcquisitionError as error:
            if not told:
                logger.warning("held by a limit on the Prefect server: %s", error)
                told = True
            await asyncio.sleep(LOOK_EVERY)


# Names of the limits on the server this process talks to.
_known: set[str] = set()


def known(*names: str) -> tuple[str, ...]:
    """What Prefect calls the limits of those names that there are."""
    return tuple(one for name in names for one in (name, f"{TAG}{name}") if one in _known)


@asynccontextmanager
async def known_limits(run: Run, calls: ServerCalls) -> AsyncGenerator[None, None]:
    """Makes the limits that the settings ask for and the server lacks, and keeps looking for others.

    Prefect asks the server for a slot for every task with a tag, limit or not. Asking for the
    limits themselves now and then spares two requests for each generation.
    """
    await calls.call("make the limits", lambda client: make_limits(run.settings, client))
    await calls.call("read the limits", _learn)
    run.client.account.limiter = CallLimits(run)
    learning = asyncio.create_task(_keep_learning(calls))
    try:
        yield
    finally:
        learning.cancel()


async def _keep_learning(calls: ServerCalls) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await calls.call("read the limits", _learn)
        except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
            # Whether the run ends by that is for those to say who need an answer.
            logger.debug("the limits could not be read: %s", error)


async def _learn(client: PrefectClient) -> None:
    found: set[str] = set()
    while True:
        page = await client.read_global_concurrency_limits(limit=PAGE, offset=len(found))
        found |= {limit.name for limit in page}
        if len(page) < PAGE:
            break
    _known.clear()
    _known.update(found)
