"""The function of an evaluator that is called in this process."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shinka_core.config import InProcessJobConfig
from shinka_core.errors import ConfigError
from shinka_core.python_tree import python_tree

USUAL = ("evaluate", "main")
OWN_ARGUMENTS = 2
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


def load_function(path: Path, name: str | None) -> Callable[..., Any]:
    """Imports the evaluator and finds its function.

    Its folder can be imported from, as when it is run; the working directory stays what it is.

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
    for wanted in USUAL if name is None else (name,):
        function = getattr(module, wanted, None)
        if callable(function) and _callable_with_two(function):
            return function
    asked = f"no function {name!r} of (program_path, results_dir)" if name else "no function for kind: in_process"
    raise ConfigError(f"eval_program_path={str(path)!r} has {asked}; {REMEDY}")


def _is_function(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef) or node.name not in USUAL:
        return False
    arguments = node.args
    return len([*arguments.posonlyargs, *arguments.args]) >= OWN_ARGUMENTS or arguments.vararg is not None


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
