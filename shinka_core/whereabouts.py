"""Where an evolution is: found by its results folder, or by its name and database, before anything is opened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shinka_core.config import DatabaseConfig
from shinka_core.errors import ConfigError, EvolutionExistsError
from shinka_core.naming import (
    IMPORTED,
    RUN_FILE,
    SHOWN,
    Place,
    check_name,
    default_results_dir,
    is_begun,
    read_mark,
    take_place,
    traces,
)
from shinka_core.settings import Resume

if TYPE_CHECKING:
    from shinka_core.database import KnownRun


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an evolution is, or is to be.

    Attributes:
        database: With the `db_path` that it was found at.
        known: What the database knows of it; None when it is to begin.
        resume: How it is to be opened.
    """

    place: Place
    database: DatabaseConfig
    known: KnownRun | None = None
    resume: Resume = Resume.NO


async def find_run(
    init_program_path: str,
    database: DatabaseConfig,
    *,
    name: str | None = None,
    results_dir: str | Path | None = None,
    resume: Resume = Resume.NO,
) -> Whereabouts:
    """Finds the evolution that is continued, or a place for one that begins.

    Args:
        database: Its `db_path` counts when it was set; otherwise the results folder says where its database is.

    Raises:
        EvolutionExistsError: The folder holds a run, and `resume` is off.
        ConfigError: There is none to continue; says what is there instead.
        DatabaseError: The database cannot be read.
    """
    if resume is Resume.JOIN and name is None and results_dir is None:
        raise ConfigError(
            "several drivers take part in a run by its name: say which (name, --name), or the results folder that they "
            "share on this machine (results_dir, --results)"
        )
    folder = _folder(name, results_dir)
    if resume is Resume.NO and (folder is None or not traces(folder, database)):
        return Whereabouts(take_place(init_program_path, database, name=name, results_dir=results_dir), database)
    search = _Search(name, folder, database, resume, guessed=results_dir is None)
    found = await search.run()
    if resume is Resume.NO:
        if found is not None and found.known is not None and found.known.in_vain:
            return found  # nothing has come of it yet
        take_place(init_program_path, database, name=name, results_dir=results_dir)
        raise EvolutionExistsError(f"results folder {str(folder)!r} already holds a run")
    if found is not None:
        return found
    if resume is Resume.YES:
        raise ConfigError(search.missing)
    if resume is Resume.JOIN and folder is not None:
        return Whereabouts(
            await _place_for_several(init_program_path, database, name or folder.name, folder), database, None, resume
        )
    return Whereabouts(take_place(init_program_path, database, name=name, results_dir=results_dir), database)


async def _place_for_several(init_program_path: str, database: DatabaseConfig, name: str, folder: Path) -> Place:
    """The place of a run that other drivers may be about to begin in the same folder."""
    try:
        return take_place(init_program_path, database, name=name, results_dir=folder)
    except EvolutionExistsError:
        from shinka_core.database import names_in

        if read_mark(folder).get("name", name) == name and name in (await names_in(database, folder) or ()):
            return Place(name, folder)  # it was begun since
        raise


def write_mark(place: Place, database: DatabaseConfig) -> None:
    """Says in the results folder whose it is, so that the folder alone is enough to continue it, also elsewhere."""
    path = database.db_path or ""
    if "://" not in path and Path(path).is_absolute() and Path(path).is_relative_to(place.results_dir):
        path = str(Path(path).relative_to(place.results_dir))
    mark = {"name": place.name} | ({"database": path} if path else {})
    (place.results_dir / RUN_FILE).write_text(json.dumps(mark) + "\n", encoding="utf-8")  # JSON is YAML


def _folder(name: str | None, results_dir: str | Path | None) -> Path | None:
    if results_dir is not None:
        return Path(results_dir).expanduser().absolute()
    if name is None:
        return None
    check_name(name)
    usual = default_results_dir(name).absolute()
    if not is_begun(usual):
        for marked in Path("results").glob(f"*/{RUN_FILE}"):  # a folder may have been renamed
            if read_mark(marked.parent).get("name") == name:
                return marked.parent.absolute()
    return usual


class _Search:
    """Looks for an evolution that is to be continued.

    Attributes:
        missing: Why there is none, and what is there instead.
    """

    def __init__(
        self, name: str | None, folder: Path | None, database: DatabaseConfig, resume: Resume, *, guessed: bool
    ) -> None:
        self.missing = ""
        self._name = name
        self._folder = folder
        self._database = database
        self._resume = resume
        self._guessed = guessed  # the folder is the one that a run of that name would have

    async def run(self) -> Whereabouts | None:
        mark = {} if self._folder is None else read_mark(self._folder)
        own = mark.get("name")
        if self._name is not None and own is not None and self._name != own and self._resume is not Resume.NO:
            raise ConfigError(
                f"name {self._name!r} is not the run in {str(self._folder)!r}, which is {own!r}; leave it out"
            )
        chosen = "db_path" in self._database.model_fields_set
        if not chosen and "database" in mark:
            self._database = self._database.model_copy(update={"db_path": mark["database"]})
        if self._folder is None and not self._shared():
            self.missing = (
                "--resume needs --results, the folder of the run to continue (results_dir), or --name and --database"
                f"{_runs_here()}"
            )
            return None
        return await self._in_database(self._name or own)

    def _shared(self) -> bool:
        """Whether the database can be found without the folder."""
        path = self._database.db_path or ""
        return "db_path" in self._database.model_fields_set and ("://" in path or Path(path).is_absolute())

    async def _in_database(self, name: str | None) -> Whereabouts | None:
        # Imported here: it takes longest of all, and most mistakes can be told without it.
        from shinka_core.database import address_of, look_up, names_in

        base = self._folder or Path.cwd()
        try:
            names = await names_in(self._database, base)
        except OSError as error:
            raise ConfigError(
                f"results folder {str(base)!r} cannot be read ({error.strerror}); name another one"
            ) from error
        if not names:
            file = address_of(self._database.db_path, base).file
            where = "the database" if file is None else f"the database {str(file)!r}"
            self._nothing(f"{where} is not there" if names is None else f"{where} holds no run")
            return None
        if name is None and len(names) == 1:
            name = names[0]
        if name not in names:
            some = ", ".join(repr(other) for other in names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
            self._nothing(
                f"the database holds {some}; choose with name (--name)"
                if name is None
                else f"there is no run {name!r} in the database; it holds {some}",
                others=True,
            )
            return None
        known = await look_up(self._database, base, name)
        assert known is not None, "its name was read a moment ago"
        if IMPORTED in known.settings:
            raise ConfigError(
                f"{name!r} was imported and cannot be continued; begin a run with its best programs: "
                f"evolve.py TASK --warm-start {str(self._folder or 'DATABASE')!r}"
            )
        folder = self._folder
        if folder is None or (self._guessed and not is_begun(folder)):
            folder = self._folder_of(known)
        return Whereabouts(Place(name, folder), self._database, known, self._resume)

    def _nothing(self, why: str, *, others: bool = False) -> None:
        """Takes note that there is no such run; where there is one of which nothing else is left, that is an error."""
        left = [] if self._folder is None else traces(self._folder, self._database)
        if left and self._resume is not Resume.NO:
            message = f"{str(self._folder)!r} holds what a run left ({', '.join(left)}), but {why}; name its database (--database)"
            raise ConfigError(message)
        if others:
            self.missing = why
        else:
            self.missing = f"there is no run to resume in {str(self._folder or 'the database')!r}: {why}; start one without resume{_runs_here()}"

    def _folder_of(self, known: KnownRun) -> Path:
        stored = known.settings.get("evolution", {}).get("results_dir")
        usual = default_results_dir(known.name).absolute()
        return Path(stored) if stored and Path(stored).parent.is_dir() else usual


def _runs_here() -> str:
    """Runs in the usual folder, as a hint."""
    found = sorted(Path("results").glob(f"*/{RUN_FILE}"), key=lambda path: -path.stat().st_mtime)
    names = [str(path.parent) for path in found[:SHOWN]]
    return f"; there are {', '.join(names)}{', ...' if len(found) > SHOWN else ''}" if names else ""
