"""From a task folder, a settings file and the command line to the settings of a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from flows.terminal.settings_file import read_settings, section_of
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig
from shinka_core.errors import ConfigError
from shinka_core.naming import RUN_FILE, Place, take_place
from shinka_core.seed_program import find_seed_program

SETTINGS_FILE = "evolve.yaml"
DEFAULT_PROPOSAL_JOBS = 10


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
    """Everything a run is started with."""

    name: str
    evolution: EvolutionConfig
    job: JobConfig
    database: DatabaseConfig
    max_proposal_jobs: int
    max_evaluation_jobs: int


def plan_run(task: Path | None, config: Path | None, overrides: Overrides, *, resume: bool) -> Plan:
    """Puts the settings together: command line over settings file over defaults.

    Args:
        task: The task folder; the working directory when only files are named.
        config: Settings file; `evolve.yaml` of the task folder by default.
        resume: The run in the results folder is to be continued.

    Raises:
        ConfigError: Something is missing, unknown or contradictory.
        pydantic.ValidationError: A field's value is wrong.
    """
    if task is not None and not task.is_dir():
        raise ConfigError(f"task folder {str(task)!r} does not exist; it holds initial.<ext> and evaluate.py")
    folder = task or Path()
    settings = read_settings(config or folder / SETTINGS_FILE, required=config is not None)
    evolution: dict[str, Any] = section_of(settings, "evolution")
    job: dict[str, Any] = section_of(settings, "job")
    database: dict[str, Any] = section_of(settings, "database")
    initial = overrides.initial or _named(folder, evolution.get("init_program_path")) or find_seed_program(folder)
    evaluator = overrides.evaluate or folder / str(job.get("eval_program_path", "evaluate.py"))
    evolution["init_program_path"] = str(initial.resolve())
    job["eval_program_path"] = str(evaluator.resolve())
    _take(evolution, "num_generations", overrides.generations)
    _take(evolution, "seed", overrides.seed)
    _take(evolution, "max_api_costs", overrides.budget)
    _take(evolution, "llm_models", overrides.models)
    _take(evolution, "llm_base_url", overrides.base_url)
    _take(database, "db_path", overrides.database)
    if overrides.models is not None:
        evolution.pop("llm_weights", None)  # they belonged to the models of the file
    built, built_database = EvolutionConfig(**evolution), DatabaseConfig(**database)
    plan = Plan(
        name="",
        evolution=built,
        job=JobConfig(**job),
        database=built_database,
        max_proposal_jobs=_count(overrides.max_proposal_jobs, settings, "max_proposal_jobs", DEFAULT_PROPOSAL_JOBS),
        max_evaluation_jobs=_count(
            overrides.max_evaluation_jobs, settings, "max_evaluation_jobs", built.max_parallel_jobs
        ),
    )
    # Last, because it makes the results folder: a mistake in the settings leaves none behind.
    place = _place(overrides, built, built_database, resume=resume)
    return replace(plan, name=place.name, evolution=built.model_copy(update={"results_dir": str(place.results_dir)}))


def _place(overrides: Overrides, evolution: EvolutionConfig, database: DatabaseConfig, *, resume: bool) -> Place:
    """Name and results folder; a resumed run keeps the name that its folder knows."""
    chosen = overrides.results or (Path(evolution.results_dir) if evolution.results_dir else None)
    if not resume:
        return take_place(evolution.init_program_path, database, name=overrides.name, results_dir=chosen)
    if chosen is None:
        raise ConfigError("--resume needs --results: the folder of the run to continue")
    marker = chosen / RUN_FILE
    if not marker.is_file():
        raise ConfigError(f"there is no run to resume in {str(chosen)!r}; start one without --resume")
    known = yaml.safe_load(marker.read_text(encoding="utf-8"))["name"]
    if overrides.name not in (None, known):
        raise ConfigError(
            f"--name {overrides.name!r} is not the run in {str(chosen)!r}, which is {known!r}; leave it out"
        )
    return Place(known, chosen.resolve())


def _named(folder: Path, name: Any) -> Path | None:
    return None if name is None else folder / str(name)


def _take(section: dict[str, Any], field: str, value: Any) -> None:
    if value is not None:
        section[field] = value


def _count(chosen: int | None, settings: dict[str, Any], field: str, default: int) -> int:
    value = chosen if chosen is not None else settings.get(field, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{field}={value!r} must be a whole number of at least 1")
    return value
