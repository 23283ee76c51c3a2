"""Options that are said more than once."""

from __future__ import annotations

import pytest

from flows.terminal.main import app
from flows.terminal.repeated import last_of_each


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("task --generations 1 --generations 2", "task --generations 2"),
        ("task --generations=1 --quiet --generations 2 --quiet", "task --generations 2 --quiet"),
        ("--generations 1 task --generations=2", "task --generations=2"),
        ("task --model a --model b --seed 1", "task --model a --model b --seed 1"),
        ("task --generations", "task --generations"),
        ("--seed 1 -- --seed 2", "--seed 1 -- --seed 2"),
        ("task --no-such 1 --no-such 2", "task --no-such 1 --no-such 2"),
        ("task --seed -1 --seed -2", "task --seed -2"),
    ],
)
def test_the_last_one_counts(said: str, meant: str) -> None:
    assert last_of_each(app, said.split()) == meant.split()
