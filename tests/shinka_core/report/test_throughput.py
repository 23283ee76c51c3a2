"""How busy slots were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.database.chronicle import Timing
from shinka_core.report.throughput import busy, spans, timeline

MOMENT = st.floats(0, 1000)
SPANS = st.lists(st.tuples(MOMENT, st.floats(0.01, 100)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=40)


@given(SPANS, st.integers(1, 50))
def test_what_is_busy_in_all_parts_is_as_long_as_the_spans_together(
    found: list[tuple[float, float]], bins: int
) -> None:
    edges = np.linspace(-1.0, 1101.0, bins + 1)
    values = busy(found, edges)
    assert (values * np.diff(edges)).sum() == pytest.approx(sum(end - start for start, end in found), abs=1e-6)
    assert (values >= -1e-9).all()
    assert values.max(initial=0.0) <= len(found) + 1e-9


BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def timing(id_: int, generation: int, step: str, second: float, turn: int = 0, took: float = 0.0) -> Timing:
    return Timing(id_, generation, step, 0, turn, took, BEGAN + timedelta(seconds=second))


def test_proposals_evaluations_and_the_wait_between_them_are_read_off_the_steps() -> None:
    found = spans([
        timing(1, 1, "sampled", 1.0, took=1.0),
        timing(2, 1, "judged", 5.0),
        timing(3, 1, "submitted", 7.0),
        timing(4, 1, "evaluated", 10.0),
        timing(5, 2, "submitted", 8.0, turn=3),
        timing(6, 2, "evaluated", 9.0, turn=3),
        timing(7, 3, "evaluated", 20.0, took=2.0),
        timing(8, 4, "sampled", 21.0),
    ])  # fmt: skip
    zero = BEGAN.timestamp()
    assert [(start - zero, end - zero) for start, end in found.proposals] == [(0.0, 5.0)]
    assert [(start - zero, end - zero) for start, end in found.waiting] == [(5.0, 7.0)]
    assert [(start - zero, end - zero) for start, end in found.evaluations] == [(7.0, 10.0), (8.0, 9.0), (18.0, 20.0)]


def test_idle_slots_are_told_by_what_they_waited_for() -> None:
    zero = BEGAN.timestamp()
    found = spans([
        timing(1, 1, "sampled", 0.0), timing(2, 1, "judged", 10.0), timing(3, 1, "submitted", 20.0), timing(4, 1, "evaluated", 50.0),
    ])  # fmt: skip
    sessions = [(zero, zero + 50.0), (zero + 90.0, zero + 100.0)]
    told = timeline(found, [(zero + 1, zero + 9)], sessions, (4, 2), zero + 100.0)["idle"]
    assert told["busy"] == pytest.approx(30.0)
    assert told["a candidate was about to start"] == pytest.approx(10.0, abs=0.5)
    assert told["no process had the run open"] == pytest.approx(80.0, abs=0.5)
    assert sum(told.values()) == pytest.approx(200.0)


def test_a_run_of_which_nothing_is_known_has_no_timeline() -> None:
    assert timeline(spans([]), [], [], (1, 1), 0.0)["edges"] == []
