"""The files of the page, in the order in which they belong; scripts share one scope and know those before them."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

SCRIPTS = ("text", "dom", "table", "chart", "data")
VIEWS = (
    "overview", "lineage", "programs", "program", "islands", "map", "models", "ideas", "time", "cost", "failures",
    "settings", "compare",
)  # fmt: skip
LIBRARIES = ("echarts-6.1.0.min.js", "diff-9.0.0.min.js")


@cache
def asset(name: str) -> str:
    """The text of a file of the page."""
    return files(__name__).joinpath(*name.split("/")).read_text(encoding="utf-8")


def library(name: str) -> str:
    """A vendored library, as it goes between script tags."""
    text = asset(f"vendor/{name}")
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError(f"{name} cannot stand between script tags")
    return text


def script(start: Literal["report", "live"]) -> str:
    """All of our own scripts as one, which leaves no names behind."""
    parts = [*SCRIPTS, *(f"views/{view}" for view in VIEWS), "main", f"start_{start}"]
    return '"use strict";\n(() => {\n' + "\n".join(asset(f"scripts/{part}.js") for part in parts) + "})();\n"
