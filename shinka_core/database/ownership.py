"""Which process has an evolution open: two at once would do the same generations twice."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil

PROC = Path("/proc")
# In the place of a start that nobody tells: another user's process, or marks of earlier versions.
UNTOLD = ""

# In the place of an owner's mark: several drivers have the evolution open, and their marks are rows of their own.
SHARED = json.dumps({"shared": True})

# Marks that this process has given out and not taken back: who opens an evolution twice is refused as well.
_open_here: set[str] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Another that has an evolution open, or had when it was last heard of.

    Attributes:
        certain: It is seen to run.
    """

    words: str
    certain: bool


def this_process() -> str:
    """A mark that tells this process from every other, also from a later one with its number."""
    mark = _machine() | {"host": socket.gethostname(), "pid": os.getpid(), "start": _start_of(os.getpid())}
    return json.dumps(mark)


def new_mark(*, shares: bool = False) -> str:
    """A mark for one evolution that this process opens.

    Args:
        shares: It is to be opened to others as soon as it is in order.
    """
    mark = json.dumps(json.loads(this_process()) | {"token": uuid4().hex} | ({"shares": True} if shares else {}))
    _open_here.add(mark)
    return mark


def is_about_to_share(owner: str) -> bool:
    """Whether the process behind a mark will open the evolution to others in a moment."""
    return bool(owner) and owner != SHARED and bool(json.loads(owner).get("shares"))


def give_back_mark(mark: str) -> None:
    """The evolution is not open under that mark any more."""
    _open_here.discard(mark)


def holder(owner: str) -> Holder | None:
    """Who is behind a mark; None when there is nobody, or when it is known to have ended."""
    if not owner:
        return None
    if owner == SHARED:
        return Holder("several drivers (--join)", certain=False)
    mark = json.loads(owner)
    words = f"process {mark['pid']}"
    if not on_this_machine(owner):
        # Nothing can be seen from here: only its signs of life in the database tell.
        return Holder(f"{words} on {mark.get('host', 'another machine')}", certain=False)
    if known_to_be_gone(owner):
        return None
    if mark["pid"] == os.getpid():
        return Holder("this process", certain=True) if owner in _open_here else None
    return Holder(words, certain=True)


def alive(owner: str) -> str | None:
    """Describes the other process behind a mark if it is seen to run, else None."""
    found = holder(owner)
    return found.words if found is not None and found.certain else None


def on_this_machine(owner: str) -> bool:
    """Whether the process behind a mark could be seen from here if it ran."""
    mark = json.loads(owner)
    return all(mark.get(key) == value for key, value in _machine().items())


def known_to_be_gone(owner: str) -> bool:
    """Whether the process behind a mark is known to have ended: it was on this machine and is not there now."""
    mark = json.loads(owner)
    if not on_this_machine(owner):
        return False
    start = _start_of(mark["pid"])
    return start is None or (UNTOLD not in (start, mark["start"]) and start != mark["start"])


def _machine() -> dict[str, str]:
    """Where process numbers mean the same.

    A machine since it was last started, by its boot id: host names change, and containers may share one.
    Containers have process numbers of their own.
    """
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        processes = os.readlink(PROC / "self/ns/pid")
    except OSError:
        boot, processes = socket.gethostname(), ""
    return {"boot": boot, "processes": processes}


def _start_of(pid: int) -> str | None:
    """When the process started, in clock ticks since boot; by another clock where there is no /proc."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if (PROC / "self/stat").exists() else _asked(pid)
    state, *rest = stat.rpartition(")")[2].split()
    return None if state == "Z" else rest[18]


def _asked(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return UNTOLD
