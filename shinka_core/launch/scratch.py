"""A copy of the task's folder for one evaluation, for evaluators that write beside themselves in a sandbox.

What is small is copied, so that it can be written to; what is large is shown in its place, read-only.
Whatever is written ends with the evaluation: two evaluations at once never meet.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

LARGEST_FILE = 1_000_000
LARGEST_FOLDER = 4_000_000
MOST_FILES = 64
# More in one folder is no task but something a task lies in.
MOST_ENTRIES = 200
# Never copied: large, or written by others.
_IN_PLACE = {".git", ".venv", "venv", "node_modules", "__pycache__"}
# What a run leaves in its results folder, which may be the task's.
_OF_A_RUN = re.compile(r"gen_\d+|best|summary\.json|evolution\.sqlite(-\w+)?")
_CANDIDATE = re.compile(r"gen_\d+")


def lay_out(task: Path, scratch: Path, *, hidden: Collection[Path], is_results: bool) -> list[Path] | None:
    """Copies the small things of a folder into an empty one.

    Args:
        hidden: What is left out.
        is_results: Whether runs leave their results in the folder itself; those are left out too.

    Returns:
        What is to be shown in its place, or None when there is too much in the folder to take it apart.
    """
    left_out = _OF_A_RUN if is_results else _CANDIDATE
    entries = [entry for entry in os.scandir(task) if not left_out.fullmatch(entry.name)]
    if not is_results and len(entries) > MOST_ENTRIES:
        return None
    if Path(os.path.expanduser("~")).resolve() == task:
        entries = [entry for entry in entries if not entry.name.startswith(".")]
    in_place: list[Path] = []
    room = LARGEST_FOLDER
    for entry in entries:
        path = task / entry.name
        if path in hidden:
            continue
        with suppress(OSError):  # gone meanwhile, or not for us to read: then nor for the evaluation
            if entry.is_symlink():
                (scratch / entry.name).symlink_to(os.readlink(path))
                in_place += _targets(path, task)
                continue
            size = _size(entry, hidden, room)
            if size is None:
                in_place.append(path)
                continue
            room -= size
            if entry.is_dir():
                shutil.copytree(path, scratch / entry.name, symlinks=True)
            else:
                shutil.copy2(path, scratch / entry.name)
    return in_place


def _size(entry: os.DirEntry[str], hidden: Collection[Path], room: int) -> int | None:
    """Bytes of what can be copied; None for what is too much, or nothing to copy."""
    if entry.is_file():
        size = entry.stat().st_size
        return size if size <= min(LARGEST_FILE, room) else None
    if not entry.is_dir() or entry.name in _IN_PLACE or any(path.is_relative_to(entry.path) for path in hidden):
        return None
    total = files = 0
    for folder, _, names in os.walk(entry.path):
        files += len(names) + 1
        if files > MOST_FILES:
            return None
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and not os.path.isfile(path):
                return None  # a pipe or socket
            total += os.lstat(path).st_size
        if total > room:
            return None
    return total


def links_out_of(task: Path) -> list[Path]:
    """What links in a folder lead to outside of it."""
    with suppress(OSError):
        return [
            found for entry in os.scandir(task) if entry.is_symlink() for found in _targets(task / entry.name, task)
        ]
    return []


def _targets(link: Path, task: Path) -> list[Path]:
    """What a link in the folder leads to outside of it: whoever laid it there wants it seen."""
    target = link.resolve()
    return [target] if target.exists() and not target.is_relative_to(task) else []
