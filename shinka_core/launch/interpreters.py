"""Where an interpreter and everything it imports from lie, so that a sandbox can show all of it.

A virtual environment may be a link to another place, its `python` a chain of links (as uv makes them) into
a folder in somebody's home, and its packages links again. What is to be found under a name has to be shown
under that name, so every step of a chain counts.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ASK_LIMIT = 20.0
LONGEST_CHAIN = 20
_ASK = (
    "import json, sys; print(json.dumps([sys.executable, "
    "[sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]]))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python.

    Attributes:
        program: What starts it.
        folders: What it needs, as named and without links.
    """

    program: str
    folders: tuple[Path, ...]


@functools.cache
def own() -> Interpreter:
    """The one that runs this."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    project = Path(__file__).resolve().parents[2]  # an editable install imports from here
    return Interpreter(sys.executable, folders_of(sys.executable, [*prefixes, *sys.path, str(project)]))


@functools.lru_cache(maxsize=8)
def named(python: str) -> Interpreter:
    """Another one, asked where it imports from; the name may be that of a script that looks for the real one."""
    program = os.path.abspath(shutil.which(python) or python)
    try:
        done = subprocess.run([program, "-c", _ASK], capture_output=True, text=True, timeout=ASK_LIMIT, check=True)
        executable, places = json.loads(done.stdout.strip().splitlines()[-1])
        return Interpreter(executable or program, folders_of(executable or program, [*places]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return Interpreter(program, folders_of(program, ()))  # the first evaluation tells what is wrong with it


def folders_of(program: str, places: Iterable[str]) -> tuple[Path, ...]:
    """The folders around every step of the program's chain of links, and the places themselves."""
    around = [step.parent.parent for step in steps(Path(os.path.abspath(program)))]
    wanted = [*around, *(Path(os.path.abspath(place)) for place in places if place and os.path.exists(place))]
    found = [step for folder in wanted for step in steps(folder)]
    return tuple(dict.fromkeys(folder for folder in found if folder.exists() and len(folder.parts) > 1))


def steps(path: Path) -> Iterator[Path]:
    """A path, what it links to, what that links to, and at the end the path without any link."""
    for _ in range(LONGEST_CHAIN):
        yield path
        if not path.is_symlink():
            break
        path = Path(os.path.abspath(path.parent / path.readlink()))
    yield path.resolve()
