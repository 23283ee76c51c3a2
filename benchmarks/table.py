"""Rows of figures as Markdown, and what they were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from importlib.metadata import version
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
