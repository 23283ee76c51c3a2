"""What evaluated programs have no business with: results, databases, the orchestrator's folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from shinka_core.naming import RUN_FILE

# What SQLite keeps beside a database: all of it holds rows.
BESIDE = ("", "-wal", "-shm", "-journal")
# Runs beside this one that are hidden one by one; a folder that holds nothing else is hidden as a whole.
MOST_RUNS = 200


def private_places(results_dir: Path, database_url: str) -> list[Path]:
    """The folders and files to hide from evaluations of a run."""
    places = [results_dir, *other_runs(results_dir)]
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        places += [Path(url.database + ending) for ending in BESIDE]
    for variable in ("PREFECT_HOME", "PGPASSFILE", "PGSERVICEFILE"):
        if os.environ.get(variable):
            places.append(Path(os.environ[variable]))
    host = url.query.get("host", os.environ.get("PGHOST", ""))
    places += [Path(name) for name in ((host,) if isinstance(host, str) else host) if name.startswith("/")]
    return places


def other_runs(results_dir: Path) -> list[Path]:
    """Results of other runs beside these; the folder that holds them all when it holds nothing else."""
    with suppress(OSError):
        beside = [Path(entry.path) for entry in os.scandir(results_dir.parent) if entry.name != results_dir.name]
        runs = [path for path in beside if (path / RUN_FILE).exists()]
        if results_dir.parent.name == "results" and len(runs) == len(beside):
            return [results_dir.parent]
        return runs[:MOST_RUNS]
    return []
