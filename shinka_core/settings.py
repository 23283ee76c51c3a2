"""All settings of an evolution: as they are given, as they are kept with it, and as a resume finds them again.

What is kept is the truth. A resume changes what it names and nothing else: what stands in the database,
under what was changed in the settings file since, under what the command line or a program says now.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, cast, get_args

from pydantic import BaseModel

from shinka_core.config import (
    DatabaseConfig,
    EvolutionConfig,
    JobConfig,
    JobSettings,
    LocalJobConfig,
    ProcessSettings,
    job_of,
    kind_of,
)
from shinka_core.config.options import OF_PURPOSES, names_model
from shinka_core.config.starting import split_run
from shinka_core.errors import ConfigError

DEFAULT_PROPOSAL_JOBS = 10
SECTIONS = ("evolution", "job", "database")
WIDTHS = ("max_proposal_jobs", "max_evaluation_jobs")
# Where a run is said by its results folder, and is no setting of the search.
PLACES = {"results_dir", "db_path"}
# Where the files of a task are on the machine of a driver, and what runs them there.
OF_THE_MACHINE = PLACES | {"init_program_path", "more_init_programs", "eval_program_path", "python", "kind"}
# Fields that runs of before do not have, where the default is not what was done before.
LATER: Mapping[str, Mapping[str, Any]] = {
    "evolution": {"ideas": None, "tuning": None},
    "database": {
        "parent_selection_strategy": "weighted",
        "island_selection_strategy": "uniform",
        "inspiration_share": 1.0,
    },
}
# What belongs to the models that were chosen, and goes with them.
_PER_MODEL = ("model_limits", "model_rates")
_OPTIONS = ("llm_model_kwargs", "llm_kwargs", *dict.fromkeys(OF_PURPOSES.values()))
LONGEST_VALUE = 60

Section = TypeVar("Section", bound=BaseModel)


class Resume(StrEnum):
    """Whether an evolution is begun or continued."""

    NO = "no"
    """It is begun; one that is there already is an error, unless nothing has come of it yet."""
    YES = "yes"
    """It is continued; that there is none is an error."""
    IF_THERE = "auto"
    """It is continued if it is there, and begun otherwise."""
    AGAIN = "again"
    """As `IF_THERE`, by the same order as before: what is given is what it was begun with, and no change."""
    JOIN = "join"
    """It is shared with other drivers: begun or continued if none is at it, and otherwise taken part in."""

    @classmethod
    def of(cls, wanted: bool | Literal["auto"], *, join: bool = False) -> Resume:
        """What users say.

        Raises:
            ConfigError: Both.
        """
        if join:
            if wanted is True:
                raise ConfigError(
                    "resume=True (--resume) continues a run alone, and join=True (--join) with others; say one"
                )
            return cls.JOIN
        return cls.IF_THERE if wanted == "auto" else cls.YES if wanted else cls.NO


@dataclass(frozen=True, slots=True)
class TaskFolder:
    """Where settings came from, on a command line.

    Attributes:
        folder: The task folder, absolute.
        file: The settings file, absolute; "" when there is none.
        said: A digest of each value in it, by `section.field`: a resume sees by them what was changed since.
    """

    folder: str
    file: str
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that defines one run, before anything is opened.

    Attributes:
        evolution: Name of the run; unique in its database.
        results_dir: Absolute folder for programs, evaluations and the default database.
        max_proposal_jobs: Proposals at once; None for the usual number.
        max_evaluation_jobs: Evaluations at once; None takes `evolve.max_parallel_jobs`.
        task: Where the settings came from, if they came from a task folder.
        accept_changes: Whether a resume goes on with another evaluator or seed program.
    """

    evolution: str
    results_dir: Path
    evolve: EvolutionConfig
    job: JobConfig
    database: DatabaseConfig
    max_proposal_jobs: int | None = None
    max_evaluation_jobs: int | None = None
    task: TaskFolder | None = None
    accept_changes: bool = False

    @property
    def proposal_jobs(self) -> int:
        """Proposals at once."""
        return DEFAULT_PROPOSAL_JOBS if self.max_proposal_jobs is None else self.max_proposal_jobs

    @property
    def evaluation_jobs(self) -> int:
        """Evaluations at once."""
        return self.evolve.max_parallel_jobs if self.max_evaluation_jobs is None else self.max_evaluation_jobs


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that a resume changes."""

    field: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.field}: {_shown(self.before)} → {_shown(self.after)}"


def kept(settings: RunSettings) -> dict[str, Any]:
    """The settings as they are kept with the run: all sections, JSON throughout; they were looked at for secrets."""
    task = settings.task
    return {
        "evolution": settings.evolve.model_dump(mode="json"),
        "job": settings.job.model_dump(mode="json"),
        "database": settings.database.model_dump(mode="json"),
        "max_proposal_jobs": settings.max_proposal_jobs,
        "max_evaluation_jobs": settings.max_evaluation_jobs,
        "task": None if task is None else {"folder": task.folder, "file": task.file, "said": dict(task.said)},
    }


def restored(
    known: Mapping[str, Any],
    given: RunSettings,
    *,
    over: Mapping[str, Mapping[str, Any]] | None = None,
    again: bool = False,
) -> RunSettings:
    """The settings of a run that is continued: those kept with it, under the fields that are given.

    Args:
        known: As `kept` made them; an older version kept the section `evolution` alone.
        given: What counts are the fields that were set, and `None` for a width says nothing.
        over: Fields by section that count in the place of those that were set.
        again: Nothing that is given counts, save where nothing was kept.

    Raises:
        pydantic.ValidationError: The settings contradict each other.
    """
    widths = {
        width: known[width] if width in known and (again or getattr(given, width) is None) else getattr(given, width)
        for width in WIDTHS
    }
    sections = {"evolution": given.evolve, "job": given.job, "database": given.database}
    above: Mapping[str, Mapping[str, Any]] = over or {
        name: {} if again and name in known else section.model_dump(mode="json", exclude_unset=True)
        for name, section in sections.items()
    }
    below = {name: {**(LATER.get(name, {}) if known else {}), **known.get(name, {})} for name in SECTIONS}
    if not (over or again) and _of_another_kind(given.job, below["job"]):
        above = {**above, "job": {**above["job"], "kind": given.job.kind}}
    if "job" not in known and "init_program_path" in below["evolution"]:
        beside = Path(below["evolution"]["init_program_path"]).with_name("evaluate.py")
        below["job"] = {"eval_program_path": str(beside)} if beside.is_file() else {}
    _drop_of_other_models(below["evolution"], above["evolution"])
    if above["database"].get("islands") and "num_islands" not in above["database"]:
        below["database"].pop("num_islands", None)  # the entries are counted
    place = {"evolution": {"results_dir": str(given.results_dir)}, "database": {"db_path": given.database.db_path}}

    def laid(name: str, kind: type[Section]) -> Section:
        # A field that this version does not have any more cannot be brought back.
        kept_fields = {field: value for field, value in below[name].items() if field in kind.model_fields}
        return kind(**(kept_fields | _inside(kind, kept_fields, above[name]) | place.get(name, {})))

    return replace(
        given,
        evolve=laid("evolution", EvolutionConfig),
        job=laid("job", kind_of(below["job"] | dict(above["job"]))),
        database=laid("database", DatabaseConfig),
        task=given.task or task_of(known),
        **widths,
    )


def _inside(kind: type[BaseModel], below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, with what is not said inside of a part of a section as it was."""
    names = [name for name in above if _is_part(kind, name) and isinstance(above[name], Mapping)]
    return dict(above) | {name: {**(below.get(name) or {}), **above[name]} for name in names}


def _is_part(kind: type[BaseModel], name: str) -> bool:
    """Whether a field is a section of its own, such as `ideas`, and not a table of them, such as `llm_prices`."""
    field = kind.model_fields.get(name)
    may_be = () if field is None else get_args(field.annotation) or (field.annotation,)
    kinds = [each for each in may_be if each is not NoneType]
    return bool(kinds) and all(isinstance(each, type) and issubclass(each, BaseModel) for each in kinds)


def _of_another_kind(given: JobConfig, known: Mapping[str, Any]) -> bool:
    """Whether their kind is meant: it is no usual one, or they name fields that the kept kind does not have."""
    return not isinstance(given, LocalJobConfig) or not given.model_fields_set <= set(kind_of(known).model_fields)


def task_of(known: Mapping[str, Any]) -> TaskFolder | None:
    """Where kept settings came from."""
    return TaskFolder(**known["task"]) if known.get("task") else None


def changes(known: Mapping[str, Any], settings: RunSettings) -> list[Change]:
    """What a resume changes, section by section in the order of the fields."""
    now = kept(settings)
    found = [
        Change(field, known[section][field], after)
        for section in SECTIONS
        if section in known
        for field, after in now[section].items()
        if field in known[section] and field not in PLACES and known[section][field] != after
    ]
    return found + [
        Change(width, known[width], now[width]) for width in WIDTHS if width in known and known[width] != now[width]
    ]


def differing(known: Mapping[str, Any], given: RunSettings) -> list[Change]:
    """What a driver says that takes part in a run, and that the run does not say; places and widths are its own.

    Args:
        known: As `kept` made them.
    """
    found: list[Change] = []
    for name, section in (("evolution", given.evolve), ("database", given.database), ("job", given.job)):
        said = section.model_dump(mode="json", exclude_unset=True)
        own = OF_THE_MACHINE if name != "job" else OF_THE_MACHINE | (set(said) - set(JobSettings.model_fields))
        before: Mapping[str, Any] = known.get(name, {})
        found += [
            Change(field, before[field], value)
            for field, value in said.items()
            if field in before and field not in own and not _says(before[field], value)
        ]
    return found


def _says(before: Any, value: Any) -> bool:
    """Whether a value says nothing else, also where only part of a section is said."""
    if isinstance(before, Mapping) and isinstance(value, Mapping):
        theirs, mine = cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", value)
        return all(name in theirs and _says(theirs[name], inner) for name, inner in mine.items())
    return bool(before == value)


def joined(known: Mapping[str, Any], given: RunSettings) -> RunSettings:
    """The settings of a driver that takes part in a run: those kept with it, and where things are on its own machine."""
    theirs = restored(known, given, again=True)
    evolve = {field: getattr(given.evolve, field) for field in given.evolve.model_fields_set & OF_THE_MACHINE}
    own = given.job.model_dump(mode="json", exclude_unset=True)
    same = theirs.job.kind == given.job.kind
    below = theirs.job.model_dump(mode="json", exclude_unset=True)
    fields = {
        field: value
        for field, value in below.items()
        if (same or field in JobSettings.model_fields) and field in type(given.job).model_fields
    }
    return replace(
        theirs,
        evolve=theirs.evolve.model_copy(update=evolve | {"results_dir": str(given.results_dir)}),
        job=job_of(fields | own | {"kind": given.job.kind}),
        task=given.task,
        max_proposal_jobs=given.max_proposal_jobs,
        max_evaluation_jobs=given.max_evaluation_jobs,
    )


def said_in(sections: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each value of a settings file, by `section.field` or by width."""
    said: dict[str, str] = {}
    for section, value in sections.items():
        fields = value.items() if isinstance(value, Mapping) else [("", value)]  # pyright: ignore[reportUnknownVariableType]
        for field, inner in fields:  # pyright: ignore[reportUnknownVariableType]
            text = json.dumps(inner, sort_keys=True, default=str)
            said[f"{section}.{field}".rstrip(".")] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return said


def absolute(settings: RunSettings) -> RunSettings:
    """The settings with paths that hold from any working directory."""
    job = settings.job
    places: dict[str, Any] = {"eval_program_path": _absolute(job.eval_program_path)}
    if job.python is not None and os.sep in job.python:
        places["python"] = _absolute(job.python)
    if isinstance(job, ProcessSettings):
        places["readable"] = [_absolute(path) for path in job.readable]
    return replace(settings, evolve=_update(settings.evolve, **_programs(settings.evolve)), job=_update(job, **places))


def _programs(evolve: EvolutionConfig) -> dict[str, Any]:
    """Where programs come from; as before where nothing is said, since a default is no path."""
    places: dict[str, Any] = {"init_program_path": _absolute(evolve.init_program_path)}
    if evolve.more_init_programs:
        places["more_init_programs"] = [_absolute(path) for path in evolve.more_init_programs]
    if runs := evolve.warm_start.runs:
        places["warm_start"] = _update(evolve.warm_start, runs=[_absolute_run(run) for run in runs])
    if library := evolve.bootstrap.library:
        places["bootstrap"] = _update(evolve.bootstrap, library=[_absolute_run(run) for run in library])
    return places


def _absolute_run(run: str) -> str:
    where, name = split_run(run)
    return run if "://" in where else _absolute(where) + (f":{name}" if name else "")


def _absolute(path: str) -> str:
    # Links are left as they are: an evaluator works in the folder in which it was named.
    return os.path.abspath(os.path.expanduser(path))


def _update(section: Section, **values: Any) -> Section:
    """A copy in which the same fields count as set."""
    copy = section.model_copy(update=values)
    copy.__pydantic_fields_set__.clear()
    copy.__pydantic_fields_set__.update(section.model_fields_set)
    return copy


def _drop_of_other_models(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Weights, limits and options of single models belong to those that were chosen, and go with them."""
    models = above.get("llm_models")
    if models is None or models == below.get("llm_models"):
        return
    below.pop("llm_weights", None)
    for field in _PER_MODEL:
        below[field] = {model: limit for model, limit in below.get(field, {}).items() if model in models}
    gone = [model for model in below.get("llm_models", []) if model not in models]
    for field in _OPTIONS:
        below[field] = _without(below.get(field) or {}, gone, models)


def _without(options: Mapping[str, Any], gone: Sequence[str], models: Sequence[str]) -> dict[str, Any]:
    """Options without what is said of models that are asked no more."""
    sections = [name for name, value in options.items() if isinstance(value, Mapping) and names_model(name, gone)]
    return {name: value for name, value in options.items() if name not in sections or names_model(name, models)}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."
