"""Decisions that are made for every proposal take no time that anybody would notice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from shinka.testing import random_view, stats_of
from shinka_core.population.archives import Archive, Crowding, Fitness, MapElites, Pareto
from shinka_core.population.islands import ISLANDS
from tests.support.pace import stretched

PROGRAMS = 10_000
VIEW = random_view(np.random.default_rng(0), PROGRAMS, islands=12, width=256, instances=20, failures=0.0)
RNG = np.random.default_rng(0)


def milliseconds(decide: Callable[[], object]) -> float:
    """The least of many times: what it takes when nothing else has the processor."""
    times: list[float] = []
    for _ in range(100):
        began = time.perf_counter()
        decide()
        times.append(time.perf_counter() - began)
    return min(times) * 1e3


@pytest.mark.parametrize(
    "archive",
    [
        Fitness(100),
        Crowding(100),
        Pareto(size=100),
        MapElites(("length", "score")),
        MapElites(("length", "diversity")),
        MapElites(("length", "score"), scaling="quantiles"),
    ],
    ids=repr,
)
def test_an_offer_to_a_hundred_members_of_ten_thousand_programs_takes_a_millisecond(archive: Archive) -> None:
    view = replace(VIEW, elites=np.arange(0, PROGRAMS - 1, PROGRAMS // 100)[:100])
    assert milliseconds(lambda: archive.offer(view, PROGRAMS - 1, RNG)) < stretched(1)


@pytest.mark.parametrize("name", list(ISLANDS))
def test_choosing_among_twelve_islands_of_ten_thousand_programs_takes_two_milliseconds(name: str) -> None:
    selector, islands = ISLANDS.create(name), stats_of(VIEW, progress=0.4)
    assert milliseconds(lambda: selector.select(VIEW, islands, RNG)) < stretched(2)
