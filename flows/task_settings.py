"""The settings of a run in a task folder: what a flow is given, over the folder's settings file, over defaults.

It is what a shell does, with parameters in the place of flags.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from flows.orchestrator.form import from_deployment, is_whole, parameters_of_deployment, touched
from flows.terminal.foreign_folder import read_task, without_their_models
from flows.terminal.settings_file import section_of
from flows.terminal.task_folder import (
    SETTINGS_FILE,
    Overrides,
    existing_folder,
    run_settings,
    take_runs,
)
from shinka_core.config import DatabaseConfig, EvolutionConfig, JobConfig, LocalJobConfig, kind_of
from shinka_core.errors import ConfigError
from shinka_core.seed_program import find_seed_programs
from shinka_core.settings import TaskFolder

logger = logging.getLogger("shinka.settings")


@dataclass(frozen=True, slots=True)
class Given:
    """What a run is given.

    Attributes:
        task: Where it came from, when a task folder has a say.
    """

    evolve: EvolutionConfig
    job: JobConfig
    database: DatabaseConfig
    max_proposal_jobs: int | None = None
    max_evaluation_jobs: int | None = None
    task: TaskFolder | None = None

    async def as_said(self) -> Given:
        """Without what the form of the Prefect UI sends of itself."""
        sections: dict[str, BaseModel] = {"evo_config": self.evolve, "job_config": self.job, "db_config": self.database}
        if not from_deployment() or not any(map(is_whole, sections.values())):
            return self
        shown = await parameters_of_deployment()
        evolve, job, database = (touched(section, shown.get(name)) for name, section in sections.items())
        return replace(self, evolve=evolve, job=job, database=database)  # pyright: ignore[reportArgumentType]


def in_folder(given: Given, task_dir: str | None) -> Given:
    """The same, with the task's relative paths taken from its folder: for a run that is continued."""
    if task_dir is None:
        return given
    folder = Path(task_dir).absolute()
    evolve, job = given.evolve, given.job
    programs: dict[str, str | list[str]] = {}
    if (first := _seed_program(folder, evolve)) is not None:
        programs["init_program_path"] = str(first)
    if evolve.more_init_programs:
        programs["more_init_programs"] = [str(folder / path) for path in evolve.more_init_programs]
    evaluator = {"eval_program_path": str(folder / job.eval_program_path)}
    return replace(given, evolve=evolve.model_copy(update=programs), job=job.model_copy(update=evaluator))


def with_file_of(given: Given, task_dir: str | None) -> Given:
    """The same over the settings file of the task folder, and with the programs that lie there: for a run that begins.

    Raises:
        ConfigError: The folder is not there, holds no task, or its settings file is wrong.
        pydantic.ValidationError: A value in the file is wrong, or does not go with what is given.
    """
    if task_dir is None:
        return given
    folder = existing_folder(Path(task_dir)) or Path()
    file = folder.absolute() / SETTINGS_FILE
    read = read_task(folder, file, required=False)
    read.check(
        initial="init_program_path" in given.evolve.model_fields_set,
        evaluate="eval_program_path" in given.job.model_fields_set,
    )
    for note in read.notes:
        logger.info("%s", note)
    sections = read.sections
    evolution, job, database = (section_of(sections, name) for name in ("evolution", "job", "database"))
    take_runs(folder, evolution, Overrides())
    if "llm_models" in given.evolve.model_fields_set:
        without_their_models(read, evolution)
    evolution = _over(evolution, given.evolve)
    if "llm_models" in given.evolve.model_fields_set and "llm_weights" not in given.evolve.model_fields_set:
        evolution.pop("llm_weights", None)  # they belonged to the models of the file
    fields = {"evolution": evolution, "job": _jobs(job, given.job), "database": _over(database, given.database)}
    widths = Overrides(max_proposal_jobs=given.max_proposal_jobs, max_evaluation_jobs=given.max_evaluation_jobs)
    made = run_settings(folder, file, sections, fields, widths)
    task = given.task or made.task
    return Given(made.evolve, made.job, made.database, made.max_proposal_jobs, made.max_evaluation_jobs, task)


def _seed_program(folder: Path, evolve: EvolutionConfig) -> Path | None:
    """The one that is named, or that lies in the folder; None where there is none, as when a model wrote it."""
    if "init_program_path" in evolve.model_fields_set:
        return folder / evolve.init_program_path
    try:
        return find_seed_programs(folder)[0].absolute()
    except ConfigError:
        return None


def _jobs(file: Mapping[str, Any], given: JobConfig) -> dict[str, Any]:
    """Evaluations of the given kind, if one is meant; of the file's otherwise."""
    named = kind_of(file)
    if isinstance(given, LocalJobConfig) and given.model_fields_set - {"kind"} <= set(named.model_fields):
        return _over(file, given) | ({"kind": file["kind"]} if "kind" in file else {})
    kept = {field: value for field, value in file.items() if field in type(given).model_fields}
    return _over(kept, given) | {"kind": given.kind}


def _over(file: Mapping[str, Any], given: BaseModel) -> dict[str, Any]:
    """Fields of a section: what is given, over what the file says; inside of its parts as well."""
    fields = dict(file)
    for name in given.model_fields_set:
        value = getattr(given, name)
        if isinstance(value, BaseModel):
            below = fields.get(name)
            value = _over(below if isinstance(below, Mapping) else {}, value)  # pyright: ignore[reportUnknownArgumentType]
        fields[name] = value
    return fields
