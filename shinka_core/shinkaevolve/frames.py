"""`load_programs_to_df`: the programs of a run as a DataFrame with the columns that ShinkaEvolve has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shinka_core.opened import open

# Its names for columns of ours.
NAMES = {"score": "combined_score", "created_at": "timestamp", "diff": "code_diff"}
# Where it says in which file of a results folder the programs are.
FILES = (".sqlite", ".db")


def load_programs_to_df(
    db_path_str: str, default_db_name: str = "", verbose: bool = True, include_prompts: bool = False
) -> Any:
    """Reads the programs of a run of this project.

    Args:
        db_path_str: Its results folder or database file, or the URL of a database. A file that is not there stands for its
            folder.
        default_db_name: The file inside of a results folder; "" finds it.
        verbose: Print how many there are, and what they cost.
        include_prompts: Give a pair whose second part is None: system prompts are rows of the database
            (`shinka.open(...).calls()` has what they cost).

    Returns:
        A pandas DataFrame; `combined_score`, `timestamp`, `code`, `total_cost` and the metrics are named as there.

    Raises:
        DatabaseError: There is no such run.
        ConfigError: pandas is not installed.
    """
    where: str | Path = db_path_str
    if default_db_name and "://" not in db_path_str and not db_path_str.endswith(FILES):
        inside = Path(db_path_str) / default_db_name
        where = inside if inside.is_file() else Path(db_path_str)
    elif db_path_str.endswith(FILES) and not Path(db_path_str).exists() and Path(db_path_str).parent.is_dir():
        where = Path(db_path_str).parent  # its file is always called programs.sqlite there, and here as db_path says
    with open(where) as evolution:
        columns = ["public_metrics", "private_metrics", "description", "diff", "text_feedback"]
        frame: Any = evolution.frame("programs", columns, library="pandas")
        codes = [evolution.program(name).code for name in frame["id"]]
    plain = {
        name: name.partition(".")[2]
        for name in frame.columns
        if name.startswith(("public_metrics.", "private_metrics."))
    }
    frame = frame.rename(columns=NAMES | plain)
    frame["code"], frame["total_cost"], frame["api_costs"] = codes, frame["cost"], frame["cost"]
    if verbose:
        correct, cost = int(frame["correct"].sum()), float(frame["total_cost"].sum())
        print(f"{len(frame)} programs, {correct} correct, ${cost:.2f}")  # noqa: T201 - asked for
    return (frame, None) if include_prompts else frame
