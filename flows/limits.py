"""Limits across runs: Prefect's, by model and by evaluator, made here when the settings ask for them.

They are visible and changeable in the UI under *Concurrency*; one that exists is left as it is, so
a change there outlives the next run. A slot is a lease of a minute that its holder renews: those
of a killed run come back by themselves.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from shinka_core.run import Run
from tasks import evaluate, query
from tasks.policy import rate_limit_of

logger = logging.getLogger("shinka.limits")


def model_tag(model: str) -> str:
    """The tag of all calls to a model; its endpoint is not part of it."""
    return f"model:{model.partition('@')[0]}"


def evaluator_tag(run: Run) -> str:
    """The tag of all evaluations with an evaluator: `evaluation:` and its folder's name."""
    return f"evaluation:{Path(run.settings.job.eval_program_path).resolve().parent.name}"


@cache
def asking(model: str, retries: int) -> Task[..., Any]:
    """The query task with a model's tag."""
    return query.with_options(tags=["model", model_tag(model)], retries=retries)


@cache
def evaluating(tag: str) -> Task[..., Any]:
    """The evaluate task with an evaluator's tag."""
    return evaluate.with_options(tags=["evaluation", tag])


async def make_limits(run: Run) -> None:
    """Makes the limits that the settings ask for and the server does not have."""
    evolve, job = run.settings.evolve, run.settings.job
    wanted = {model_tag(model): limit for model, limit in evolve.model_limits.items()}
    if job.shared_limit is not None:
        wanted[evaluator_tag(run)] = job.shared_limit
    if not wanted and not evolve.model_rates:
        return
    async with get_client() as client:
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
