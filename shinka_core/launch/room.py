"""Making room for an evaluation without losing what an earlier one came to.

Where a result is, there was an evaluation that was paid for with time, and perhaps a record of it somewhere: in a
database of which an older copy was put back, say. It is put aside and not deleted.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from shinka_core.launch.collect import complete
from shinka_core.source_folder import Contents, holds


def make_room(results_dir: Path) -> None:
    """Leaves nothing at that path: results are put aside, the rest of an evaluation that was cut off is removed."""
    if results_dir.is_symlink():
        results_dir.unlink()  # never through a link that a program may have laid
    elif results_dir.exists():
        if complete(results_dir):
            put_aside(results_dir)
        else:
            shutil.rmtree(results_dir)


def put_aside(folder: Path) -> Path:
    """Renames a folder to the first of `<name>-before-1`, `-2`, ... that is free."""
    for number in itertools.count(1):
        aside = folder.with_name(f"{folder.name}-before-{number}")
        if not aside.exists() and not aside.is_symlink():
            return folder.rename(aside)
    raise AssertionError("numbers do not end")


def make_room_for_program(program: Path, content: Contents, results_dir: Path) -> None:
    """Puts a generation's folder aside when it holds another program with results, of whatever stage or repeat.

    Args:
        results_dir: The names of all its results begin with this one's.
    """
    if not any(complete(found) for found in _results(program.parent, results_dir.name)):
        return
    if not holds(program, content):
        put_aside(program.parent)


def put_aside_program(program: Path, content: Contents, results: str, name: str) -> None:
    """Moves a program with all its results into a folder of that name beside it, if it is the one that is there.

    The program itself goes last: cut off on the way, it is done to the end the next time.
    """
    if not holds(program, content):
        return
    aside = program.parent / name
    aside.mkdir(exist_ok=True)
    for path in [*sorted(program.parent.glob(f"{results}*")), program]:
        path.replace(aside / path.name)


def _results(folder: Path, name: str) -> list[Path]:
    return [path for path in folder.glob(f"{name}*") if path.is_dir() and not path.is_symlink()]
