"""What an evolution's scores rest on: the contents of its seed program and of its evaluator, as digests."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from shinka_core.python_tree import python_tree
from shinka_core.source_folder import list_files

EVALUATOR = "evaluator"


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or of a program's folder: of the paths and contents of its files.

    Raises:
        OSError: It cannot be read.
        ConfigError: The folder is no program.
    """
    if not path.is_dir():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    files = list_files(path)
    return hashlib.sha256(
        "".join(f"{name}\0{digest_of(place)}\0" for name, place in sorted(files.items())).encode()
    ).hexdigest()


def evaluator_digests(evaluator: Path) -> dict[str, str]:
    """Digests of an evaluator, as `EVALUATOR`, and of the modules in its folder that it imports, by path in there.

    Data that it reads, and what it imports from elsewhere, are not looked at.

    Raises:
        OSError: The evaluator cannot be read.
    """
    folder = evaluator.parent
    found = {EVALUATOR: digest_of(evaluator)}
    unread = [evaluator]
    while unread:
        for path in _imported(unread.pop(), folder):
            name = str(path.relative_to(folder))
            if path != evaluator and name not in found:
                found[name] = digest_of(path)
                unread.append(path)
    return found


def changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """What is not what it was, by the names of `evaluator_digests`."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _imported(module: Path, folder: Path) -> Iterator[Path]:
    if module.suffix != ".py":
        return
    try:
        tree = python_tree(module.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(folder, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = folder if node.level == 0 else module.parents[node.level - 1]
            parts = node.module.split(".") if node.module else []
            if base.is_relative_to(folder):
                yield from _files(base, parts)
                for alias in node.names:
                    yield from _files(base, [*parts, alias.name])


def _files(base: Path, parts: list[str]) -> Iterator[Path]:
    """The files that are read when a dotted name is imported."""
    for count in range(1, len(parts) + 1):
        place = base.joinpath(*parts[:count])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                yield path
