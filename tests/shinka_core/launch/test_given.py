"""Functions as evaluators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from shinka_core.errors import ConfigError
from shinka_core.launch.given import call, text_of, write_evaluator

PROGRAM = "SIZE = 1.5\n"


def by_path(path: str) -> float:
    return len(Path(path).read_text())


def by_module(program: Any) -> float:
    return program.SIZE


def by_annotation(thing: ModuleType) -> Any:
    return {"combined_score": thing.__dict__["SIZE"], "text_feedback": "good"}


def with_results(path: str, results_dir: str, n: int = 1) -> tuple[dict[str, float], bool, None]:
    return {"combined_score": float(n)}, results_dir == "out", None


async def awaited(program_path: str) -> float:
    return 2.5


class Judge:
    def __call__(self, program_path: str) -> int:
        return 3


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (by_path, {"combined_score": float(len(PROGRAM))}),
        (by_module, {"combined_score": 1.5}),
        (by_annotation, {"combined_score": 1.5, "text_feedback": "good"}),
        (with_results, ({"combined_score": 2.0}, True, None)),
        (awaited, {"combined_score": 2.5}),
        (Judge(), {"combined_score": 3.0}),
        (lambda path: True, True),
    ],
)
def test_a_function_is_called_as_it_wants_to_be(function: Callable[..., Any], found: Any, tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    program.write_text(PROGRAM)
    write_evaluator(function, tmp_path / "task/evaluate.py")
    names: dict[str, Any] = {}
    exec(compile((tmp_path / "task/evaluate.py").read_text(), "evaluate.py", "exec"), names)
    more = {"n": 2} if function is with_results else {}
    assert names["evaluate"](str(program), "out", **more) == found


@pytest.mark.parametrize("function", [lambda: 1.0, lambda a, b, c: 1.0, "evaluate.py"])
def test_what_is_no_function_of_a_program_is_refused(function: Any) -> None:
    with pytest.raises(ConfigError, match="no function of a program"):
        text_of(function)


def test_the_text_says_which_function_it_is_and_changes_with_it() -> None:
    assert "# def by_path(path: str) -> float:" in text_of(by_path)
    typed: dict[str, Any] = {}
    texts: set[str] = set()
    for number in "112":
        exec(f"def typed(path): return {number}", typed)
        texts.add(text_of(typed["typed"]))
    assert len(texts) == 2


def test_a_function_that_nobody_has_given_is_told() -> None:
    with pytest.raises(ConfigError, match="continue the run from the program that has it"):
        call("nobody-1", "a.py", "out", {})
