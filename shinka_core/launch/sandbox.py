"""Evaluations behind bubblewrap: Linux namespaces that any user may make.

Inside, the file system is read-only but for the results folder, a copy of the task's folder, the home folder
and /tmp, which are empty and private; other results, the database, other processes and the sockets of this
machine are not there; there is no network; and all processes die with the first one, daemons included.
"""

from __future__ import annotations

import functools
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from shinka_core.launch.interpreters import steps
from shinka_core.launch.sockets import named_sockets

PROBE_LIMIT = 10.0
PRIVATE = Path("/tmp")
_NAMESPACES = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
# Cards that compute; the rest of /dev is bubblewrap's minimal one.
_DEVICES = ("nvidia*", "dri", "kfd", "dxg", "accel", "accel[0-9]*", "davinci*", "neuron[0-9]*")
# Where services listen, and what is needed nevertheless of these folders: some systems keep their programs there.
_SERVICES = (Path("/run"), Path("/var/run"))
_NEEDED = ("/run/current-system", "/run/booted-system", "/run/opengl-driver", "/run/opengl-driver-32", "/run/wrappers")
_FOR_NAMES = Path("/etc/resolv.conf")  # a link into /run on many systems


class Kind(Enum):
    """What is at a place inside."""

    HIDDEN = "hidden"
    SHOWN = "shown"
    VIEW = "view"  # the copy of the task's folder


@dataclass(frozen=True, slots=True)
class Text:
    """A file that inside holds another text.

    Attributes:
        path: Its place, without links.
        descriptor: Of the text, at its beginning.
        program: Whether the system runs it without an interpreter.
    """

    path: Path
    descriptor: int
    program: bool = False


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an evaluation sees of the machine.

    Attributes:
        hidden: Folders and files that are not there inside.
        readable: Shown read-only although a hidden folder holds them.
        writable: The folder that keeps what is written to it.
        network: Whether the machine's network is there.
        views: Folders, each with the one that is there in its place and may be written to.
        evaluator: The evaluator as it was when the run began.
    """

    hidden: Sequence[Path]
    readable: Sequence[Path]
    writable: Path
    network: bool
    views: Sequence[tuple[Path, Path]] = ()
    evaluator: Text | None = None


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
    arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for device in _devices():
        arguments += ["--dev-bind", device, device]
    places = _standing(tuple(exposure.readable), tuple(exposure.hidden), homes(), exposure.network)
    places = places | {path: Kind.VIEW for path, _ in exposure.views}
    # A folder before what is inside it, so that the inner one lies on top.
    kept: dict[Path, Kind] = {}
    for path in sorted(places, key=lambda place: len(place.parts)):
        kind = places[path]
        around = _around(path, kept)
        if kind is Kind.HIDDEN and _is_to_hide(path, around):
            arguments += _hide(path)
        elif path == folder and path.is_symlink() and around in (Kind.HIDDEN, Kind.VIEW):
            arguments += ["--symlink", os.readlink(path), str(path)]  # what it leads to has its own place
        elif kind is Kind.VIEW and (around in (Kind.HIDDEN, Kind.VIEW) or path == path.resolve()):
            arguments += ["--bind", str(dict(exposure.views)[path]), str(path)]
        elif kind is Kind.SHOWN and around in (Kind.HIDDEN, Kind.VIEW):
            arguments += ["--ro-bind", str(path), str(path)]
        else:
            continue
        kept[path] = kind
    for path in sorted(named_sockets()):
        if _around(path, kept) in (None, Kind.SHOWN):
            arguments += ["--ro-bind", "/dev/null", str(path)]
    if exposure.evaluator is not None:
        text = exposure.evaluator
        arguments += ["--perms", "0555"] if text.program else []
        arguments += ["--ro-bind-data", str(text.descriptor), str(text.path)]
    arguments += ["--ro-bind", str(program), str(program)]
    arguments += ["--bind", str(exposure.writable), str(exposure.writable)]
    return [*arguments, "--chdir", str(folder), "--", *command]


def homes() -> tuple[Path, ...]:
    """The user's home folders: by the environment and by the system's list of users; none for a user without."""
    return _homes(os.path.expanduser("~"))


@functools.lru_cache(maxsize=8)
def _homes(by_environment: str) -> tuple[Path, ...]:
    named = [by_environment]
    with suppress(KeyError):
        named.append(pwd.getpwuid(os.getuid()).pw_dir)
    found = (Path(name) for name in named if os.path.isabs(name))
    return tuple(dict.fromkeys(path.resolve() for path in found if path.is_dir() and path.resolve() != Path("/")))


@functools.lru_cache(maxsize=64)
def _standing(
    readable: tuple[Path, ...], hidden: tuple[Path, ...], private: tuple[Path, ...], network: bool
) -> dict[Path, Kind]:
    """What is to be where for every evaluation; where two wishes meet, the later of these lines holds."""
    shown = [*(Path(place) for place in _NEEDED), *([_FOR_NAMES] if network else []), *readable]
    places = {step: Kind.SHOWN for path in shown for step in steps(path) if step.exists()}
    return places | {path.resolve(): Kind.HIDDEN for path in (PRIVATE, *_SERVICES, *private, *hidden)}


def _around(path: Path, kept: dict[Path, Kind]) -> Kind | None:
    """What the nearest folder around a place is, or the place itself."""
    for folder in (path, *path.parents):
        if folder in kept:
            return kept[folder]
    return None


def _is_to_hide(path: Path, around: Kind | None) -> bool:
    """Whether anything of it could be seen; a file leaves an empty one, so that its absence tells nothing."""
    if around is Kind.VIEW or not path.exists():
        return False
    return around is not Kind.HIDDEN or not path.is_dir()


@functools.cache
def _devices() -> tuple[str, ...]:
    return tuple(str(device) for pattern in _DEVICES for device in sorted(Path("/dev").glob(pattern)))


def _hide(path: Path) -> list[str]:
    return ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", "/dev/null", str(path)]
