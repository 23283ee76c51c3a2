"""Evaluators that a program gives as functions of its own.

A run's evaluator is a file, whose text is kept in mind: a run that is resumed is judged as it was before. For a function
that file is a few lines which call it, under the function's text, and a process that has not given it says so.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import marshal
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from shinka_core.errors import ConfigError
from shinka_core.evaluation.harness import load_program, module_of

GivenEvaluator = Callable[..., Any]
# Parameters that are handed the loaded program, and not its path.
MODULES = ("program", "module")
SCORE = "combined_score"
_given: dict[str, GivenEvaluator] = {}


def text_of(function: GivenEvaluator) -> str:
    """The text of an evaluator that calls the function, which is given for this process.

    Raises:
        ConfigError: It is not called with a program alone, or with a program and a results folder.
    """
    if not callable(function) or not 1 <= _places(function) <= 2:
        raise ConfigError(
            f"evaluate={function!r} is no function of a program; give one of (program_path), of (program), which is the "
            "loaded module, or of (program_path, results_dir)"
        )
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):  # typed at a prompt, or of a class with __call__
        code = getattr(function, "__code__", None) or type(function).__call__.__code__
        source = f"{type(function).__name__} {hashlib.sha256(marshal.dumps(code)).hexdigest()}"
    kind = getattr(function, "__qualname__", type(function).__qualname__)
    name = f"{kind}-{hashlib.sha256(source.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
    _given[name] = function
    shown = "".join(f"# {line}\n" for line in source.splitlines())
    return (
        f"{shown}from shinka_core.launch.given import call\n\n\n"
        f"def evaluate(program_path, results_dir, **more):\n    return call({name!r}, program_path, results_dir, more)\n"
    )


def call(name: str, program_path: str, results_dir: str, more: Mapping[str, Any]) -> Any:
    """Calls the function of that name, in the thread of the evaluation.

    Args:
        more: `extra_cmd_args` and what else evaluators are given by name.

    Returns:
        What evaluators in this process return: metrics, or metrics, whether the program is correct, and an error.

    Raises:
        ConfigError: This process has not given it.
    """
    function = _given.get(name)
    if function is None:
        raise ConfigError(
            f"the evaluator {name!r} is a function that another process has given; continue the run from the program that "
            "has it, or give an evaluator as a file"
        )
    program: Any = load_program(module_of(program_path)) if _wants_module(function) else program_path
    found = function(program, results_dir, **more) if _places(function) == 2 else function(program, **more)
    if inspect.isawaitable(found):
        found = asyncio.run(_awaited(found))
    if isinstance(found, bool) or not hasattr(found, "__float__"):
        return found
    return {SCORE: float(found)}


def write_evaluator(function: GivenEvaluator, path: Path) -> None:
    """The evaluator that calls the function, as a file.

    Raises:
        ConfigError: It is no such function.
    """
    text = text_of(function)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


async def _awaited(found: Any) -> Any:
    return await found


def _places(function: GivenEvaluator) -> int:
    """Arguments that it has to be given by their places."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    required = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    return len([one for one in required if one.default is one.empty])


def _wants_module(function: GivenEvaluator) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and (first.annotation in (ModuleType, "ModuleType") or first.name in MODULES)
