"""Diffs that are kept with every program."""

from __future__ import annotations

import difflib
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.edit.unified import unified_diff
from shinka_core.source import Source
from tests.support.generated import thorough
from tests.support.pace import stretched


def applied(before: list[str], diff: str) -> list[str]:
    """What a unified diff makes of the lines; every line that it shows is looked at."""
    result: list[str] = []
    at = 0
    for line in diff.split("\n")[2:] if diff else []:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            result += before[at:begin]
            at = begin
            continue
        if line[0] != "+":
            assert before[at] == line[1:]
            at += 1
        if line[0] != "-":
            result.append(line[1:])
    return result + before[at:]


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "x = 1"]), max_size=30)


@thorough
@given(LINES, LINES)
def test_a_diff_applied_is_the_candidate(before: list[str], after: list[str]) -> None:
    diff = unified_diff(Source.of("\n".join([*before, "end"]), "text"), Source.of("\n".join([*after, "end"]), "text"))
    assert applied([*before, "end"], diff) == [*after, "end"]


@pytest.mark.parametrize("change", [{5: "five"}, {0: "zero"}, {9: "nine", 2: "two"}])
def test_a_change_is_shown_as_difflib_shows_it(change: dict[int, str]) -> None:
    before = [str(n) for n in range(40)]
    after = [change.get(n, line) for n, line in enumerate(before)]
    shown = difflib.unified_diff(before, after, fromfile="parent", tofile="candidate", lineterm="")
    assert unified_diff(Source.of("\n".join(before), "text"), Source.of("\n".join(after), "text")) == "\n".join(shown)
    assert unified_diff(Source.of("\n".join(before), "text"), Source.of("\n".join(before), "text")) == ""


RNG = random.Random(1)
PLAIN = [f"value_{n} = {n}" for n in range(20_000)]
SAME = [f"x = {RNG.randrange(150)}" for _ in range(20_000)]


@pytest.mark.parametrize(
    ("before", "change"),
    [
        (PLAIN, lambda lines: [line + "x" * (n % 2) for n, line in enumerate(lines)]),
        (PLAIN, lambda lines: RNG.sample(lines, len(lines))),
        (PLAIN, lambda lines: lines[::-1]),
        (SAME, lambda lines: RNG.sample(lines, len(lines))),
        (SAME, lambda lines: [*lines[:10_000], "new", *lines[10_000:]]),
        (["x"] * 20_000, lambda lines: lines[:-5]),
    ],
    ids=["every second", "shuffled", "reversed", "the same shuffled", "one new among the same", "shorter"],
)
def test_no_change_of_twenty_thousand_lines_takes_long(
    before: list[str], change: Callable[[list[str]], list[str]]
) -> None:
    after = change(before)
    started = time.thread_time()
    diff = unified_diff(Source.of("\n".join(before), "text"), Source.of("\n".join(after), "text"))
    took = time.thread_time() - started
    assert took < stretched(1.5)
    assert applied(before, diff) == after
