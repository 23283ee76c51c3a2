"""Which process has an evolution open: two at once would do the same generations twice."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path


def this_process() -> str:
    """A mark that tells this process from every other, also from a later one with its number."""
    return json.dumps(_machine() | {"pid": os.getpid(), "start": _start_of(os.getpid())})


def alive(owner: str) -> str | None:
    """Describes the other process behind a mark if it still runs on this machine, else None.

    A process on another machine cannot be asked; it counts as gone.
    """
    if not owner or owner == this_process():
        return None
    mark = json.loads(owner)
    if mark["host"] != socket.gethostname():
        return None
    start = _start_of(mark["pid"])
    if start is None or start != mark["start"]:
        return None
    return f"process {mark['pid']}"


def on_this_machine(owner: str) -> bool:
    """Whether the process behind a mark could be seen from here if it ran."""
    mark = json.loads(owner)
    return all(mark.get(key) == value for key, value in _machine().items())


def known_to_be_gone(owner: str) -> bool:
    """Whether the process behind a mark is known to have ended: it was on this machine and is not there now."""
    return owner != this_process() and on_this_machine(owner) and alive(owner) is None


def _machine() -> dict[str, str]:
    """Where process numbers mean the same: containers may share a host's name, but not its processes."""
    try:
        processes = os.readlink("/proc/self/ns/pid")
    except OSError:
        processes = ""
    return {"host": socket.gethostname(), "processes": processes}


def _start_of(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; "" where /proc does not tell."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _exists(pid)
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]


def _exists(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""
