"""What came of what prompts showed: places among programs of the same time, whatever the scale of the scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.errors import Blame
from shinka_core.meta.merits import WINDOW, Merit, Merits
from shinka_core.program import Failure
from shinka_core.record import Ended, Event, Pull, Recorded, replay
from tests.support.generated import fewer, load_profile

load_profile()

FAILURE = Failure("patch", "search_not_found", "")


def made(
    number: int, score: float | None, prompt: str | None = None, parent: int | None = 0, **fields: Any
) -> Recorded:
    return Recorded(
        number + 1, f"p{number}", number, 0, (0,), score, score is not None, None if parent is None else f"p{parent}",
        pulls=(Pull("diff", "m", system_prompt_id=prompt),), **fields,
    )  # fmt: skip


SEED = made(0, 1.0, parent=None)


def told(*events: Event) -> Merits:
    merits = Merits()
    replay([SEED, *events], merits)
    return merits


def test_a_program_counts_by_its_place_among_those_before_it() -> None:
    merits = told(made(1, 2.0, "a"), made(2, 1.5, "b"), made(3, 1.8, "a"), made(4, None, "b"), made(5, None, "c"))
    assert merits.of_prompt("a") == Merit(2, 0.5 + 0.5)
    assert merits.of_prompt("b") == Merit(2, 0.0 + 0.0)
    assert merits.of_prompt("c") == Merit(1, 0.5 / 4)
    assert merits.of_prompt("d").mean is None
    assert merits.of_advice(None).uses == 5


def test_the_scale_of_the_scores_and_when_it_was_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=50)
    one = told(*(made(number, float(score), "ab"[number % 2]) for number, score in enumerate(scores, 1)))
    large = told(
        *(made(number, float(1 + 1e6 * (score - 1)), "ab"[number % 2]) for number, score in enumerate(scores, 1))
    )
    assert one.of_prompts() == large.of_prompts()


def test_pulls_that_come_to_nothing_count_and_faults_of_others_do_not() -> None:
    pulls = tuple(Pull("diff", "m", advice_id="x", system_prompt_id=name) for name in "ab")
    merits = told(
        replace(made(1, 2.0), pulls=pulls), Ended(2, FAILURE, pulls), Ended(3, FAILURE, pulls, Blame.INFRASTRUCTURE),
        Ended(4, FAILURE, pulls, Blame.CANDIDATE),
    )  # fmt: skip
    assert merits.of_prompt("a") == Merit(3, 0.0)
    assert merits.of_prompt("b") == Merit(3, 0.5)
    assert merits.of_advice("x") == Merit(6, 0.5)


def test_only_the_last_programs_are_compared_with() -> None:
    old = [made(number, 5.0) for number in range(1, 10)]
    late = [made(number, 0.0) for number in range(10, 10 + WINDOW)]
    assert told(*old, *late, made(999, 0.5, "a")).of_prompt("a").mean == 1.0


def test_what_is_under_way_is_known_until_it_ends() -> None:
    merits = told()
    merits.expect(1, 0, "a")
    merits.expect(1, 0, "a")
    merits.expect(1, 1, "b")
    merits.expect(2, 0, "a")
    merits.expect(3, 0, None)
    assert merits.under_way() == {"a": 2, "b": 1}
    merits.apply(made(1, 1.0))
    merits.apply(Ended(2, FAILURE))
    assert not merits.under_way()


scores = st.lists(st.one_of(st.none(), st.floats(-1e300, 1e300)), max_size=150)


@fewer(100, 1_000)
@given(scores)
def test_places_are_between_none_and_all_and_the_record_alone_decides_them(given_scores: list[float | None]) -> None:
    events = [made(number, score, "ab"[number % 2]) for number, score in enumerate(given_scores, 1)]
    merits = told(*events)
    assert merits.of_prompts() == told(*events).of_prompts()
    assert all(0.0 <= (merits.of_prompt(name).mean or 0.0) <= 1.0 for name in "ab")
    assert sum(merits.of_prompt(name).uses for name in "ab") == len(events)


def test_places_are_a_half_in_the_mean_when_nothing_matters() -> None:
    rng = np.random.default_rng(1)
    merits = told(*(made(number, float(score), "a") for number, score in enumerate(rng.normal(size=3_000), 1)))
    assert merits.of_prompt("a").mean == pytest.approx(0.5, abs=0.02)
