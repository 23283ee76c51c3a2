"""By which contract an evaluator is called, told by its text alone: nothing of it is imported."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from shinka_core.python_tree import python_tree

FUNCTION = "evaluate"
# A script that has these in it reads its arguments or writes its results itself.
_OWN_SCRIPT = ("results_dir", "results-dir", "metrics.json", "correct.json", "run_shinka_eval")
SHELL_SCRIPT = "evaluate.sh"
SHELL_FOLDER = "evaluator"
# Where a container would have the evaluator.
IN_A_CONTAINER = re.compile(r"(?<![\w./])/benchmark/")


def is_function(text: str | bytes) -> bool:
    """Whether a Python evaluator is `evaluate(program_path)`, for others to call, and no script of this project's contract.

    Args:
        text: Of the file.
    """
    try:
        tree = python_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if not any(node.name == FUNCTION and _takes_one(node.args) for node in defined):
        return False
    return not any(word.strip("-") in _OWN_SCRIPT for node in ast.walk(tree) for word in _words(node))


def prints_json(path: Path, text: str) -> bool:
    """Whether it is a shell script as SkyDiscover has it, called with the program and a mode, which prints its result."""
    return (
        path.name == SHELL_SCRIPT
        and path.parent.name == SHELL_FOLDER
        and re.search(r"\$\{?1\b", text) is not None
        and "$@" not in text
        and "results_dir" not in text
    )


def _takes_one(arguments: ast.arguments) -> bool:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    return required == 1 or (required == 0 and bool(positional))


def _words(node: ast.AST) -> tuple[str, ...]:
    """The names and texts in one node that may be of this project's contract."""
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.arg(arg=name) | ast.alias(name=name) | ast.Attribute(attr=name):
            return (name,)
        case _:
            return ()
