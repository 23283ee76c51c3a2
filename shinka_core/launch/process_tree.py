"""Starting a process whose whole tree can be ended, and ending it.

A process group catches ordinary children. Daemonised ones leave the group, but not their
environment: every evaluation carries a mark there, by which its strays are found in /proc.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

MARK = "SHINKA_EVALUATION"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent dies (Linux); for `preexec_fn`."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def kill_tree(pid: int, mark: str) -> None:
    """Kills a session leader, its group, and every process that carries its mark.

    Args:
        pid: Of a process started in a session of its own.
        mark: Value of its `SHINKA_EVALUATION` variable.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    # Several rounds: a stray can fork between being seen and being killed.
    for _ in range(5):
        strays = marked_processes(mark)
        if not strays:
            return
        for stray in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(stray, signal.SIGKILL)


def marked_processes(mark: str) -> list[int]:
    """Living processes that carry the mark; none where there is no /proc."""
    wanted = f"{MARK}={mark}".encode()
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # gone meanwhile, or another user's
    return found


def start_of(pid: int) -> str:
    """When a process started, in clock ticks since boot; "" when it is gone or nothing tells."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
