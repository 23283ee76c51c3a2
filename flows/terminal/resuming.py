"""A run that is continued from the command line: what is kept of it, then the file's changes, then the flags."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.terminal.foreign_folder import read_task
from flows.terminal.said_fields import with_said
from flows.terminal.settings_file import section_of
from flows.terminal.task_folder import (
    EVALUATOR,
    SETTINGS_FILE,
    Overrides,
    Plan,
    existing_folder,
    named_file,
    take_flags,
    task_folder,
    width_of,
)
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.seed_program import find_seed_programs
from shinka_core.settings import WIDTHS, Resume, RunSettings, restored, said_in, task_of
from shinka_core.whereabouts import Whereabouts, find_run, read_mark

if TYPE_CHECKING:
    from shinka_core.database import KnownRun


def plan_resume(task: Path | None, config: Path | None, overrides: Overrides, *, accept_changes: bool = False) -> Plan:
    """Puts the settings of a run that is continued together, and decides whether it can be.

    Args:
        task: Where the task is now; where it was by default.
        config: Settings file; the one of before by default.
        accept_changes: Go on with another evaluator or seed program.

    Raises:
        ConfigError: There is no such run, or something cannot be changed.
        EvolutionExistsError: Another process runs it.
        pydantic.ValidationError: A field's value is wrong.
    """
    existing_folder(task)
    named = config or (task and task / SETTINGS_FILE)
    given = read_task(task or named.parent, named, required=config is not None).sections if named else {}
    found = _find(overrides, given)
    known = found.known
    assert known is not None, "a run that is continued is there"
    origin = task_of(known.settings)
    task = task or _other_place(known, overrides)
    file = config or _settings_file(task, known)
    place = task or (Path(origin.folder) if origin else None)
    sections = read_task(place or file.parent, file, required=config is not None).sections if file else {}
    over = with_said(_changed(sections, {} if origin is None else origin.said), overrides.said)
    take_flags(over["evolution"], over["database"], overrides)
    over["database"].pop("db_path", None)  # where the run was found
    over["evolution"] |= _path("init_program_path", task, overrides.initial, over["evolution"], known, sections)
    if overrides.more:
        over["evolution"]["more_init_programs"] = [str(path.absolute()) for path in overrides.more]
    if overrides.score is not None:
        over["job"]["score"] = overrides.score
    over["job"] |= _path("eval_program_path", task, overrides.evaluate, over["job"], known, sections)
    widths = [width_of(width, getattr(overrides, width), over) for width in WIDTHS]
    given = RunSettings(
        known.name,
        found.place.results_dir,
        EvolutionConfig(),
        LocalJobConfig(),
        found.database,
        *widths,
        task=origin if file is None else task_folder(task or file.parent, file, sections),
        accept_changes=accept_changes,
    )
    # Imported here: it takes longest of all, and most mistakes were told by now.
    from shinka_core.opening import prepare

    opening = prepare(restored(known.settings, given, over=over), known, Resume.YES)
    gone = [] if origin is None or not sections else sorted(set(origin.said) - set(said_in(sections)))
    notes = [f"the settings file does not say {field} any more, which stays as it was" for field in gone]
    return Plan(opening.settings, opening, tuple(notes))


def _find(overrides: Overrides, sections: Mapping[str, Any]) -> Whereabouts:
    """The run; flags say more than the results folder's own word, and that says more than the settings file."""
    results = overrides.results or section_of(dict(sections), "evolution").get("results_dir")
    path = overrides.database
    if path is None and "database" not in (read_mark(Path(results)) if results else {}):
        path = section_of(dict(sections), "database").get("db_path")
    database = DatabaseConfig() if path is None else DatabaseConfig(db_path=path)
    return asyncio.run(find_run(EVALUATOR, database, name=overrides.name, results_dir=results, resume=Resume.YES))


def _settings_file(task: Path | None, known: KnownRun) -> Path | None:
    """The one of the task folder, or of before; of a run that an older version began the one beside its seed program."""
    origin = task_of(known.settings)
    if task is not None:
        return task / SETTINGS_FILE
    if origin is not None:
        return Path(origin.file) if origin.file else None
    program = known.settings.get("evolution", {}).get("init_program_path")
    return Path(program).with_name(SETTINGS_FILE) if program and "job" not in known.settings else None


def _changed(sections: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, Any]:
    """What the file says that it did not say when the run was last opened."""
    now = said_in(sections)
    over: dict[str, Any] = {
        name: {
            field: value
            for field, value in section_of(dict(sections), name).items()
            if said.get(key := f"{name}.{field}") != now[key] and field != "results_dir"
        }
        for name in ("evolution", "job", "database")
    }
    return over | {width: sections[width] for width in WIDTHS if width in sections and said.get(width) != now[width]}


def _path(
    field: str,
    task: Path | None,
    flag: Path | None,
    section: Mapping[str, Any],
    known: KnownRun,
    sections: Mapping[str, Any],
) -> dict[str, str]:
    """Where a file of the task is: as a flag says, or where a named task folder has it, or {} for where it was."""
    name = "evolution" if field == "init_program_path" else "job"
    if flag is not None:
        return {field: str(flag.absolute())}
    if task is None:
        if field in section:
            origin = task_of(known.settings)
            base = origin.folder if origin else Path(known.settings["evolution"]["init_program_path"]).parent
            return {field: str(Path(base).absolute() / str(section[field]))}
        return {}
    in_file = named_file(task, section_of(dict(sections), name).get(field))
    stored, origin = known.settings.get(name, {}).get(field), task_of(known.settings)
    if not in_file and stored and origin and Path(stored).exists() and not Path(stored).is_relative_to(origin.folder):
        return {}  # it was named by a flag, apart from the task folder
    place = in_file or _moved(task, stored, known)
    if place is None:
        if field == "init_program_path" and known.settings.get(name, {}).get("bootstrap", {}).get("from_task"):
            return {}  # it was written, and lies nowhere
        place = find_seed_programs(task)[0] if field == "init_program_path" else task / EVALUATOR
    return {field: str(place.absolute())}


def _moved(task: Path, stored: str | None, known: KnownRun) -> Path | None:
    """The file that has in this task folder the place that it had in the one of before."""
    origin = task_of(known.settings)
    if stored is None or origin is None or not Path(stored).is_relative_to(origin.folder):
        return None
    place = task / Path(stored).relative_to(origin.folder)
    return place if place.exists() else None


def _other_place(known: KnownRun, overrides: Overrides) -> Path | None:
    """The working directory, when it is the task of this run and the one of before is gone; None for that one.

    Raises:
        ConfigError: The working directory is the folder of another task: which one is meant?
    """
    from shinka_core.fingerprint import digest_of, evaluator_digests

    stored = known.settings.get("job", {}).get("eval_program_path") or str(
        Path(known.settings.get("evolution", {}).get("init_program_path", "")).with_name(EVALUATOR)
    )
    here, evaluator = Path.cwd(), Path.cwd() / EVALUATOR
    if overrides.initial or overrides.evaluate or here == Path(stored).parent or not evaluator.is_file():
        return None
    try:
        initial = find_seed_programs(here)[0]
    except ConfigError:
        return None
    digests = {"evaluator": evaluator_digests(evaluator), "seed_program": digest_of(initial)}
    if any(known.settings.get(part, digest) != digest for part, digest in digests.items()):
        raise ConfigError(
            f"the seed program or evaluator in this folder is not the one of the run {known.name!r}, whose task is "
            f"{str(Path(stored).parent)!r}; name the task folder that is meant (evolve.py TASK --resume), or resume elsewhere"
        )
    return None if Path(stored).is_file() else here
