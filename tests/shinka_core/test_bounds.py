"""What is too large is cut, and the cut is marked."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shinka_core.bounds import as_float, bounded, shortened, within
from tests.support.generated import fewer

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=300)
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=5), inner, max_size=30)
)


def test_what_is_cut_says_how_much() -> None:
    assert shortened("a" * 10, 10) == "a" * 10
    assert shortened("a" * 50 + "b" * 50, 10) == "aaaaa\n[... 90 characters left out ...]\nbbbbb"
    assert shortened("a" * 50, 0) == "\n[... 50 characters left out ...]\n"
    assert len(within("a" * 10_000, 100)) <= 100
    assert bounded({"a": list(range(100))}, 100)["a"][-1] == "... 88 more left out"
    assert bounded({str(n): "x" * 20 for n in range(100)}, 100)["..."] == "96 more left out"
    assert "characters left out" in bounded({"a": "x" * 1_000}, 100)["a"]


@fewer(10, in_ci=200)
@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=10))
def test_what_fits_is_kept_and_nothing_is_longer_than_the_limit(value: dict[str, Any]) -> None:
    assert bounded(value, 10_000_000) == value
    assert len(json.dumps(bounded(value, 500), ensure_ascii=False, separators=(",", ":"))) < 500 + 600


def test_depth_and_long_numbers_are_bounded_too() -> None:
    deep: Any = "here"
    for _ in range(900):
        deep = [deep]
    assert "too deep" in json.dumps(bounded({"deep": deep}, 1_000))
    assert len(bounded({"numbers": [10**1_000] * 100}, 3_000)["numbers"]) < 12


def test_an_integer_that_is_too_large_for_a_float_is_infinite() -> None:
    assert as_float(10**400) == float("inf")
    assert as_float(-(10**400)) == float("-inf")
    assert as_float(True) == 1.0
