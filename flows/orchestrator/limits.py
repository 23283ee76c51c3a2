"""Limits across runs: Prefect's, by model (proposals, judgements, embeddings) and by evaluator, made here when the settings ask for them.

They are visible and changeable in the UI under *Concurrency*; one that exists is left as it is, so
a change there outlives the next run. A slot is a lease of a minute that its holder renews: those
of a killed run come back by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency, rate_limit
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls
from shinka_core.errors import OrchestratorError
from shinka_core.model_address import split_model
from shinka_core.run import Run
from tasks.policy import rate_limit_of

T = TypeVar("T")

logger = logging.getLogger("shinka.limits")

# Seconds until a limit that is made in the UI holds for a run that is going.
LOOK_EVERY = 10.0
# Seconds after which the slot of a killed run comes back.
LEASE = 60.0
PAGE = 200
# What Prefect calls the limit of a tag.
TAG = "tag:"


def model_tag(model: str) -> str:
    """The tag of all calls to a model; its endpoint is not part of it."""
    return f"model:{split_model(model)[0]}"


def evaluator_tag(run: Run, stage: str = "") -> str:
    """The tag of evaluations with an evaluator: `evaluation:` and its folder's name, and that of a stage with its own."""
    tag = f"evaluation:{Path(run.settings.job.eval_program_path).resolve().parent.name}"
    own = any(known.name == stage and known.shared_limit is not None for known in run.settings.job.stages)
    return f"{tag}:{stage}" if own else tag


class CallLimits:
    """The limits on calls of one run: around the call itself, wherever it is sent in the end.

    A tag on the task that asks would not do: an answer that is read back needs no slot, a question that another
    model takes needs that one's, and judgements and embeddings are asked for by other tasks.
    """

    def __init__(self, run: Run) -> None:
        """Permits the calls of `run`."""
        self._run = run

    @asynccontextmanager
    async def permitted(self, model: str) -> AsyncGenerator[None, None]:
        """Waits for a slot of the model's limit and of the limit on all models, then for its rate."""
        async with _slots(self._run, limited("model", model_tag(model))):
            if model in self._run.settings.evolve.model_rates:
                await when_allowed(self._run, lambda: rate_limit(rate_limit_of(model)))
            self._run.control.check()  # who has waited is not in flight
            yield


@asynccontextmanager
async def evaluation_slot(run: Run, stage: str = "") -> AsyncGenerator[None, None]:
    """Holds a slot of the evaluator's, or its stage's, limit across runs inside the block, if there is such a limit.

    An evaluation's process starts with its submission, so a tag on the task that waits for its
    result would limit nothing.
    """
    async with _slots(run, limited("evaluation", evaluator_tag(run, stage))):
        yield


@asynccontextmanager
async def _slots(run: Run, tags: tuple[str, ...]) -> AsyncGenerator[None, None]:
    async with AsyncExitStack() as stack:
        if tags:
            names = [f"{TAG}{tag}" for tag in tags]
            await when_allowed(run, lambda: stack.enter_async_context(concurrency(names, lease_duration=LEASE)))
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


# Tags that have a limit on the server this process talks to.
_known: set[str] = set()


def limited(*tags: str) -> tuple[str, ...]:
    """Those of the tags that have a limit."""
    return tuple(tag for tag in tags if tag in _known)


@asynccontextmanager
async def known_limits(run: Run, calls: ServerCalls) -> AsyncGenerator[None, None]:
    """Makes the limits that the settings ask for, and keeps looking for others.

    Prefect asks the server for a slot for every task with a tag, limit or not. Asking for the
    limits themselves now and then spares two requests for each generation.
    """
    await calls.call("make the limits", lambda client: make_limits(run, client))
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
    _known.update(name.removeprefix(TAG) for name in found if name.startswith(TAG))


async def make_limits(run: Run, client: PrefectClient) -> None:
    """Makes the limits that the settings ask for and the server does not have."""
    evolve, job = run.settings.evolve, run.settings.job
    wanted = {model_tag(model): limit for model, limit in evolve.model_limits.items()}
    if job.shared_limit is not None:
        wanted[evaluator_tag(run)] = job.shared_limit
    for stage in job.stages:
        if stage.shared_limit is not None:
            wanted[evaluator_tag(run, stage.name)] = stage.shared_limit
    for tag, limit in wanted.items():
        await _make(client, tag, limit)
    for model, rate in evolve.model_rates.items():
        await _make_rate(client, rate_limit_of(model), rate)


async def _make(client: PrefectClient, tag: str, limit: int) -> None:
    try:
        found = await client.read_concurrency_limit_by_tag(tag)
    except ObjectNotFound:
        await client.create_concurrency_limit(tag=tag, concurrency_limit=limit)
        return
    if found.concurrency_limit != limit:
        logger.warning(
            "the limit %s is %d on the server and %d in the settings; the server's holds, change it in the UI",
            tag, found.concurrency_limit, limit,
        )  # fmt: skip


async def _make_rate(client: PrefectClient, name: str, rate: float) -> None:
    # As many slots as come free in a second, at least one: a burst is never longer than that.
    request = GlobalConcurrencyLimitCreate(name=name, limit=max(1, round(rate)), slot_decay_per_second=rate)
    try:
        await client.create_global_concurrency_limit(request)
    except ObjectAlreadyExists:
        logger.info("the rate limit %s is as set on the server", name)
