"""The function of an evaluator that is called in this process."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shinka_core.config import InProcessJobConfig
from shinka_core.errors import ConfigError
from shinka_core.evaluation.called import call
from shinka_core.evaluation.returned import as_result, plain_json
from shinka_core.python_tree import python_tree

USUAL = ("evaluate", "main")
_numbers = itertools.count(1)
REMEDY = "give it `def evaluate(program_path, results_dir)`, name its `function`, or choose kind: local (section 'job')"


def check_function(config: InProcessJobConfig) -> None:
    """Whether the evaluator seems to have the function, by its text alone.

    Raises:
        ConfigError: It has not, or a setting is of no use for a function.
    """
    if config.seed_variable is not None:
        raise ConfigError(
            f"seed_variable={config.seed_variable!r} cannot be set for one thread of a process (kind: in_process); "
            "use seed_argument"
        )
    path = Path(config.eval_program_path)
    try:
        tree = python_tree(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"eval_program_path={str(path)!r} cannot be read: {error}; name the evaluator") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ConfigError(
            f"eval_program_path={str(path)!r} is no Python ({error}), so kind: in_process cannot call it; choose kind: local"
        ) from error
    if config.function is not None:
        return  # it may come from anywhere
    if not any(_is_function(node) or _brings_function(node) for node in tree.body):
        raise ConfigError(f"eval_program_path={str(path)!r} has no function for kind: in_process; {REMEDY}")


def load_function(path: Path, name: str | None, score: str | None = None) -> Callable[..., Any]:
    """Imports the evaluator and finds its function.

    Its folder can be imported from, as when it is run; the working directory stays what it is.

    Args:
        score: Which number of one that is a function of the program's path alone is the score; None: combined_score.

    Raises:
        ConfigError: It cannot be imported, or has none.
    """
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    module_name = f"shinka_evaluator_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"eval_program_path={str(path)!r} is no Python, so kind: in_process cannot call it")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[module_name]
        raise ConfigError(
            f"eval_program_path={str(path)!r} cannot be imported: {type(error).__name__}: {error}; mend it, or choose "
            "kind: local (section 'job'), which runs it"
        ) from error
    there = {wanted: getattr(module, wanted, None) for wanted in (USUAL if name is None else (name,))}
    functions = {wanted: function for wanted, function in there.items() if callable(function)}
    alone = {wanted: function for wanted, function in functions.items() if _takes_the_path_alone(function)}
    # Where there are both, the one that is made for this project counts.
    for wanted, function in functions.items():
        if wanted not in alone and _callable_with_two(function):
            return function
    for wanted, function in alone.items():
        if wanted != USUAL[1]:  # `main` of one argument is a script's
            return _told_in_two(function, score)
    for function in functions.values():
        if _callable_with_two(function):
            return function
    asked = f"no function {name!r} of (program_path, results_dir)" if name else "no function for kind: in_process"
    raise ConfigError(f"eval_program_path={str(path)!r} has {asked}; {REMEDY}")


def _is_function(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name not in USUAL:
        return False
    arguments = node.args
    wanted = 1 if node.name == USUAL[0] else 2  # `main` of one argument is a script's, not of the program's path
    return len([*arguments.posonlyargs, *arguments.args]) >= wanted or arguments.vararg is not None


def _told_in_two(function: Callable[..., Any], score: str | None) -> Callable[..., Any]:
    """A function of the program's path alone, as one that tells metrics, whether it is correct, and an error."""

    def evaluate(program_path: str, results_dir: str, **given: Any) -> Any:
        del results_dir
        metrics, correct, error = as_result(call(function, program_path, given), score)
        return json.loads(plain_json(metrics)), correct, error

    return evaluate


def _takes_the_path_alone(function: Callable[..., Any]) -> bool:
    """Whether the first argument is all that it has to be given, and the next is not for its results."""
    try:
        first, *others = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [other for other in others if other.kind in (other.POSITIONAL_ONLY, other.POSITIONAL_OR_KEYWORD)]
    open_ended = any(each.kind is each.VAR_POSITIONAL for each in (first, *others))
    return not open_ended and all(
        other.default is not other.empty and other.name != "results_dir" for other in positional
    )


def _callable_with_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind_partial("", "")
    except (TypeError, ValueError):
        return False
    return True


def _brings_function(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and any(
        (alias.asname or alias.name) in (*USUAL, "*") for alias in node.names
    )
