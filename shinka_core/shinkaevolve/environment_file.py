"""`load_shinka_dotenv`: keys from a file `.env`, when a script asks for it and never by itself."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from shinka_core.errors import ConfigError


def load_shinka_dotenv(package_root: Path | None = None, cwd: Path | None = None) -> tuple[Path, ...]:
    """Sets the variables that stand in `.env` files in this process's environment.

    Args:
        package_root: A folder whose `.env` counts first; None: none.
        cwd: The folder whose `.env` counts over it; None: the working directory.

    Returns:
        The files that were there.

    Raises:
        ConfigError: What reads them is not installed.
    """
    folders = [folder for folder in (package_root, cwd or Path.cwd()) if folder is not None]
    found = tuple(dict.fromkeys(file for folder in folders if (file := folder / ".env").is_file()))
    if not found:
        return ()
    try:
        dotenv: Any = import_module("dotenv")
    except ImportError as error:
        raise ConfigError(
            f"{found[0]} is read by python-dotenv, which is not installed (pip install python-dotenv)"
        ) from error
    for file in found:
        dotenv.load_dotenv(dotenv_path=file, override=True)
    return found
