"""Rows of figures as Markdown, and what they were measured on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

Row = dict[str, Any]


def markdown(rows: list[Row], *, head: bool = True) -> str:
    """The rows, which have the same columns, as a table."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|" + "---|" * len(rows[0])] if head else []
    lines += ["| " + " | ".join(str(value) for value in row.values()) + " |" for row in rows]
    return "\n".join(lines)


def about(repeat: int) -> Row:
    """What the figures were measured on and with."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "prefect": version("prefect"),
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
        "repeat": repeat,
        "load": round(os.getloadavg()[0], 1),
    }


def measure(chosen: Iterable[tuple[str, Iterable[Row]]], output: Path, name: str, repeat: int = 1) -> None:
    """Prints each row as it is measured, and writes all of them as JSON and as Markdown.

    Args:
        chosen: What is measured, by title; the rows are measured as they are asked for.
        output: The folder for `NAME.json` and `NAME.md`.
        repeat: How often each was measured.
    """
    tables: dict[str, list[Row]] = {}
    for title, rows in chosen:
        print(f"\n{title}\n")
        for row in rows:
            found = tables.setdefault(title, [])
            found.append(row)
            print(markdown([row], head=len(found) == 1), flush=True)
    facts = about(repeat)
    output.mkdir(parents=True, exist_ok=True)
    (output / f"{name}.json").write_text(json.dumps({"about": facts, "tables": tables}, indent=2))
    text = "\n\n".join(f"## {title}\n\n{markdown(rows)}" for title, rows in tables.items() if rows)
    head = ", ".join(f"{key} {value}" for key, value in facts.items())
    (output / f"{name}.md").write_text(f"{head}\n\n{text}\n")
