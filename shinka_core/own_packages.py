"""Our packages `flows` and `tasks` beside a user's own modules of those names, which come first.

The script that imports us often lies in a project with a `flows/` folder or a `tasks.py`: its folder is the
first that Python looks into. Such a name is then loaded a second time from our own folder, under a parent
that nobody else uses, and our modules' imports of it are led there. The user's modules stay what they are,
for the user's imports, and where no name is taken nothing of this is at work.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

APART = "shinka_apart"
NAMES = ("flows", "tasks")
ROOT = Path(__file__).resolve().parents[1]


def own_name(module: str) -> str:
    """The name under which a module of ours is imported in this process, `flows.runner` as a rule."""
    return f"{APART}.{module}" if module.partition(".")[0] in stand_apart() else module


def own_module(module: str) -> ModuleType:
    """Imports a module of ours, whatever else has its name."""
    return importlib.import_module(own_name(module))


def stand_apart() -> set[str]:
    """Finds out which of our names somebody else has, once, and makes ours importable all the same."""
    if APART in sys.modules:
        return sys.modules[APART].__dict__["taken"]
    taken = {name for name in NAMES if not _is_ours(name)}
    if taken:
        parent = ModuleType(APART, "Our packages whose usual names somebody else has.")
        parent.__path__ = [str(ROOT)]
        parent.__dict__["taken"] = taken
        sys.modules[APART] = parent
        sys.meta_path.insert(0, _Finder(taken))
    return taken


def _is_ours(name: str) -> bool:
    loaded = sys.modules.get(name)
    try:
        spec = find_spec(name) if loaded is None else None
    except (ImportError, ValueError):
        spec = None
    origin = getattr(loaded, "__file__", None) or (spec.origin if spec else None)
    return origin is not None and Path(origin).resolve() == ROOT / name / "__init__.py"


class _Finder(MetaPathFinder):
    """Loads our modules so that they import each other, and not a namesake."""

    def __init__(self, taken: set[str]) -> None:
        self._ours = tuple(f"{name}." for name in NAMES if name not in taken)
        self._builtins = vars(builtins) | {"__import__": _import_around(taken)}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None or not fullname.startswith((f"{APART}.", *self._ours)):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path, self._builtins)
        return spec


class _Loader(SourceFileLoader):
    """Gives a module builtins in which `import` is ours."""

    def __init__(self, fullname: str, path: str, own_builtins: dict[str, Any]) -> None:
        super().__init__(fullname, path)
        self._own_builtins = own_builtins

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._own_builtins
        super().exec_module(module)


def _import_around(taken: set[str]) -> Any:
    usual = builtins.__import__

    def around(
        name: str, globals: Any = None, locals: Any = None, fromlist: Sequence[str] | None = (), level: int = 0
    ) -> ModuleType:
        if level == 0 and name.partition(".")[0] in taken:
            module = importlib.import_module(f"{APART}.{name}")
            if not fromlist:
                return sys.modules[f"{APART}.{name.partition('.')[0]}"]
            # As the usual import does: what is no attribute may be a module.
            name = f"{APART}.{name}"
            return usual(name, globals, locals, fromlist, 0) if hasattr(module, "__path__") else module
        return usual(name, globals, locals, fromlist or (), level)

    return around
