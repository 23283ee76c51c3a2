"""Limits of one evaluation: by the kernel for each process, by a watch over the tree of them."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shinka_core.launch.process_tree import die_with_parent

# A fork bomb of a few hundred processes takes longer to grow than this.
WATCH_PERIOD = 0.25
SHARE_OF_MACHINE = 0.75
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one evaluation may use.

    Attributes:
        memory: Bytes of one process's data, and of all processes' resident memory together.
        processes: Of the whole tree, threads not counted.
        file_bytes: Of one file.
    """

    memory: int
    processes: int
    open_files: int
    file_bytes: int


def machine_share() -> int:
    """Bytes of memory that an evaluation may use when nothing else is said."""
    return int(SHARE_OF_MACHINE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def entering(limits: Limits | None) -> Callable[[], None]:
    """What a new process does before it becomes the evaluator; for `preexec_fn`."""
    if limits is None:
        return die_with_parent
    wanted = [
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ]
    # Never above what this process has itself. Worked out here: after the fork it is too late.
    values = [(kind, _at_most(value, resource.getrlimit(kind)[1])) for kind, value in wanted]

    def enter() -> None:
        die_with_parent()
        for kind, value in values:
            resource.setrlimit(kind, (value, value))

    return enter


def prefixed(limits: Limits) -> list[str]:
    """The same limits as the beginning of a command; empty where there is no `prlimit`.

    A process that is started with a function to run first has to be forked, page tables and all;
    a command is not.
    """
    program = shutil.which("prlimit")
    if program is None:
        return []
    own = {
        name: resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1] for name in ("data", "nofile", "fsize")
    }
    wanted = {"data": limits.memory, "nofile": limits.open_files, "fsize": limits.file_bytes}
    values = {name: _at_most(value, own[name]) for name, value in wanted.items()}
    return [program, *(f"--{name}={value}:{value}" for name, value in values.items()), "--core=0:0"]


def _at_most(value: int, ceiling: int) -> int:
    return value if ceiling == resource.RLIM_INFINITY else min(value, ceiling)


class Watch:
    """Looks at all watched process trees a few times a second; nothing runs while there are none."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._watched: dict[int, asyncio.Future[str]] = {}
        self._task: asyncio.Task[None] | None = None

    def over(self, pid: int) -> asyncio.Future[str]:
        """A future that is done, with the limit's name, when the tree of `pid` has passed one."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._watched[pid] = future
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_around())
        return future

    def end(self, pid: int) -> None:
        """Looks at this one no longer."""
        self._watched.pop(pid, None)

    async def close(self) -> None:
        """Stops looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _look_around(self) -> None:
        while self._watched:
            await asyncio.sleep(WATCH_PERIOD)
            usage = await asyncio.to_thread(tree_usage, list(self._watched))
            for pid, (processes, memory) in usage.items():
                future = self._watched.get(pid)
                if future is None or future.done():
                    continue
                if processes > self._limits.processes:
                    future.set_result("too_many_processes")
                elif memory > self._limits.memory:
                    future.set_result("too_much_memory")


def tree_usage(roots: list[int]) -> dict[int, tuple[int, int]]:
    """Processes and bytes of resident memory of each tree; nothing where there is no /proc."""
    children: dict[int, list[int]] = defaultdict(list)
    memory: dict[int, int] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in os.listdir("/proc") if Path("/proc/self/stat").exists() else ():
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # gone meanwhile
        children[int(fields[1])].append(int(entry))
        memory[int(entry)] = int(fields[21]) * page
    usage: dict[int, tuple[int, int]] = {}
    for root in roots:
        tree, waiting = set[int](), [root]
        while waiting:
            pid = waiting.pop()
            tree.add(pid)
            waiting += [child for child in children[pid] if child not in tree]
        usage[root] = (len(tree), sum(memory.get(pid, 0) for pid in tree))
    return usage
