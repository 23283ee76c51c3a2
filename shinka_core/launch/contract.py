"""By which contract an evaluator is called, told by its text alone: nothing of it is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from shinka_core.python_tree import python_tree

FUNCTION = "evaluate"
SHELL_SCRIPT = "evaluate.sh"
SHELL_FOLDER = "evaluator"
# Where a container would have the evaluator.
IN_A_CONTAINER = re.compile(r"(?<![\w./])/benchmark/")
# A script that does something when it is run, and has these in it, reads its arguments or writes its results itself.
_OF_A_SCRIPT = ("results_dir", "results-dir")
_RESULT = "correct.json"
_HARNESSES = ("run_shinka_eval", "run_judge")
_IDLE = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign


def is_function(text: str | bytes) -> bool:
    """Whether a Python evaluator is `evaluate(program_path)`, for others to call, and no script of this project's contract.

    The function may be defined, also in one branch of several, imported, or assigned.

    Args:
        text: Of the file.
    """
    try:
        tree = python_tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    statements = list(_statements(tree.body))
    words = {word.strip("-") for node in ast.walk(tree) for word in _words(node)}
    does_something = _does_something(tree.body)
    if words.intersection(_HARNESSES):
        return False
    if does_something and (words.intersection(_OF_A_SCRIPT) or any(word.endswith(_RESULT) for word in words)):
        return False
    defined = [node for node in statements if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    if any(node.name == FUNCTION for node in defined):
        return any(node.name == FUNCTION and _takes_one(node.args) for node in defined)
    # What the name stands for is not to be seen here, so the file has to be of no use as a script.
    return not does_something and any(_brings(node) for node in statements)


def prints_json(path: Path, text: str) -> bool:
    """Whether it is a shell script as SkyDiscover has it, called with the program and a mode, which prints its result."""
    return (
        path.name == SHELL_SCRIPT
        and path.parent.name == SHELL_FOLDER
        and re.search(r"\$\{?1\b", text) is not None
        and "$@" not in text
        and "results_dir" not in text
    )


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Those that are carried out on import, whatever the conditions are."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and not _is_guard(node):
            yield from _statements([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            handled = [inner for handler in node.handlers for inner in handler.body]
            yield from _statements([*node.body, *handled, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.With):
            yield from _statements(node.body)


def _does_something(body: Sequence[ast.stmt]) -> bool:
    """Whether running the file comes to more than definitions: it says what runs when it is the program, or ends so."""
    if any(isinstance(node, ast.If) and _is_guard(node) for node in body):
        return True
    last = list(_statements(body))[-1:]
    return any(
        not isinstance(node, _IDLE | ast.Pass | ast.Raise | ast.If | ast.Try) and not _is_text(node) for node in last
    )


def _is_guard(node: ast.If) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _brings(node: ast.stmt) -> bool:
    """Whether a statement binds the name to something made elsewhere."""
    match node:
        case ast.ImportFrom(names=names):
            return any((each.asname or each.name) in (FUNCTION, "*") for each in names)
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            return name == FUNCTION and value is not None and not isinstance(value, ast.Constant)
        case _:
            return False


def _takes_one(arguments: ast.arguments) -> bool:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    return required == 1 or (required == 0 and bool(positional or arguments.vararg))


def _words(node: ast.AST) -> tuple[str, ...]:
    """The names and texts in one node that may be of this project's contract."""
    match node:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.arg(arg=name) | ast.alias(name=name) | ast.Attribute(attr=name):
            return (name,)
        case _:
            return ()
