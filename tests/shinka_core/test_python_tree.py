"""Programs are parsed in many threads, whatever else these do meanwhile."""

from __future__ import annotations

import ast
import gc
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from shinka_core import python_tree as module
from shinka_core.python_tree import ATTEMPTS, python_tree

LONG = Path(ast.__file__).read_text(encoding="utf-8")


@contextmanager
def threads_that_change_while_a_tree_is_built() -> Iterator[None]:
    """Lets every collection of garbage give way to another thread, as a finaliser may."""

    def give_way(phase: str, info: dict[str, int]) -> None:
        time.sleep(0.0001)

    usual = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(200)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.callbacks.remove(give_way)


@pytest.mark.slow
def test_trees_that_are_built_at_the_same_time() -> None:
    with threads_that_change_while_a_tree_is_built(), ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(python_tree, [LONG] * 16))
    assert {len(tree.body) for tree in trees} == {len(ast.parse(LONG).body)}


def test_the_parser_that_others_disturb_is_asked_again_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    failures = ATTEMPTS - 1

    def disturbed(code: str) -> ast.Module:
        nonlocal asked
        asked += 1
        if asked <= failures:
            raise SystemError("AST constructor recursion depth mismatch (before=18, after=9)")
        return real(code)

    real = ast.parse
    monkeypatch.setattr(module.ast, "parse", disturbed)
    assert len(python_tree("x = 1").body) == 1
    asked, failures = 0, ATTEMPTS
    with pytest.raises(MemoryError, match="depth mismatch"):
        python_tree("x = 1")


@pytest.mark.parametrize("wrong", ["x = = 1", "x = '\0'", "x = '\ud800'", "(" * 10_000, "-" * 100_000 + "1"])
def test_what_is_no_program(wrong: str) -> None:
    with pytest.raises((SyntaxError, ValueError, RecursionError, MemoryError)):
        python_tree(wrong)
