"""Limits of one evaluation that the kernel holds for each process; the warden holds those of the whole tree."""

from __future__ import annotations

import ctypes
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from shinka_core.config import LocalJobConfig

SHARE_OF_MACHINE = 0.75
MEGABYTE = 1_000_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


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


def limits_of(config: LocalJobConfig) -> Limits:
    """The settings' limits in the kernel's units."""
    memory = machine_share() if config.max_memory_mb is None else config.max_memory_mb * MEGABYTE
    return Limits(memory, config.max_processes, config.max_open_files, config.max_file_mb * MEGABYTE)


def machine_share() -> int:
    """Bytes of memory that an evaluation may use when nothing else is said."""
    return int(SHARE_OF_MACHINE * psutil.virtual_memory().total)


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


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent dies (Linux); for `preexec_fn`."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


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
