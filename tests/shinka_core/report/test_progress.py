"""Scores and the running best over generations, time and dollars."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from shinka_core.errors import ConfigError
from shinka_core.report.bands import bands
from shinka_core.report.progress import progress
from tests.support.recorded import BEGAN, call_record, program_record

PROGRAMS = [
    program_record(0, 1.0, second=0),
    program_record(2, 3.0, second=10),
    program_record(1, 2.0, second=20),
    program_record(3, None, second=30),
    program_record(4, 9.0, second=40, correct=False),
    program_record(5, 4.0, second=50),
]


def test_the_best_is_that_of_correct_programs_in_the_order_of_the_record() -> None:
    found = progress(PROGRAMS)
    assert found.generation.tolist() == [0, 2, 1, 3, 4, 5]
    assert found.best.tolist() == [1, 3, 3, 3, 3, 4]
    assert np.isnan(found.score[3])
    assert found.improved.tolist() == [0, 1, 5]
    assert found.seconds.tolist() == [0, 10, 20, 30, 40, 50]


def test_over_generations_the_best_is_that_of_all_generations_up_to_each() -> None:
    x, best = progress(PROGRAMS).steps("generation")
    assert x.tolist() == [0, 1, 2, 3, 4, 5]
    assert best.tolist() == [1, 2, 3, 3, 3, 4]


def test_what_was_spent_is_what_calls_up_to_then_cost() -> None:
    calls = [call_record(1, 0.5, second=5), call_record(2, 0.25, second=20), call_record(3, 8.0, second=60)]
    assert progress(PROGRAMS, calls).dollars.tolist() == [0, 0.5, 0.75, 0.75, 0.75, 0.75]
    assert progress(PROGRAMS, calls[::-1]).dollars.tolist() == [0, 0.5, 0.75, 0.75, 0.75, 0.75]


def test_pauses_between_sessions_are_no_work() -> None:
    began = BEGAN.timestamp()
    sessions = [(began - 5, began + 12), (began + 28, None)]
    assert progress(PROGRAMS, sessions=sessions).seconds.tolist() == [5, 15, 17, 19, 29, 39]


def test_a_seed_program_that_was_replaced_counts_no_more() -> None:
    replaced = program_record(-1, 99.0)
    assert progress([replaced, *PROGRAMS]).best.tolist() == [1, 3, 3, 3, 3, 4]


def test_times_without_a_zone_are_utc_as_sqlite_gives_them() -> None:
    bare = [
        program_record(0, 1.0),
        program_record(1, 1.0, created_at=(BEGAN + timedelta(seconds=7)).replace(tzinfo=None)),
    ]
    assert progress(bare).seconds.tolist() == [0, 7]


def test_nothing_yet_is_no_error() -> None:
    found = progress([])
    assert len(found) == len(found.improved) == len(found.steps("dollars")[0]) == 0
    assert bands([found]).runs == 0
    none_correct = progress([program_record(0, None)])
    assert len(none_correct.improved) == 0
    assert bands([none_correct, progress(PROGRAMS)]).runs == 1


def test_an_axis_that_is_none_is_told() -> None:
    with pytest.raises(ConfigError, match=r"over='tokens' is no axis; choose one of generation"):
        progress(PROGRAMS).over("tokens")  # type: ignore[arg-type]


def test_bands_begin_where_all_have_begun_and_keep_the_last_best() -> None:
    short = progress([program_record(1, 5.0), program_record(2, 6.0)])
    low = progress([program_record(0, 1.0), program_record(4, 2.0)])
    found = bands([short, low])
    assert found.x.tolist() == [1, 2, 4]
    assert found.low.tolist() == [1, 1, 2]
    assert found.high.tolist() == [5, 6, 6]
    assert found.median.tolist() == [3, 3.5, 4]
    assert found.runs == 2
