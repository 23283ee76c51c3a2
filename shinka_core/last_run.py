"""The last run of the same task: in the database that runs share, or in the usual folder for results."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from shinka_core.config import DatabaseConfig
from shinka_core.database import KnownRun, look_up, names_in
from shinka_core.errors import DatabaseError
from shinka_core.fingerprint import EVALUATOR, evaluator_digests
from shinka_core.naming import RUN_FILE, read_mark

RESULTS = Path("results")
# Runs that are looked at, the newest first.
MOST = 200


@dataclass(frozen=True, slots=True)
class LastRun:
    """A run that is over.

    Attributes:
        known: What its database knows of it.
        database: With the `db_path` that it was found at.
        results_dir: Its folder; None where only the database is known.
    """

    known: KnownRun
    database: DatabaseConfig
    results_dir: Path | None

    @property
    def address(self) -> str:
        """As `warm_start.runs` names it."""
        return f"{self.results_dir or self.database.db_path}:{self.known.name}"


async def last_run(evaluator: str, database: DatabaseConfig) -> LastRun | None:
    """The newest run with that evaluator that has a correct program and that no process has open; None without one.

    Args:
        evaluator: Its file; a run of before had the one of the same path, or one of the same text elsewhere.
        database: Looked in when its `db_path` is a URL or absolute; otherwise the results folders here are.

    Raises:
        DatabaseError: A shared database cannot be read.
    """
    looked = 0
    async for run in _in_database(database) if _is_shared(database) else _in_folders():
        if run.known.correct and not run.known.owner and _is_of(run.known, evaluator):
            return run
        looked += 1
        if looked == MOST:
            break
    return None


def _is_shared(database: DatabaseConfig) -> bool:
    path = database.db_path or ""
    return "://" in path or Path(path).is_absolute()


async def _in_database(database: DatabaseConfig) -> AsyncIterator[LastRun]:
    for name in await names_in(database, Path.cwd()) or []:
        known = await look_up(database, Path.cwd(), name)
        if known is not None:
            stored = known.settings.get("evolution", {}).get("results_dir")
            folder = Path(stored) if stored and Path(stored).is_dir() else None
            yield LastRun(known, database, folder)


async def _in_folders() -> AsyncIterator[LastRun]:
    marks = sorted(RESULTS.glob(f"*/{RUN_FILE}"), key=lambda path: -path.stat().st_mtime)
    for path in marks:
        folder, mark = path.parent.absolute(), read_mark(path.parent)
        if "name" not in mark or "database" not in mark:
            continue
        database = DatabaseConfig(db_path=mark["database"])
        try:
            known = await look_up(database, folder, mark["name"])
        except DatabaseError:
            continue  # of another version, or broken: no reason for a new run not to begin
        if known is not None:
            yield LastRun(known, database, folder)


def _is_of(known: KnownRun, evaluator: str) -> bool:
    there = known.settings.get("job", {}).get("eval_program_path")
    if there is not None and os.path.realpath(there) == os.path.realpath(evaluator):
        return True
    return bool(known.settings.get(EVALUATOR)) and known.settings[EVALUATOR] == evaluator_digests(Path(evaluator))
