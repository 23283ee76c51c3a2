"""Three machines of a network, one database: a driver that is killed and one that is cut off cost nothing but time."""

from __future__ import annotations

from typing import Any

import pytest

from shinka_core.database.ownership import SHARED
from tests.support.machines import COST, show, why_not

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.skipif(bool(why_not()), reason=why_not())]
GENERATIONS = 120
OPTIONS: dict[str, Any] = {"generations": GENERATIONS, "drivers": 3, "latency": 0.5, "lease": 25.0, "budget": 0.25}


def see_that_the_record_is_whole(told: dict[str, Any]) -> None:
    assert told["numbers"] == list(range(GENERATIONS + 1)), "a generation is missing"
    assert told["sequences"] == list(range(1, GENERATIONS + 2)), "one has ended twice, or there is a hole"
    assert told["programs"] == list(range(1, len(told["programs"]) + 1))
    assert told["evolution"] == ("finished", ""), SHARED
    assert told["cost"] <= OPTIONS["budget"]
    assert told["asked"] * COST <= told["cost"] + 1e-9, "the provider was paid what is not in the ledger"


async def test_one_is_killed_and_one_cut_off_for_a_while() -> None:
    told = await show(OPTIONS | {"kill_at": 40, "cut_at": 55, "cut": 8})
    see_that_the_record_is_whole(told)
    assert told["codes"][1:] == [0, 0], "\n\n".join(said[-2_000:] for said in told["said"])
    _, cut_off, other = told["ends"]
    assert cut_off["digest"] == other["digest"]
    assert cut_off["ended"] == other["ended"] == GENERATIONS + 1
    assert cut_off["stopped"] == other["stopped"] == ""
    assert sorted(state for state, _ in told["states"]) == ["left", "left", "lost"]
    assert told["times"]["mended at"] > told["times"]["cut at"], "nobody went on meanwhile"


async def test_one_that_is_cut_off_for_longer_than_its_lease_is_replaced() -> None:
    # A cable that is pulled in the middle of a transaction keeps the others waiting for 5 s: their lease is longer.
    told = await show(OPTIONS | {"cut_at": 40, "cut": 25, "lease": 12.0})
    see_that_the_record_is_whole(told)
    assert told["codes"] == [0, 0, 0], "\n\n".join(said[-2_000:] for said in told["said"])
    first, cut_off, third = told["ends"]
    assert "heard nothing of this one for more than 12 s" in cut_off["stopped"], told["said"]
    assert first["stopped"] == third["stopped"] == ""
    assert first["digest"] == third["digest"]
    assert sorted(state for state, _ in told["states"]) == ["left", "left", "lost"]
