"""What evaluated programs have no business with: results, databases, the orchestrator's folder."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from shinka_core.database.address import Address
from shinka_core.database.file_guard import BESIDE
from shinka_core.naming import RUN_FILE

# Runs beside this one that are hidden one by one; a folder that holds nothing else is hidden as a whole.
MOST_RUNS = 200


def private_places(results_dir: Path, database: Address) -> list[Path]:
    """The folders and files to hide from evaluations of a run."""
    places = [results_dir, *other_runs(results_dir)]
    if database.file:
        places += [Path(str(database.file) + ending) for ending in ("", *BESIDE)]
    for variable in ("PREFECT_HOME", "PGPASSFILE", "PGSERVICEFILE"):
        if os.environ.get(variable):
            places.append(Path(os.environ[variable]))
    # A server is reached through a socket in a folder, too.
    hosts = parse_qs(urlsplit(database.dsn).query).get("host") or [os.environ.get("PGHOST", "")]
    places += [Path(name) for host in hosts for name in host.split(",") if name.startswith("/")]
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
