"""What can be found wrong with settings before anything is opened, written or spent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shinka_core.config import EvolutionConfig
from shinka_core.database.address import address_of
from shinka_core.edit import check_seed_program, language_of
from shinka_core.errors import ConfigError
from shinka_core.launch import check_job
from shinka_core.secrets import refuse_stored_secrets
from shinka_core.settings import RunSettings
from shinka_core.sizes import SizeLimit


@dataclass(frozen=True, slots=True)
class SeedProgram:
    """The program an evolution starts from."""

    code: str
    language: str
    extension: str


def read_seed_program(config: EvolutionConfig) -> SeedProgram:
    """Reads and checks the seed program.

    Raises:
        ConfigError: It is missing, empty, not UTF-8, or its EVOLVE-BLOCK markers are broken.
    """
    path = Path(config.init_program_path)
    language = language_of(path, config.language)
    try:
        code = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"init_program_path={str(path)!r} does not exist (working directory {Path.cwd()}); "
            "name a seed program, or run inside the task's folder"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"init_program_path={str(path)!r} cannot be read as UTF-8 text: {error}") from error
    check_seed_program(code, language)
    return SeedProgram(code=code, language=language, extension=path.suffix)


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
    limit = SizeLimit(settings.evolve, seed_program.language)
    limit.check_seed(settings.evolve.init_program_path, seed_program.code)
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
    refuse_stored_secrets(
        urls={"db_path": settings.database.db_path, "llm_base_url": settings.evolve.llm_base_url},
        options={"llm_kwargs": settings.evolve.llm_kwargs},
    )


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
