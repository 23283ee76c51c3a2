"""Names and folders of runs that the user does not name."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

# Marks a results folder as taken.
RUN_FILE = "run.yaml"


def default_name(init_program_path: str, moment: datetime | None = None) -> str:
    """`<task folder>-<date>-<time>`, fit for a file name."""
    task = re.sub(r"[^A-Za-z0-9_]+", "_", Path(init_program_path).resolve().parent.name) or "evolution"
    return f"{task}-{(moment or datetime.now()):%Y%m%d-%H%M%S}"


def default_results_dir(name: str) -> Path:
    """`results/<name>` in the working directory."""
    return Path("results") / re.sub(r"[^A-Za-z0-9._-]+", "_", name)
