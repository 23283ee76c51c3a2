"""A run that is played again from its record, and what a person reads of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console

from flows.terminal.screen import say
from flows.terminal.task_folder import Overrides
from shinka_core.errors import ConfigError
from shinka_core.naming import read_mark
from shinka_core.shown import as_shown

MOST_ELITES = 20


def replay_run(
    console: Console, results: Path, to: Path | None, overrides: Overrides, *, resume: bool, quiet: bool = False
) -> bool:
    """Plays the run in that results folder again and prints what came of it.

    Args:
        to: Results folder for the replay's own record; None keeps none.
        quiet: Prints one line: whether it is the same.
        overrides: Nothing of it but the name or database of the run means anything here.

    Returns:
        Whether everything comes out as it was recorded.

    Raises:
        ConfigError: Something is said that a replay cannot heed, or there is nothing to replay.
        DatabaseError: The record cannot be read.
    """
    said = [name for name in Overrides.__slots__ if name not in ("name", "database") and getattr(overrides, name)]
    if said or resume:
        flags = ", ".join("--" + name.replace("_", "-") for name in [*said, *(["resume"] if resume else [])])
        raise ConfigError(f"{flags}: a replay has the settings of the run that it plays again; leave it out")
    if overrides.database is None and not (results.is_dir() and read_mark(results)):
        raise ConfigError(f"--replay {str(results)!r} is no results folder of a run; name the one that is to be played")
    from shinka_core.replay import replay

    played = asyncio.run(replay(overrides.database or results, overrides.name, to=to))
    lines = [
        f"Played {played.evolution} again: {played.programs} programs, {played.ended} generations, "
        f"{played.decisions} choices in {played.seconds:.1f} s; nothing was asked or evaluated"
    ]
    if played.open:
        lines.append(f"  left open  {played.open} generations, as in the run")
    if played.difference is None:
        elites = ", ".join(map(str, played.archive[:MOST_ELITES])) + (", ..." if played.archive[MOST_ELITES:] else "")
        lines += [f"  archive    generations {elites or 'none'}", "  the same   in every choice"]
    else:
        lines.append(f"  differs    first in {played.difference}")
    if played.results_dir:
        lines.append(f"  results    {played.results_dir}")
    if quiet:
        difference = played.difference
        lines = [
            f"{played.evolution}: "
            + ("the same in every choice" if difference is None else f"differs first in {difference}")
        ]
    for line in lines:
        say(console, as_shown(line))
    return played.difference is None
