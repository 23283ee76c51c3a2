"""What can be found wrong with settings before anything is opened, written or spent."""

from __future__ import annotations

from pathlib import Path

from shinka_core.bandit import bandit_of
from shinka_core.config import EvolutionConfig, InProcessJobConfig
from shinka_core.database.address import address_of
from shinka_core.errors import ConfigError
from shinka_core.launch import check_job
from shinka_core.llm.endpoint import check_models
from shinka_core.operators import Operators
from shinka_core.periodic import periodics_of
from shinka_core.population.settings import search_of, spawning_of
from shinka_core.program_size import SizeLimit
from shinka_core.prompts import prompt_builder_of
from shinka_core.reviewers import reviewer_of
from shinka_core.secrets import refuse_stored_secrets
from shinka_core.seed_program import SeedProgram, read_seed_program
from shinka_core.settings import RunSettings


def check_settings(settings: RunSettings) -> SeedProgram:
    """Everything that can be found wrong before anything is opened or spent.

    Raises:
        ConfigError: Naming the field, its value and the remedy.
    """
    check_values(settings)
    check_evaluator(settings)
    return checked_seed_program(settings)


def checked_seed_program(settings: RunSettings) -> SeedProgram:
    """Reads the seed program, and looks whether the models can read it too.

    Raises:
        ConfigError: It is none, or too large.
    """
    seed_program = read_seed_program(settings.evolve)
    if not seed_program.source.single and isinstance(settings.job, InProcessJobConfig):
        raise ConfigError(
            f"init_program_path={settings.evolve.init_program_path!r} is a folder, whose modules one interpreter would take "
            "for those of the next program: evaluate it in processes of their own (kind: local in section 'job')"
        )
    limit = SizeLimit(settings.evolve, seed_program.language, folder=not seed_program.source.single)
    limit.check_seed(settings.evolve.init_program_path, seed_program.source)
    return seed_program


def check_values(settings: RunSettings) -> None:
    """What can be found wrong without looking at any file.

    Raises:
        ConfigError: Naming the field, its value and the remedy.
    """
    if settings.proposal_jobs < 1:
        raise ConfigError(f"max_proposal_jobs={settings.proposal_jobs} must be at least 1")
    if settings.evaluation_jobs < 1:
        raise ConfigError(f"max_evaluation_jobs={settings.evaluation_jobs} must be at least 1")
    address_of(settings.database.db_path, settings.results_dir)
    refuse_stored_secrets(urls={"db_path": settings.database.db_path}, options={})
    check_models(settings.evolve)
    spawning_of(settings.database, search_of(settings.database).islands)
    Operators(settings.evolve.patch_types)
    prompt_builder_of(settings.evolve.prompt_builder)
    bandit_of(settings.evolve)
    _check_beside(settings.evolve)


def _check_beside(evolve: EvolutionConfig) -> None:
    for field, specs in (("reviewer", [evolve.reviewer]), ("periodic", evolve.periodic)):
        for spec in specs:
            if isinstance(spec, dict):
                refuse_stored_secrets(urls={}, options={field: spec})
    reviewer_of(evolve.reviewer)
    periodics_of(evolve.periodic)


def check_evaluator(settings: RunSettings) -> None:
    """Whether the evaluator is there and can be run.

    Raises:
        ConfigError: It is not, or a setting of evaluations is wrong.
    """
    evaluator = Path(settings.job.eval_program_path)
    if not evaluator.is_file():
        raise ConfigError(
            f"eval_program_path={str(evaluator)!r} is not a file (working directory {Path.cwd()}); "
            "name the evaluator script, or run inside the task's folder"
        )
    check_job(settings.job)
