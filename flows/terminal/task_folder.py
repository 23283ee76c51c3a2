"""From a task folder, a settings file and the command line to the settings of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.terminal.foreign_folder import read_task, without_their_models
from flows.terminal.said_fields import with_said
from flows.terminal.settings_file import section_of
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig, job_of
from shinka_core.edit.languages import EXTENSIONS, canonical
from shinka_core.errors import ConfigError
from shinka_core.seed_program import find_seed_programs
from shinka_core.settings import Resume, RunSettings, TaskFolder, said_in
from shinka_core.whereabouts import Whereabouts, find_run

if TYPE_CHECKING:
    from shinka_core.opening import Opening

SETTINGS_FILE = "evolve.yaml"
EVALUATOR = "evaluate.py"
DESCRIPTION = "task.md"


class Lifted(Enum):
    """What the command line says of a limit that is to hold no more."""

    NONE = "none"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None where it says nothing."""

    initial: Path | None = None
    more: list[Path] | None = None
    description: str | None = None
    language: str | None = None
    bootstrap: int | None = None
    warm_start: list[str] | None = None
    evaluate: Path | None = None
    score: str | None = None
    generations: int | None = None
    max_proposal_jobs: int | None = None
    max_evaluation_jobs: int | None = None
    seed: int | None = None
    budget: float | Lifted | None = None
    patience: int | Lifted | None = None
    target_score: float | Lifted | None = None
    max_time: str | Lifted | None = None
    max_evaluations: int | Lifted | None = None
    models: list[str] | None = None
    base_url: str | None = None
    results: Path | None = None
    database: str | None = None
    name: str | None = None
    metrics: int | None = None
    said: Sequence[str] = ()
    incorrect_seed: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run is started with.

    Attributes:
        continued: What is known of the run and what changes in it, when it is continued.
        notes: What a person may wonder about, in sentences.
    """

    settings: RunSettings
    continued: Opening | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the run."""
        return self.settings.evolution

    @property
    def evolution(self) -> EvolutionConfig:
        """What to evolve, with which models, for how long."""
        return self.settings.evolve

    @property
    def job(self) -> JobConfig:
        """How evaluations run."""
        return self.settings.job

    @property
    def database(self) -> DatabaseConfig:
        """Where programs are kept."""
        return self.settings.database

    @property
    def max_proposal_jobs(self) -> int:
        """Proposals at once."""
        return self.settings.proposal_jobs

    @property
    def max_evaluation_jobs(self) -> int:
        """Evaluations at once."""
        return self.settings.evaluation_jobs


def plan_run(task: Path | None, config: Path | None, overrides: Overrides, how: Resume = Resume.NO) -> Plan:
    """Puts the settings of a new run together: command line over settings file over defaults.

    Args:
        task: The task folder; the working directory when only files are named.
        config: Settings file; `evolve.yaml` of the task folder by default.
        how: Whether it is begun, or shared with other drivers who may have begun it.

    Raises:
        ConfigError: Something is missing, unknown or contradictory.
        pydantic.ValidationError: A field's value is wrong.
    """
    folder = existing_folder(task) or Path()
    file = config or folder / SETTINGS_FILE
    read = read_task(folder, file, required=config is not None)
    read.check(initial=overrides.initial is not None, evaluate=overrides.evaluate is not None)
    sections = read.sections
    said = with_said(sections, overrides.said)
    evolution, job, database = (section_of(said, name) for name in ("evolution", "job", "database"))
    if overrides.models is not None:
        without_their_models(read, evolution)
    take_flags(evolution, database, overrides)
    _take(job, "score", overrides.score)
    take_runs(folder, evolution, overrides)
    fields = {"evolution": evolution, "job": job, "database": database}
    settings = run_settings(folder, file, sections, fields, overrides)
    # Last, because it makes the results folder: a mistake in the settings leaves none behind.
    chosen = overrides.results or settings.evolve.results_dir
    found = asyncio.run(
        find_run(
            settings.evolve.init_program_path,
            settings.database,
            name=overrides.name,
            results_dir=chosen,
            resume=how,
        )
    )
    return Plan(placed(settings, found), notes=read.notes)


def run_settings(
    folder: Path, file: Path, sections: dict[str, Any], fields: dict[str, dict[str, Any]], overrides: Overrides
) -> RunSettings:
    """The settings of a run that is to begin, whose name and place are to be found.

    Args:
        sections: Of the settings file, as it is.
        fields: By section, with what is said elsewhere laid over them; programs are looked for in the folder.

    Raises:
        ConfigError: There is no program, or a width is none.
        pydantic.ValidationError: A field's value is wrong.
    """
    evolution, job = fields["evolution"], fields["job"]
    take_programs(folder, evolution, overrides)
    evaluator = overrides.evaluate or folder / str(job.get("eval_program_path", EVALUATOR))
    job["eval_program_path"] = str(evaluator.absolute())
    return RunSettings(
        "",
        Path(),
        EvolutionConfig(**evolution),
        job_of(job),
        DatabaseConfig(**fields["database"]),
        width_of("max_proposal_jobs", overrides.max_proposal_jobs, sections),
        width_of("max_evaluation_jobs", overrides.max_evaluation_jobs, sections),
        task_folder(folder, file, sections),
    )


def take_programs(folder: Path, evolution: dict[str, Any], overrides: Overrides) -> None:
    """Says what a new run begins with: as the flags say, or the settings file, or as it lies in the task folder.

    Without a program there a model writes the first one, if the task is described and a model is named.

    Raises:
        ConfigError: There is no program, or it is not clear which one is meant.
    """
    text = folder / DESCRIPTION
    if not evolution.get("task_sys_msg") and text.is_file():
        evolution["task_sys_msg"] = read_description(text)
    if overrides.initial is not None:
        found = [overrides.initial, *(overrides.more or [])]
    elif (named := named_file(folder, evolution.get("init_program_path"))) is not None:
        found = [named, *(folder / str(path) for path in evolution.get("more_init_programs", []))]
    else:
        found = _in_folder(folder, evolution)
    evolution["init_program_path"] = str(found[0].absolute())
    if len(found) > 1 or "more_init_programs" in evolution:
        evolution["more_init_programs"] = [str(path.absolute()) for path in found[1:]]


def take_runs(folder: Path, evolution: dict[str, Any], overrides: Overrides) -> None:
    """Earlier runs that the settings file names are looked for from the task folder, as all its paths are."""
    named = [("bootstrap", "library"), *([("warm_start", "runs")] if overrides.warm_start is None else [])]
    for section, field in named:
        inside: Any = evolution.get(section)
        if isinstance(inside, dict) and isinstance(runs := inside.get(field), list):  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            moved = [str(run) if "://" in str(run) else str(folder.absolute() / str(run)) for run in runs]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            evolution[section] = {**inside, field: moved}


def _in_folder(folder: Path, evolution: dict[str, Any]) -> list[Path]:
    bootstrap: Any = evolution.get("bootstrap") or {}
    language = canonical(str(evolution.get("language") or "python")) or "python"
    first = folder / f"initial{EXTENSIONS[language][0]}"
    if isinstance(bootstrap, dict) and bootstrap.get("from_task"):  # pyright: ignore[reportUnknownMemberType]
        return [first]
    try:
        return find_seed_programs(folder)
    except ConfigError:
        known = EvolutionConfig.model_fields["llm_models"].default
        roles: Any = evolution.get("llm_roles") or {}
        asked = evolution.get("llm_models", known) != known or (isinstance(roles, dict) and "bootstrap" in roles)
        if not evolution.get("task_sys_msg") or not asked or any(folder.glob("[iI][nN][iI][tT][iI][aA][lL].*")):
            raise
        evolution["bootstrap"] = {**bootstrap, "from_task": True}
        return [first]


def read_description(path: Path) -> str:
    """The task in words.

    Raises:
        ConfigError: It is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the task description {str(path)!r} cannot be read as text: {error}") from error


def placed(settings: RunSettings, found: Whereabouts) -> RunSettings:
    """The settings of a run that is to be at that place."""
    place = found.place
    return replace(
        settings,
        evolution=place.name,
        results_dir=place.results_dir,
        evolve=settings.evolve.model_copy(update={"results_dir": str(place.results_dir)}),
        database=found.database,
    )


def task_folder(folder: Path, file: Path, sections: dict[str, Any]) -> TaskFolder:
    """What is kept of where the settings came from."""
    return TaskFolder(str(folder.absolute()), str(file.absolute()) if file.is_file() else "", said_in(sections))


def existing_folder(task: Path | None) -> Path | None:
    """The task folder as it was named.

    Raises:
        ConfigError: It is not there.
    """
    if task is not None and not task.is_dir():
        raise ConfigError(
            f"task folder {str(task)!r} does not exist; it holds initial.<ext>, or a folder initial, and evaluate.py"
        )
    return task


def take_flags(evolution: dict[str, Any], database: dict[str, Any], overrides: Overrides) -> None:
    """Lays what the command line says over the sections."""
    _take(evolution, "num_generations", overrides.generations)
    _take(evolution, "task_sys_msg", overrides.description)
    _take(evolution, "language", overrides.language)
    _take(evolution, "incorrect_seed", overrides.incorrect_seed)
    for section, field, value in (
        ("bootstrap", "count", overrides.bootstrap),
        ("warm_start", "runs", overrides.warm_start),
    ):
        if value is not None:
            evolution[section] = dict(evolution.get(section) or {}) | {field: value}
    _take(evolution, "seed", overrides.seed)
    _take(evolution, "max_api_costs", overrides.budget)
    _take(evolution, "patience", overrides.patience)
    _take(evolution, "target_score", overrides.target_score)
    _take(evolution, "max_time", overrides.max_time)
    _take(evolution, "max_evaluations", overrides.max_evaluations)
    _take(evolution, "metrics_port", overrides.metrics)
    _take(evolution, "llm_models", overrides.models)
    _take(evolution, "llm_base_url", overrides.base_url)
    _take(database, "db_path", overrides.database)
    if overrides.models is not None:
        evolution.pop("llm_weights", None)  # they belonged to the models of the file


def named_file(folder: Path, name: Any) -> Path | None:
    """A file that the settings name, if they do; from the task folder when relative."""
    return None if name is None else folder / str(name)


def _take(section: dict[str, Any], field: str, value: Any) -> None:
    if value is not None:
        section[field] = None if value is Lifted.NONE else value


def width_of(field: str, chosen: int | None, sections: dict[str, Any]) -> int | None:
    """How many at once, from the command line or the file; None where neither says.

    Raises:
        ConfigError: It is no such number.
    """
    value = chosen if chosen is not None else sections.get(field)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ConfigError(f"{field}={value!r} must be a whole number of at least 1")
    return value
