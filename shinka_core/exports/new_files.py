"""Files that appear together when all of them are whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from shinka_core.errors import ConfigError


@contextmanager
def appearing(folder: Path, names: Sequence[str], *, overwrite: bool) -> Generator[Mapping[str, Path], None, None]:
    """Places to write new files to for the length of the block, by their names; they get those when it ends well.

    Whatever else is in the folder stays as it is. A folder that was made for them goes again when it does not end well.

    Raises:
        ConfigError: One of the names is taken and `overwrite` is off, or the folder cannot be written to.
    """
    if taken := [name for name in names if (folder / name).exists()]:
        if not overwrite:
            raise ConfigError(
                f"{str(folder)!r} already holds {', '.join(taken)}; name another folder (--out), or replace them (--overwrite)"
            )
        if kept := [name for name in taken if not (folder / name).is_file()]:
            raise ConfigError(f"{str(folder)!r} holds {', '.join(kept)}, which is no file; name another folder (--out)")
    made = make_folder(folder)
    try:
        new = Path(tempfile.mkdtemp(prefix=".export-", dir=folder))
    except OSError as error:
        raise refused(folder, error) from error
    try:
        yield {name: new / name for name in names}
        for name in names:
            (new / name).replace(folder / name)
        made = []
    except OSError as error:
        raise refused(folder, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        take_back(made)


def refused(folder: Path, error: OSError) -> ConfigError:
    """What a person is told of a place that cannot be written to."""
    return ConfigError(
        f"{str(error.filename or folder)!r} cannot be written ({error.strerror or error}); name another folder (--out)"
    )


def make_folder(folder: Path) -> list[Path]:
    """Makes a folder; returns those that were not there, the outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    return missing[::-1]


def take_back(made: Sequence[Path]) -> None:
    """Removes folders that were made, as far as nothing is in them."""
    for each in reversed(made):
        with suppress(OSError):
            each.rmdir()
