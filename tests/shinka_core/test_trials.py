"""A run keeps to the share of its evaluations that may be made on the way to candidates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shinka_core.program import Failure
from shinka_core.record import Ended, Pull, Recorded
from shinka_core.trials import TrialCount


def program(generation: int, trials: int) -> Recorded:
    pull = Pull("tune", "", trials=trials, seconds=float(trials))
    return Recorded(generation + 1, f"p{generation}", generation, 0, (0,), 1.0, True, None, pulls=(pull,))


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60), st.floats(0.0, 0.99))
def test_trials_never_pass_their_share_whatever_is_tried_and_however_it_ends(
    pulls: list[tuple[int, bool]], share: float
) -> None:
    count = TrialCount()
    count.apply(program(0, 0))
    for generation, (wanted, recorded) in enumerate(pulls, 1):
        allowed = count.allowed(wanted, share)
        assert 0 <= allowed <= wanted
        count.expect(generation, 0, allowed)
        end = Ended(generation, Failure("propose", "x", "y"), (Pull("tune", "", trials=allowed),))
        count.apply(program(generation, allowed) if recorded else end)
        assert count.trials <= share * (count.evaluations + 1) + 1e-6


def test_samplings_under_way_are_counted_before_they_end() -> None:
    count = TrialCount()
    for generation in range(10):
        count.apply(program(generation, 0))
    assert count.allowed(100, 0.5) == 11
    count.expect(10, 0, 8)
    count.expect(10, 0, 8)
    assert count.allowed(100, 0.5) == 4
    assert count.allowed(100, 1.0) == 100
    count.apply(program(10, 2))
    assert (count.trials, count.evaluations) == (2, 13)
    assert count.allowed(100, 0.5) == 10


def test_what_is_left_of_a_limit_is_what_nobody_under_way_may_need() -> None:
    count = TrialCount()
    for generation in range(10):
        count.apply(program(generation, 1))
    assert count.left(50) == 50 - 20 - 1
    count.expect(10, 0, 8)
    count.expect(11, 0, 0)
    assert count.left(50) == 50 - 20 - (8 + 1) - 1 - 1
    assert count.left(25) == 0
