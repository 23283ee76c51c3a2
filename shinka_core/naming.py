"""Names and results folders of evolutions: what the user does not choose is chosen here, once."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from shinka_core.config import DatabaseConfig
from shinka_core.errors import ConfigError, EvolutionExistsError

# Marks a results folder as taken, and says whose it is.
RUN_FILE = "run.yaml"
# Among the settings of a run that another system made: which system, and from where it came.
IMPORTED = "imported"
LONGEST_FOLDER = 100  # bytes
LONGEST_NAME = 500
DEFAULT_DATABASE = "evolution.sqlite"
# Generations that are named as traces of a run.
SHOWN = 3
_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, ends of lines and paragraphs
# What drives of another system take for a device.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an evolution is: its name, and its results folder as an absolute path."""

    name: str
    results_dir: Path


def take_place(
    init_program_path: str, database: DatabaseConfig, *, name: str | None = None, results_dir: str | Path | None = None
) -> Place:
    """Chooses the name and the folder that are not given, and makes the folder.

    A folder that is chosen here was made here: processes that choose in the same second get
    folders, and so names, of their own. One that is given may be there, as long as it holds no run.

    Raises:
        EvolutionExistsError: The folder holds a run.
        ConfigError: The folder cannot be made, or the name is none.
    """
    if name is not None:
        check_name(name)
    try:
        if name is None and results_dir is None:
            return _free_place(_unnamed(init_program_path, database))
        # The folder is the user's, so nothing but chance keeps apart what is named in the same second.
        name = name or _by_chance(default_name(init_program_path))
        folder = Path(results_dir or default_results_dir(name)).resolve()
        if found := traces(folder, database):
            raise EvolutionExistsError(
                f"results folder {str(folder)!r} already holds a run ({', '.join(found)}); continue it with resume "
                "(--resume), or name another folder (--results)"
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "it cannot be written to", str(folder))
    except OSError as error:
        raise ConfigError(
            f"results folder {str(error.filename)!r} cannot be used ({error.strerror}); name another one (--results)"
        ) from error
    return Place(name, folder)


def is_begun(folder: Path) -> bool:
    """Whether a run began in that folder; False also where there can be no folder."""
    return os.path.isfile(folder / RUN_FILE)


def traces(folder: Path, database: DatabaseConfig) -> list[str]:
    """What a run has left in a folder, by name; a folder with any of it holds a run, whatever else is gone.

    A folder that cannot be looked into has nothing; making it tells why.
    """
    if not os.path.isdir(folder):
        return []
    found = [name for name in (RUN_FILE, "summary.json") if os.path.isfile(folder / name)]
    generations = sorted(path.name for path in folder.glob("gen_*") if path.is_dir() and path.name[4:].isdecimal())
    found += [*generations[:SHOWN], "..."] if len(generations) > SHOWN else generations
    path = database.db_path or DEFAULT_DATABASE
    if "://" not in path and not Path(path).is_absolute() and _holds_evolutions(folder / path):
        found.append(path)
    return found


def _holds_evolutions(path: Path) -> bool:
    if not path.is_file() or not path.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM evolutions LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError as error:
        return "no such table" not in str(error)  # it is there and says nothing: better not to write into it
    except sqlite3.DatabaseError:
        return True


def give_back(place: Place) -> None:
    """Removes the folder if nothing came to be in it."""
    with suppress(OSError):
        place.results_dir.rmdir()


def default_name(init_program_path: str, moment: datetime | None = None) -> str:
    """`<task folder>-<date>-<time>`, fit for a file name."""
    task = re.sub(r"\W+", "_", Path(init_program_path).resolve().parent.name) or "evolution"
    return f"{_cut(task)}-{(moment or datetime.now()):%Y%m%d-%H%M%S}"


def default_results_dir(name: str) -> Path:
    """`results/<name>` in the working directory; a name that is no good file name is changed a little.

    Then a digest tells it apart from the others that would be changed into the same.
    """
    folder = re.sub(r"[^\w.-]+", "_", name)
    if folder == name and folder.strip("._") and _cut(folder) == folder and not _DEVICE.match(folder):
        return Path("results") / folder
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Path("results") / f"{_cut(folder.strip('._'))}-{digest}".lstrip("-")


def check_name(name: str) -> None:
    """A name is stored, shown and typed again.

    Raises:
        ConfigError: It is blank, or holds line breaks, control characters or what is no text.
    """
    if name.strip() and len(name) <= LONGEST_NAME and not {unicodedata.category(letter) for letter in name} & _NO_TEXT:
        return
    shown = ascii(name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "...")
    raise ConfigError(
        f"name={shown} is no name for a run; choose one of at most {LONGEST_NAME} characters, "
        "without line breaks or control characters (--name)"
    )


def _cut(folder: str) -> str:
    """So much of it as a file name holds, which counts bytes."""
    return folder.encode("utf-8", "ignore")[:LONGEST_FOLDER].decode("utf-8", "ignore")


def _unnamed(init_program_path: str, database: DatabaseConfig) -> str:
    """A readable name; in a database that other folders may use too, with a few characters by chance."""
    path = database.db_path or ""
    name = default_name(init_program_path)
    return _by_chance(name) if "://" in path or Path(path).is_absolute() else name


def _by_chance(name: str) -> str:
    return f"{name}-{secrets.token_hex(2)}"


def _free_place(name: str) -> Place:
    for number in itertools.count(1):
        candidate = name if number == 1 else f"{name}-{number}"
        folder = default_results_dir(candidate).resolve()
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return Place(candidate, folder)
    raise AssertionError("numbers do not end")


def read_mark(folder: Path) -> dict[str, str]:
    """What the results folder says of its run: `name`, and `database` unless an older version wrote it; or {}."""
    try:
        mark: Any = yaml.safe_load((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    if not isinstance(mark, Mapping):
        return {}
    return {str(key): str(value) for key, value in mark.items() if key in ("name", "database")}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
