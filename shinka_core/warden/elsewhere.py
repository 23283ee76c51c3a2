"""What the warden asks of the system where there is no /proc, as on macOS: by psutil.

Where there is one, psutil is left out: with it the warden takes twice as long to start, and a look at eight
evaluations, which it takes four times a second, 18 ms and not 1.6.
"""

from __future__ import annotations

from collections.abc import Iterator

import psutil


def marked_processes(variable: str, value: str) -> list[int]:
    """Living processes whose environment has the variable with that value, as far as they can be asked."""
    return [process.pid for process in psutil.process_iter() if _environment(process).get(variable) == value]


def start_of(pid: int) -> str:
    """When a process started, on a clock of the system's; "" when it is gone."""
    try:
        return repr(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def has_ended(pid: int) -> bool:
    """Whether a process is gone or waits to be collected."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def tree_usage(root: int) -> tuple[int, int]:
    """Processes and bytes of resident memory of a tree; of one that has ended, itself alone."""
    sizes = [_memory(process) for process in _tree(root)]
    return max(len(sizes), 1), sum(sizes)


def _tree(root: int) -> Iterator[psutil.Process]:
    try:
        process = psutil.Process(root)
        yield process
        yield from process.children(recursive=True)
    except psutil.Error:
        return


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}  # gone meanwhile, or another user's
