"""When the best program is tuned beside the proposals of models."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shinka_core.config import EvolutionConfig, TuningSettings
from shinka_core.program import Failure
from shinka_core.record import Ended, Pull, Recorded
from shinka_core.tuning import Tuning

TUNED = "tune"


def program(number: int, score: float | None, operator: str = "diff", trials: int = 0, parent: str = "p0") -> Recorded:
    pull = Pull(operator, "", trials=trials, parent=parent)
    return Recorded(number + 1, f"p{number}", number, 0, (0,), score, score is not None, parent, pulls=(pull,))


def nothing(number: int, trials: int, parent: str, operator: str = TUNED) -> Ended:
    return Ended(number, Failure("propose", "nothing_runs", ""), (Pull(operator, "", trials=trials, parent=parent),))


def after(programs: int, **settings: float) -> Tuning:
    """With so many programs, none better than the seed program."""
    tuning = Tuning(TuningSettings.model_validate({"wait": 5, "trials": 20, "patience": 4, **settings}))
    for number in range(programs):
        tuning.apply(program(number, 1.0))
    return tuning


def shares(tuning: Tuning, best: str, draws: int = 4000) -> float:
    """How often it is due."""
    rng = np.random.default_rng(0)
    return sum(tuning.due(best, 100, rng) > 0 for _ in range(draws)) / draws


def test_the_first_comes_after_so_many_programs_and_alone() -> None:
    tuning, rng = after(4), np.random.default_rng(0)
    assert tuning.due("p0", 100, rng) == 0
    tuning.apply(program(4, 1.0))
    assert tuning.due("p0", 100, rng) == 20
    tuning.expect(5, TUNED)
    assert tuning.due("p0", 100, rng) == 0, "one at a time"
    tuning.expect(6, "diff")
    tuning.apply(program(6, 1.0))
    assert tuning.due("p0", 100, rng) == 0, "another proposal's end is none of its own"
    tuning.apply(program(5, 2.0, TUNED, 20))
    assert shares(tuning, "p5") > 0


def test_it_has_the_trials_that_there_is_room_for_or_none() -> None:
    tuning, rng = after(9), np.random.default_rng(0)
    assert [tuning.due("p0", room, rng) for room in (100, 20, 19, 4, 3, 0)] == [20, 20, 19, 4, 0, 0]


def test_what_was_tuned_in_vain_is_left_alone_until_there_is_a_better_one() -> None:
    tuning = after(9)
    tuning.expect(9, TUNED)
    tuning.apply(nothing(9, 4, "p0"))
    assert shares(tuning, "p0") == 0
    assert shares(tuning, "p10") > 0


def test_a_tuning_that_is_no_better_than_its_parent_was_in_vain() -> None:
    tuning = after(9)
    tuning.apply(program(9, 0.5, TUNED, 20))
    assert shares(tuning, "p0") == 0


def test_evaluations_go_where_they_gain_more() -> None:
    pays, does_not = after(40), after(40)
    for number in range(40, 44):
        pays.apply(program(number, 1.0 + number, TUNED, 20, parent=f"p{number - 1}"))
        does_not.apply(program(number, 0.9, TUNED, 20, parent=f"p{number - 1}"))
        does_not.apply(program(number + 100, 1.0 + number))
    assert pays.share == 0.5, "never more than `most`"
    assert does_not.share == 0.05, "never less than `least`"
    of_evaluations = [share * 20 / (share * 20 + 1 - share) for share in (shares(pays, "x"), shares(does_not, "x"))]
    assert of_evaluations == [pytest.approx(0.5, abs=0.05), pytest.approx(0.05, abs=0.03)]


def test_what_gained_long_ago_counts_less() -> None:
    tuning = after(40, most=0.9)
    tuning.apply(program(40, 3.0, TUNED, 20))
    tuning.apply(program(41, 5.0))
    assert tuning.share < 0.5, "two gained by one evaluation, two by 21"
    for number in range(42, 142):
        tuning.apply(program(number, 1.0))
    assert tuning.share == 0.9, "the others have gained nothing for a long time"
    tuning.apply(program(142, 50.0))
    assert tuning.share < 0.2


@given(
    st.lists(
        st.tuples(st.sampled_from(["diff", TUNED]), st.one_of(st.none(), st.floats(-1e300, 1e300)), st.integers(0, 50)),
        max_size=60,
    )
)
def test_whatever_happens_the_share_keeps_to_its_bounds(events: list[tuple[str, float | None, int]]) -> None:
    tuning = after(6)
    for number, (operator, score, trials) in enumerate(events, 6):
        tuning.expect(number, operator)
        tuning.apply(
            program(number, score, operator, trials) if trials % 3 else nothing(number, trials, "p1", operator)
        )
        assert 0.05 <= tuning.share <= 0.5
        assert 0 <= tuning.due("p2", 7, np.random.default_rng(number)) <= 7


def test_an_operator_of_the_settings_takes_its_place() -> None:
    assert EvolutionConfig().tuning == TuningSettings()
    assert EvolutionConfig(patch_types=["diff", "tune"], patch_type_probs=[0.5, 0.5]).tuning is None
    with pytest.raises(ValidationError, match="patch_types holds 'tune' and tuning does the same"):
        EvolutionConfig.model_validate({"patch_types": ["tune"], "patch_type_probs": [1], "tuning": {}})
    with pytest.raises(ValidationError, match=r"least=0.7 is more than most=0.5"):
        TuningSettings(least=0.7)
