"""How a person calls a command of the project from where this process was started."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

# Scripts of a checkout; what is installed has no such file to name.
FOLDER = Path(__file__).parent


def called(command: str, named: str | None = None) -> str:
    """`python flows/report.py` in a process that one of the scripts began, and else `shinka report`.

    Args:
        named: The script's name where it is not the command's.
    """
    script = Path(sys.argv[0])
    by_script = script.parent.name == FOLDER.name and (FOLDER / script.name).is_file()
    return f"python {FOLDER.name}/{named or command}.py" if by_script else f"shinka {command}"


def version() -> str:
    """Of the installed project."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("shinka-prefect")
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"


def typed(path: str) -> str:
    """A path as a person types it into a shell: quoted where it has to be, and never taken for an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)
