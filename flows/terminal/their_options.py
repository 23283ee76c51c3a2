"""Options as ShinkaEvolve's commands spell them, in the words of ours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from shinka_core.errors import ConfigError

logger = logging.getLogger("shinka.config")

_SAME = {
    "--results_dir": "--results",
    "--results-dir": "--results",
    "--num_generations": "--generations",
    "--num-generations": "--generations",
    "--no-verbose": "--quiet",
}
_TASK = ("--task-dir", "--task_dir")
_FILE = ("--config-fname", "--config_fname")
_IDLE = ("--max-db-workers", "--max_db_workers")
# What is so anyway.
_NOTHING = ("--verbose", "--debug")


def in_our_options(arguments: Sequence[str]) -> list[str]:
    """The arguments with those that are spelled otherwise here; all others as they are.

    Raises:
        ConfigError: An option has no value.
    """
    found: list[str] = []
    task: str | None = None
    file: str | None = None
    left = list(arguments)
    while left:
        argument = left.pop(0)
        name, equals, value = argument.partition("=")
        if argument == "--":
            found += [argument, *left]
            break
        if name in _SAME:
            found.append(_SAME[name] + equals + value)
        elif name in (*_TASK, *_FILE, *_IDLE):
            if not equals and not left:
                raise ConfigError(f"{name} has no value; say what it is, or leave it out")
            value = value if equals else left.pop(0)
            task, file = (value, file) if name in _TASK else (task, value if name in _FILE else file)
            if name in _IDLE:
                logger.warning("%s: taken, but without effect here: one writer is enough", name)
        elif argument not in _NOTHING:
            found.append(argument)
    if file is not None:
        found += ["--config", str(Path(task or ".", file))]  # from the task folder; an absolute path stays what it is
    return found if task is None else [task, *found]
