"""A model that refuses many calls gets fewer; one that refuses a few gets as many as before."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from contextlib import AsyncExitStack

import pytest

from shinka_core.errors import RateLimitedError
from shinka_core.llm.congestion import UNLIMITED, Gate
from shinka_core.program import Answer
from tests.shinka_core.llm.test_client import client, question
from tests.support.model_server import ModelServer, Script


class Provider:
    """Serves `capacity` calls at once and refuses the others, and a share of all."""

    def __init__(self, capacity: int, share: float = 0.0) -> None:
        self.capacity, self.share = capacity, share
        self.now = self.served = self.refused = self.peak = 0
        self.limits: list[int] = []  # as each call found them
        self._rng = random.Random(1)

    async def call(self, gate: Gate) -> None:
        async with gate.pass_through():
            self.limits.append(gate.limit)
            if self.now >= self.capacity or self._rng.random() < self.share:
                self.refused += 1
                await asyncio.sleep(0.001)
                gate.refused(None)
                return
            self.now += 1
            self.peak = max(self.peak, self.now)
            await asyncio.sleep(0.005)
            self.now -= 1
            self.served += 1
            gate.served()


async def demand(provider: Provider, gate: Gate, workers: int, calls: int) -> None:
    async def work() -> None:
        for _ in range(calls):
            await provider.call(gate)

    await asyncio.gather(*(work() for _ in range(workers)))


@pytest.mark.parametrize("capacity", [3, pytest.param(10, marks=pytest.mark.slow)])
async def test_an_overloaded_provider_gets_about_what_it_serves(capacity: int) -> None:
    gate, provider = Gate("m"), Provider(capacity)
    assert gate.limit == UNLIMITED
    await demand(provider, gate, workers=40, calls=30)
    before = (provider.served, provider.refused)
    provider.limits.clear()
    for _ in range(20):
        await demand(provider, gate, workers=40, calls=1)
    limits = provider.limits
    # It swings around the capacity: a round without refusals adds two, one with many takes three tenths away.
    assert 0.7 * capacity <= statistics.mean(limits) <= 2 * capacity
    assert max(limits) <= 3 * capacity
    served, refused = provider.served - before[0], provider.refused - before[1]
    assert refused / (served + refused) < 1 / 3
    assert provider.peak == capacity, "the provider is kept busy"


async def test_one_bad_round_takes_three_tenths_and_one_good_round_gives_two_back() -> None:
    gate = Gate("m")
    async with AsyncExitStack() as calls:
        for _ in range(20):
            await calls.enter_async_context(gate.pass_through())
        for _ in range(12):
            gate.served()
        for _ in range(8):
            gate.refused(None)
        assert gate.limit == 14, "eight of twenty refused"
    for _ in range(20):
        async with gate.pass_through():
            gate.served()
    assert gate.limit == 16


async def test_it_recovers_when_the_provider_does() -> None:
    gate, provider = Gate("m"), Provider(capacity=2)
    await demand(provider, gate, workers=30, calls=20)
    low = gate.limit
    assert low < 10
    provider.capacity = 1000
    await demand(provider, gate, workers=30, calls=60)
    assert gate.limit >= 30
    assert provider.peak == 30, "all of them are in flight again"


async def test_a_share_of_refusals_at_any_load_costs_no_concurrency() -> None:
    gate, provider = Gate("m"), Provider(capacity=1000, share=0.1)
    await demand(provider, gate, workers=10, calls=60)
    assert gate.limit >= 10
    assert provider.peak == 10


async def test_nobody_passes_before_the_time_that_the_provider_named() -> None:
    gate = Gate("m")
    gate.refused(0.2)
    assert gate.congested
    started = time.monotonic()
    async with gate.pass_through():
        assert time.monotonic() - started >= 0.19
    assert gate.limit == UNLIMITED


async def test_another_model_takes_the_work_of_one_that_is_held_back() -> None:
    async with ModelServer(Script(sequence=["rate_limit"], retry_after=30)) as server:
        asking = client(server, llm_models=["one", "other"])
        with pytest.raises(RateLimitedError):
            await asking.query(question(1, "one"))
        answers: list[Answer] = [await asking.query(question(number, "one")) for number in range(2, 6)]
        await asking.close()
    assert {answer.model for answer in answers} == {"other"}
    assert [request.model for request in server.requests] == ["one", *["other"] * 4]
