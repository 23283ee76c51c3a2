"""Texts as runs in a table of lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shinka_core.report.texts import Lines, told

LINE = st.text(st.characters(blacklist_characters="\n"), max_size=8)
TEXT = st.lists(LINE, max_size=30).map("\n".join)


@given(st.lists(TEXT, max_size=10))
def test_every_text_comes_back_and_every_line_is_stored_once(texts: list[str]) -> None:
    lines = Lines()
    runs = [lines.add(text) for text in texts]
    assert [lines.text(one) for one in runs] == texts
    assert [lines.add(text) for text in texts] == runs or len(set(lines.table())) == len(lines.table())
    assert len(set(lines.table())) == len(lines.table())
    assert lines.size == sum(len(line) + 1 for line in lines.table())


def test_a_child_that_changes_a_line_costs_a_line_and_three_runs() -> None:
    lines = Lines()
    parent = [f"line {number}" for number in range(100)]
    assert lines.add("\n".join(parent)) == [0, 100]
    assert lines.add("\n".join([*parent[:40], "another", *parent[41:]])) == [0, 40, 100, 1, 41, 59]
    assert len(lines.table()) == 101


def test_what_an_evaluator_said_is_told_as_text() -> None:
    assert told("as it is") == "as it is"
    assert told({"a": 1, "b": "x"}) == "a: 1\nb: x"
    assert told(None) == ""
