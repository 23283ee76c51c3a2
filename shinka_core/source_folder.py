"""A program's files on disk: which files of a folder count, reading them, writing them, and seeing whether they are there.

Everything counts but hidden files and what editors, interpreters and package managers leave behind. What would mean
something else on another machine is refused: links, names that only differ in capitals, names that are no text.
"""

from __future__ import annotations

import os
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from shinka_core.errors import ConfigError
from shinka_core.source import Source

CACHES = frozenset({"__pycache__", "node_modules", "__MACOSX", "Thumbs.db", "desktop.ini"})
LEFT_OVER = (".pyc", ".pyo", ".bak", ".orig", ".rej", ".swp", ".swo", "~")
# More than that are no program but a checkout.
MOST_FILES = 1_000
# The folder of a program of several files, inside that of its generation.
FOLDER = "program"

Contents = bytes | Mapping[str, bytes]


def is_left_over(name: str) -> bool:
    """Whether a file or folder of that name is no part of a program."""
    return name.startswith(".") or name in CACHES or name.endswith(LEFT_OVER)


def folded_path(path: str) -> str:
    """The same for paths that are one file on some systems."""
    return unicodedata.normalize("NFC", path).casefold()


def list_files(folder: Path) -> dict[str, Path]:
    """The files of a program's folder by their paths inside, with `/`.

    Raises:
        ConfigError: One of them is none that a program can have, or cannot be looked at; it is named, with the remedy.
    """
    found: dict[str, Path] = {}
    folded: dict[str, str] = {}
    for path in _walk(folder, folder):
        name = path.relative_to(folder).as_posix()
        other = folded.setdefault(folded_path(name), name)
        if other != name:
            raise ConfigError(f"{str(folder)!r} holds {other!r} and {name!r}, which are one file elsewhere; rename one")
        found[name] = path
        if len(found) > MOST_FILES:
            raise ConfigError(f"{str(folder)!r} holds more than {MOST_FILES} files; leave only the program in it")
    return found


def _walk(folder: Path, top: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigError(
            f"{str(folder)!r} cannot be read: {error.strerror}; make it readable, or take it out"
        ) from error
    for entry in entries:
        if is_left_over(entry.name):
            continue
        path = Path(entry.path)
        shown = repr(path.relative_to(top).as_posix())
        if not entry.name.isprintable() or "\\" in entry.name or entry.name != entry.name.strip():
            raise ConfigError(f"{str(top)!r} holds {shown}, a name that not every system takes; rename it")
        if entry.is_symlink():
            raise ConfigError(f"{str(top)!r} holds {shown}, a symbolic link; put what it leads to in its place")
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, top)
        elif stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield path
        else:
            raise ConfigError(f"{str(top)!r} holds {shown}, which is no regular file; take it out")


def contents_of(source: Source) -> Contents:
    """What to write: the bytes of the one file, or those of each by its path."""
    if source.single:
        return source.files[0].content
    return {file.path: file.content for file in source.files}


def place_of(source: Source, folder: Path, extension: str) -> Path:
    """Where a program lies in a folder of results."""
    return folder / (f"main{extension}" if source.single else FOLDER)


def write_program(place: Path, contents: Contents) -> None:
    """Writes a program as a whole or not at all: a file, or a folder with exactly these files."""
    place.parent.mkdir(parents=True, exist_ok=True)
    new = place.with_name(f".{place.name}.new")
    remove(new)
    if isinstance(contents, bytes):
        new.write_bytes(contents)
    else:
        for path, content in contents.items():
            file = new.joinpath(*path.split("/"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        remove(place)
    new.replace(place)


def holds(place: Path, contents: Contents) -> bool:
    """Whether exactly this program is there."""
    try:
        if isinstance(contents, bytes):
            return place.read_bytes() == contents
        files = list_files(place) if place.is_dir() and not place.is_symlink() else {}
        return files.keys() == contents.keys() and all(files[path].read_bytes() == contents[path] for path in files)
    except (OSError, ConfigError):
        return False


def remove(place: Path) -> None:
    """Leaves nothing at a path, whatever was there."""
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
