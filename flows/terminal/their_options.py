"""Options as ShinkaEvolve's commands spell them, in the words of ours."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from flows.called import called
from flows.terminal.other_words import SECTION_NAMES
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
# Groups of settings that Hydra chooses from for `shinka_launch`, and settings as it is given them.
_GROUPS = ("variant", "task", "database", "evolution", "cluster")
_HYDRAS = re.compile(rf"\+*({'|'.join(_GROUPS)})=|\+*({'|'.join(SECTION_NAMES)}|evolution|database|job)\.[a-z_.]+=")


def in_our_options(arguments: Sequence[str]) -> list[str]:
    """The arguments with those that are spelled otherwise here; all others as they are.

    Raises:
        ConfigError: An option has no value, or it is a command for Hydra.
    """
    _refuse_hydra(arguments)
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


def _refuse_hydra(arguments: Sequence[str]) -> None:
    """Refuses settings as `shinka_launch` is given them, and says how they are said here."""
    before = ["", *arguments]
    found = [
        argument
        for option, argument in zip(before, arguments, strict=False)
        if not option.startswith("-") and _HYDRAS.match(argument) and not Path(argument).exists()
    ]
    presets = any(argument.startswith("--config-dir") for argument in arguments)
    if not found and not presets:
        return
    fields = [argument.lstrip("+") for argument in found if "." in argument.partition("=")[0]]
    chosen = [argument for argument in found if argument.lstrip("+") not in fields]
    said = "".join(f" --set {shlex.quote(field)}" for field in fields)
    groups = f" ({', '.join(chosen)})" if chosen else ""
    why = (
        f"the groups of settings that Hydra puts together for shinka_launch{groups} are not here; "
        if chosen or presets
        else ""
    )
    raise ConfigError(
        f"{why}name the task folder, a settings file if there is one, and each other field with --set: "
        f"{called('evolve')} TASK --config FILE{said or ' --set evo_config.num_generations=20'} (docs/migration.md)"
    )
