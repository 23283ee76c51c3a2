"""From a task folder, a settings file and the command line to the settings of a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.terminal.settings_file import read_settings, section_of
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig, job_of
from shinka_core.errors import ConfigError
from shinka_core.seed_program import find_seed_program
from shinka_core.settings import Resume, RunSettings, TaskFolder, said_in
from shinka_core.whereabouts import Whereabouts, find_run

if TYPE_CHECKING:
    from shinka_core.opening import Opening

SETTINGS_FILE = "evolve.yaml"
EVALUATOR = "evaluate.py"


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the command line says; None where it says nothing."""

    initial: Path | None = None
    evaluate: Path | None = None
    generations: int | None = None
    max_proposal_jobs: int | None = None
    max_evaluation_jobs: int | None = None
    seed: int | None = None
    budget: float | None = None
    models: list[str] | None = None
    base_url: str | None = None
    results: Path | None = None
    database: str | None = None
    name: str | None = None


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


def plan_run(task: Path | None, config: Path | None, overrides: Overrides) -> Plan:
    """Puts the settings of a new run together: command line over settings file over defaults.

    Args:
        task: The task folder; the working directory when only files are named.
        config: Settings file; `evolve.yaml` of the task folder by default.

    Raises:
        ConfigError: Something is missing, unknown or contradictory.
        pydantic.ValidationError: A field's value is wrong.
    """
    folder = existing_folder(task) or Path()
    file = config or folder / SETTINGS_FILE
    sections = read_settings(file, required=config is not None)
    evolution, job, database = (section_of(sections, name) for name in ("evolution", "job", "database"))
    initial = overrides.initial or named_file(folder, evolution.get("init_program_path")) or find_seed_program(folder)
    evaluator = overrides.evaluate or folder / str(job.get("eval_program_path", EVALUATOR))
    evolution["init_program_path"] = str(initial.absolute())
    job["eval_program_path"] = str(evaluator.absolute())
    take_flags(evolution, database, overrides)
    settings = RunSettings(
        "",
        Path(),
        EvolutionConfig(**evolution),
        job_of(job),
        DatabaseConfig(**database),
        width_of("max_proposal_jobs", overrides.max_proposal_jobs, sections),
        width_of("max_evaluation_jobs", overrides.max_evaluation_jobs, sections),
        task_folder(folder, file, sections),
    )
    # Last, because it makes the results folder: a mistake in the settings leaves none behind.
    chosen = overrides.results or settings.evolve.results_dir
    found = asyncio.run(
        find_run(str(initial), settings.database, name=overrides.name, results_dir=chosen, resume=Resume.NO)
    )
    return Plan(placed(settings, found))


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
    _take(evolution, "seed", overrides.seed)
    _take(evolution, "max_api_costs", overrides.budget)
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
        section[field] = value


def width_of(field: str, chosen: int | None, sections: dict[str, Any]) -> int | None:
    """How many at once, from the command line or the file; None where neither says.

    Raises:
        ConfigError: It is no such number.
    """
    value = chosen if chosen is not None else sections.get(field)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise ConfigError(f"{field}={value!r} must be a whole number of at least 1")
    return value
