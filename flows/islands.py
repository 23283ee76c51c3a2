"""The rows of a short table of the islands of a run: what each did in its own way, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shinka_core.database import IslandSummary

COLUMNS = ("island", "began with", "its own", "proposals", "best score", "retired")
# Characters of what an island does in its own way.
LONGEST_OWN = 60
# Islands that are shown: the best ones, where there are more.
MOST = 20


def island_rows(islands: list[IslandSummary]) -> list[tuple[str, ...]]:
    """A row for each of the islands, by number; the best ones alone where there are many."""
    best = sorted(islands, key=lambda island: (island.best_score is None, -(island.best_score or 0.0), island.island))
    return [_row(island) for island in sorted(best[:MOST], key=lambda island: island.island)]


def _row(island: IslandSummary) -> tuple[str, ...]:
    made = f"{island.origin} after {island.created_after}" if island.created_after else island.origin
    retired = "" if island.retired_after is None else f"after {island.retired_after}: {island.retired}".rstrip(": ")
    return (
        str(island.island),
        made,
        own_ways(island.own),
        f"{island.programs + island.failures} ({island.share:.0%})"
        + (f", {island.failures} failed" if island.failures else ""),
        "none" if island.best_score is None else f"{island.best_score:.8g} ({island.best_generation})",
        retired,
    )


def own_ways(own: Mapping[str, Any]) -> str:
    """What an island does in its own way, in a few words."""
    text = ", ".join(f"{name}: {_short(value)}" for name, value in own.items())
    return text if len(text) <= LONGEST_OWN else text[: LONGEST_OWN - 3] + "..."


def _short(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list) and all(isinstance(part, str) for part in value):  # pyright: ignore[reportUnknownVariableType]
        return "+".join(value)  # pyright: ignore[reportUnknownArgumentType]
    return json.dumps(value)
