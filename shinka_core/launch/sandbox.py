"""Evaluations behind bubblewrap: Linux namespaces that any user may make.

Inside, the file system is read-only but for the results folder and a private /tmp; the home
folder, other generations and the database are not there; there is no network; and all processes
die with the first one, daemons included.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE_LIMIT = 10.0
PRIVATE = Path("/tmp")
_NAMESPACES = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
# Graphics cards, for evaluators of kernels; the rest of /dev is bubblewrap's minimal one.
_DEVICES = ("nvidia*", "dri", "kfd")


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an evaluation sees of the machine.

    Attributes:
        hidden: Folders and files that are not there inside.
        readable: Shown read-only although a hidden folder holds them.
        writable: The one folder that what is written to stays in.
        network: Whether the machine's network is there.
    """

    hidden: Sequence[Path]
    readable: Sequence[Path]
    writable: Path
    network: bool


@functools.cache
def why_not() -> str:
    """Why evaluations cannot run in a sandbox here, or "" when they can."""
    if sys.platform != "linux":
        return "it needs Linux"
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        return "bubblewrap (bwrap) is not installed"
    probe = [bubblewrap, *_NAMESPACES, "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    try:
        done = subprocess.run([*probe, "true"], capture_output=True, text=True, timeout=PROBE_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run: {error}"
    return "" if done.returncode == 0 else f"the kernel does not allow it: {done.stderr.strip()[:200]}"


def enclosed(command: Sequence[str], exposure: Exposure, folder: Path, program: Path) -> list[str]:
    """The command, run inside the sandbox.

    Args:
        folder: Working directory inside.
        program: The program to evaluate; read-only inside.
    """
    arguments = ["bwrap", *_NAMESPACES]
    if not exposure.network:
        arguments.append("--unshare-net")
    arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", str(PRIVATE)]
    for pattern in _DEVICES:
        for device in sorted(Path("/dev").glob(pattern)):
            arguments += ["--dev-bind", str(device), str(device)]
    home = Path.home()
    if home != Path("/"):
        arguments += _hide(home)
    # What is shown goes on top of what is hidden, and what is hidden inside it on top of that.
    wanted = (path for path in (*interpreter_folders(), *exposure.readable) if path.exists())
    for path in _covered(tuple(wanted), (home, PRIVATE)):
        arguments += ["--ro-bind", str(path), str(path)]
    for path in exposure.hidden:
        arguments += _hide(path)
    arguments += ["--ro-bind", str(program), str(program)]
    arguments += ["--bind", str(exposure.writable), str(exposure.writable)]
    return [*arguments, "--chdir", str(folder), "--", *command]


@functools.cache
def interpreter_folders() -> tuple[Path, ...]:
    """Where the running interpreter and everything it imports from lie."""
    found = [Path(sys.prefix), Path(sys.base_prefix), *(Path(entry) for entry in sys.path if entry)]
    project = Path(__file__).resolve().parents[2]  # an editable install imports from here
    folders = [path.resolve() for path in (*found, project) if path.is_dir() and path.resolve() != Path("/")]
    return tuple(dict.fromkeys(folders))


def interpreter_of(python: str) -> tuple[Path, ...]:
    """The folders of another interpreter, virtual environment included."""
    path = Path(shutil.which(python) or python)
    return tuple(dict.fromkeys(Path(os.path.abspath(p)).parent.parent for p in (path, path.resolve())))


@functools.lru_cache(maxsize=8)
def _covered(folders: tuple[Path, ...], covers: tuple[Path, ...]) -> list[Path]:
    """Those of the folders that cannot be seen because something lies over them; each mount costs time.

    Args:
        covers: Folders with something else over them.
    """
    shown: list[Path] = []
    for folder in folders:
        places = {folder, folder.resolve()}  # a link has to be there under its own name
        over = any(place.is_relative_to(cover.resolve()) for place in places for cover in covers)
        if over and not any(all(place.is_relative_to(other) for place in places) for other in shown):
            shown.append(folder)
    return shown


def _hide(path: Path) -> list[str]:
    if path.is_dir():
        return ["--tmpfs", str(path)]
    return ["--ro-bind", "/dev/null", str(path)] if path.exists() else []
