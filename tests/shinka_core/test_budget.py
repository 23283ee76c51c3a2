"""The budget holds, however many calls are in flight."""

from __future__ import annotations

import asyncio

import pytest

from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig
from shinka_core.errors import BudgetExhaustedError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Purpose
from tests.support.model_server import ModelServer, Script


async def test_parallel_calls_never_pass_the_limit() -> None:
    budget = Budget(1.0)
    refused = 0

    async def call() -> None:
        nonlocal refused
        try:
            async with budget.reserve("m", 0.3) as reservation:
                await asyncio.sleep(0.001)
                reservation.settle(0.1)
                assert budget.spent + budget.committed <= 1.0 + 1e-9
        except BudgetExhaustedError:
            refused += 1

    await asyncio.gather(*(call() for _ in range(50)))
    assert budget.spent == pytest.approx(0.8)  # the next one might have cost 0.3
    assert refused == 42
    assert budget.committed == pytest.approx(0.0)


async def test_what_earlier_processes_spent_counts() -> None:
    with pytest.raises(BudgetExhaustedError, match="larger budget"):
        async with Budget(1.0, spent=0.95).reserve("m", 0.1):
            pass


async def test_without_a_limit_nothing_is_refused_but_all_is_counted() -> None:
    budget = Budget(None)
    async with budget.reserve("m", 1e9) as reservation:
        reservation.settle(5.0)
    assert budget.spent == 5.0


async def test_a_client_stops_asking_at_its_budget() -> None:
    async with ModelServer(Script(latency=0.02, prompt_tokens=1_000_000, completion_tokens=0)) as server:
        config = EvolutionConfig(
            llm_models=["gpt-4o-mini"], llm_base_url=server.url, max_api_costs=1.0, llm_kwargs={"max_tokens": 100}
        )
        client = AsyncLLMClient.from_config(config)  # each call costs 0.15 dollars
        outcomes = await asyncio.gather(
            *(
                client.query(Question(CallKey(n, Purpose.PROPOSAL, 0, 0), "gpt-4o-mini", "s", "x = 1.0", 1))
                for n in range(1)
            ),
        )
        assert outcomes[0].cost == pytest.approx(0.15, rel=1e-3)
        more = await asyncio.gather(
            *(
                client.query(Question(CallKey(n, Purpose.PROPOSAL, 0, 0), "gpt-4o-mini", "s", "x = 1.0", 1))
                for n in range(1, 30)
            ),
            return_exceptions=True,
        )
        await client.close()
    answered = [outcome for outcome in more if not isinstance(outcome, BaseException)]
    assert 0.15 * (1 + len(answered)) <= 1.0
    assert len(answered) >= 4
    assert all(isinstance(outcome, BudgetExhaustedError) for outcome in more if isinstance(outcome, BaseException))
