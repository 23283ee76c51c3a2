"""How limits across runs are called, and who makes them: a deployment by what its file says, or a run by its settings.

A run makes what is missing and leaves what is there, so that a change in the UI outlives the next run. A deployment is
made by a person who has just written down the numbers: it sets them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from shinka_core.errors import ConfigError
from shinka_core.llm.endpoint import provider_of, providers_of
from shinka_core.model_address import split_model
from shinka_core.settings import RunSettings
from tasks.policy import rate_limit_of

logger = logging.getLogger("shinka.limits")

# What Prefect calls the limit of a tag, which earlier versions made and people make.
TAG = "tag:"


class LimitNames:
    """How the limits of one run are called."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings

    def of_call(self, model: str) -> tuple[str, ...]:
        """Those of a call: on all models, on this one, and on its provider."""
        provider = provider_of(model, self._settings.evolve)
        return ("model", model_limit(model), *([provider_limit(provider)] if provider else []))

    def of_evaluation(self, stage: str = "") -> str:
        """That of an evaluation: `evaluation:` and its evaluator's folder, and the name of a stage with its own."""
        job = self._settings.job
        name = evaluation_limit(Path(job.eval_program_path).resolve().parent.name)
        own = any(known.name == stage and known.shared_limit is not None for known in job.stages)
        return f"{name}:{stage}" if own else name

    def wanted(self) -> dict[str, int]:
        """The limits on what is at once that the settings ask for."""
        evolve, job = self._settings.evolve, self._settings.job
        wanted = {model_limit(model): limit for model, limit in evolve.model_limits.items()}
        wanted |= {provider_limit(provider): limit for provider, limit in evolve.provider_limits.items()}
        if job.shared_limit is not None:
            wanted[self.of_evaluation()] = job.shared_limit
        stages = {stage.name: stage.shared_limit for stage in job.stages if stage.shared_limit is not None}
        return wanted | {self.of_evaluation(stage): limit for stage, limit in stages.items()}


def model_limit(model: str) -> str:
    """The limit on a model; its endpoint is not part of it."""
    return f"model:{split_model(model)[0]}"


def provider_limit(provider: str) -> str:
    """The limit on all models of a provider."""
    return f"provider:{provider.lower()}"


def evaluation_limit(task: str) -> str:
    """The limit on the evaluations of a task, by the name of its folder."""
    return f"evaluation:{task}"


async def make_limits(settings: RunSettings, client: PrefectClient) -> None:
    """Makes the limits that the settings of a run ask for and the server does not have."""
    evolve = settings.evolve
    asked = providers_of(evolve)
    for provider in evolve.provider_limits:
        if provider.lower() not in asked:
            logger.warning(
                "provider_limits names %r, at which no model of this run is asked; known: %s",
                provider, ", ".join(asked) or "none",
            )  # fmt: skip
    for name, limit in LimitNames(settings).wanted().items():
        await _make(client, name, limit)
    for model, rate in evolve.model_rates.items():
        await _make_rate(client, rate_limit_of(model), rate)


def deployed_limits(
    providers: Mapping[str, object] | None = None,
    models: Mapping[str, object] | None = None,
    evaluators: Mapping[str, object] | None = None,
) -> None:
    """A step for `prefect.yaml`: makes or changes limits across runs when the deployments are made.

    Args:
        providers: Calls at once by the host of an endpoint, with its port where it has one.
        models: Calls at once by model.
        evaluators: Evaluations at once by the name of the task's folder, `folder:stage` for a stage with its own.

    Raises:
        ConfigError: A number is none, or less than 0.
    """
    wanted: dict[str, int] = {}
    sections = (
        ("providers", providers, provider_limit),
        ("models", models, model_limit),
        ("evaluators", evaluators, evaluation_limit),
    )
    for section, limits, named in sections:
        for name, limit in (limits or {}).items():
            if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
                raise ConfigError(
                    f"{section} gives {name!r} {limit!r}; it must be a whole number, and 0 to let none through"
                )
            wanted[named(name)] = limit
    with get_client(sync_client=True) as client:
        for name, limit in wanted.items():
            tagged = f"{TAG}{name}"
            try:
                client.read_global_concurrency_limit_by_name(tagged)
            except ObjectNotFound:
                client.upsert_global_concurrency_limit_by_name(name, limit)
            else:
                client.update_global_concurrency_limit(tagged, GlobalConcurrencyLimitUpdate(limit=limit))


async def _make(client: PrefectClient, name: str, limit: int) -> None:
    found = await _found(client, f"{TAG}{name}") or await _found(client, name)
    if found is None:
        try:
            await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=limit))
        except ObjectAlreadyExists:
            logger.debug("another run has just made the limit %s", name)
    elif found.limit != limit:
        logger.warning(
            "the limit %s is %d on the server and %d in the settings; the server's holds, change it in the UI",
            found.name, found.limit, limit,
        )  # fmt: skip


async def _found(client: PrefectClient, name: str) -> GlobalConcurrencyLimitResponse | None:
    try:
        return await client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        return None


async def _make_rate(client: PrefectClient, name: str, rate: float) -> None:
    # As many slots as come free in a second, at least one: a burst is never longer than that.
    request = GlobalConcurrencyLimitCreate(name=name, limit=max(1, round(rate)), slot_decay_per_second=rate)
    try:
        await client.create_global_concurrency_limit(request)
    except ObjectAlreadyExists:
        logger.info("the rate limit %s is as set on the server", name)
