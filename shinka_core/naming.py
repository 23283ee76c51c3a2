"""Names and results folders of evolutions: what the user does not choose is chosen here, once."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from shinka_core.config import DatabaseConfig
from shinka_core.errors import ConfigError, EvolutionExistsError

# Marks a results folder as taken, and says whose it is.
RUN_FILE = "run.yaml"
LONGEST_FOLDER = 100
DEFAULT_DATABASE = "evolution.sqlite"
# Generations that are named as traces of a run.
SHOWN = 3


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
        ConfigError: The folder cannot be made.
    """
    try:
        if name is None and results_dir is None:
            return _free_place(_unnamed(init_program_path, database))
        name = name or _unnamed(init_program_path, database)
        folder = Path(results_dir or default_results_dir(name)).resolve()
        if found := traces(folder, database):
            raise EvolutionExistsError(
                f"results folder {str(folder)!r} already holds a run ({', '.join(found)}); continue it with resume "
                "(--resume), or name another folder (--results)"
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"the results folder cannot be made: {error}; name another one (--results)") from error
    return Place(name, folder)


def traces(folder: Path, database: DatabaseConfig) -> list[str]:
    """What a run has left in a folder, by name; a folder with any of it holds a run, whatever else is gone."""
    found = [name for name in (RUN_FILE, "summary.json") if (folder / name).is_file()]
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
    return f"{task[:LONGEST_FOLDER]}-{(moment or datetime.now()):%Y%m%d-%H%M%S}"


def default_results_dir(name: str) -> Path:
    """`results/<name>` in the working directory; a name that is no good file name is changed a little."""
    folder = re.sub(r"[^\w.-]+", "_", name)
    if folder.strip("._") and len(folder) <= LONGEST_FOLDER:
        return Path("results") / folder
    # Nothing is left of it, or it is a path of its own, or too long: the digest tells such names apart.
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return Path("results") / f"{folder.strip('._')[:LONGEST_FOLDER]}-{digest}".lstrip("-")


def _unnamed(init_program_path: str, database: DatabaseConfig) -> str:
    """A readable name; in a database that other folders may use too, with a few characters by chance."""
    path = database.db_path or ""
    name = default_name(init_program_path)
    return f"{name}-{secrets.token_hex(2)}" if "://" in path or Path(path).is_absolute() else name


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
