"""Process trees: what one uses, and ending it as a whole.

A process group catches ordinary children. Daemonised ones leave the group, but not their
environment: every evaluation carries a mark there, by which its strays are found.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

TYPE_CHECKING = False  # a type checker takes it for True; the warden is to start quickly
if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "SHINKA_EVALUATION"
PROC = "/proc"


def has_proc() -> bool:
    """Whether /proc tells of processes; elsewhere psutil does."""
    return os.path.exists(f"{PROC}/self/stat")


def kill_tree(pid: int, mark: str) -> None:
    """Kills a session leader, its group, and every process that carries its mark.

    Args:
        pid: Of a process started in a session of its own.
        mark: Value of its `SHINKA_EVALUATION` variable.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    kill_marked(mark)


def kill_marked(mark: str) -> None:
    """Kills every process that carries the mark."""
    # Several rounds: a stray can fork between being seen and being killed.
    for _ in range(5):
        strays = marked_processes(mark)
        if not strays:
            return
        for stray in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)


def marked_processes(mark: str) -> list[int]:
    """Living processes that carry the mark."""
    if not has_proc():
        from shinka_core.warden import elsewhere

        return elsewhere.marked_processes(MARK, mark)
    wanted = f"{MARK}={mark}".encode()
    return [pid for pid in _processes() if wanted in _read(f"{PROC}/{pid}/environ")]


def start_of(pid: int) -> str:
    """When a process started, on a clock of the system's (ticks since boot on Linux); "" when it is gone."""
    if not has_proc():
        from shinka_core.warden import elsewhere

        return elsewhere.start_of(pid)
    fields = _stat(pid)
    return fields[19].decode() if fields else ""


def has_ended(pid: int) -> bool:
    """Whether a process is gone or waits to be collected."""
    if not has_proc():
        from shinka_core.warden import elsewhere

        return elsewhere.has_ended(pid)
    fields = _stat(pid)
    return not fields or fields[0] == b"Z"


def tree_usage(roots: list[int]) -> dict[int, tuple[int, int]]:
    """Processes and bytes of resident memory of each tree."""
    if not has_proc():
        from shinka_core.warden import elsewhere

        return {root: elsewhere.tree_usage(root) for root in roots}
    children: dict[int, list[int]] = {}
    memory: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in _processes():
        fields = _stat(pid)
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
            memory[pid] = int(fields[21]) * page
    usage: dict[int, tuple[int, int]] = {}
    for root in roots:
        tree: set[int] = set()
        waiting = [root]
        while waiting:
            pid = waiting.pop()
            tree.add(pid)
            waiting += [child for child in children.get(pid, ()) if child not in tree]
        usage[root] = (len(tree), sum(memory.get(pid, 0) for pid in tree))
    return usage


def _processes() -> Iterator[int]:
    try:
        entries = os.listdir(PROC)
    except OSError:
        return iter(())
    return (int(entry) for entry in entries if entry.isdigit())


def _stat(pid: int) -> list[bytes]:
    """The fields after the name, the state first; none when the process is gone."""
    return _read(f"{PROC}/{pid}/stat").rpartition(b")")[2].split()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # gone meanwhile, or another user's
