"""How many proposals are kept in flight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.pacing import Pacing


def paced(proposals: int, evaluations: int, most: float, proposal: float, evaluation: float) -> Pacing:
    pacing = Pacing(proposals, evaluations, most)
    pacing.proposal_seconds.add(proposal)
    pacing.evaluation_seconds.add(evaluation)
    return pacing


@pytest.mark.parametrize(
    ("proposal", "evaluation", "waiting", "target"),
    [(10.0, 5.0, 0, 20), (10.0, 5.0, 4, 16), (5.0, 10.0, 0, 10), (100.0, 1.0, 0, 30), (1.0, 0.0, 0, 30)],
)
def test_as_many_as_keep_the_evaluation_slots_full(
    proposal: float, evaluation: float, waiting: int, target: int
) -> None:
    assert paced(10, 10, 3.0, proposal, evaluation).target(waiting) == target


def test_before_anything_is_known_as_many_as_were_asked_for() -> None:
    assert Pacing(7, 3, 2.0).target(0) == 7


@given(
    st.integers(1, 500),
    st.integers(1, 500),
    st.floats(1, 5),
    st.floats(0, 1e6),
    st.floats(0, 1e6),
    st.integers(0, 2000),
)
def test_never_fewer_than_asked_for_and_never_more_than_allowed(
    proposals: int, evaluations: int, most: float, proposal: float, evaluation: float, waiting: int
) -> None:
    assert proposals <= paced(proposals, evaluations, most, proposal, evaluation).target(waiting) <= proposals * most


def test_candidates_do_not_pile_up_where_evaluations_take_long() -> None:
    pacing = paced(10, 4, 1.0, proposal=1.0, evaluation=60.0)
    assert pacing.in_flight(waiting=9) == 4 + 2 + 1
    assert pacing.in_flight(waiting=1) == 7


def test_where_proposals_take_long_all_are_made_that_were_asked_for() -> None:
    pacing = paced(10, 4, 1.0, proposal=60.0, evaluation=1.0)
    assert pacing.in_flight(waiting=1) == pacing.most_in_flight == 24


def test_an_empty_slot_lets_in_a_few_more_each_time() -> None:
    pacing = paced(10, 4, 1.0, proposal=1.0, evaluation=60.0)
    pacing.in_flight(waiting=3)
    assert [pacing.in_flight(waiting=0) for _ in range(12)] == [9, 11, 13, 15, 17, 19, 21, 23, 24, 24, 24, 24]
    assert pacing.in_flight(waiting=2) == 7


def test_before_anything_is_known_a_slot_for_each_proposal_and_evaluation() -> None:
    assert Pacing(10, 4, 1.0).in_flight(waiting=5) == 14
