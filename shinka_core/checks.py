"""What can be found wrong with settings before anything is opened, written or spent."""

from __future__ import annotations

from pathlib import Path

from shinka_core.bandit import bandit_of
from shinka_core.config import EvolutionConfig, InProcessJobConfig
from shinka_core.config.starting import split_run
from shinka_core.database.address import address_of
from shinka_core.errors import ConfigError
from shinka_core.launch import check_job
from shinka_core.llm.endpoint import check_models
from shinka_core.meta import guide_of
from shinka_core.periodic import periodics_of
from shinka_core.population.settings import search_of, spawning_of
from shinka_core.program_size import SizeLimit
from shinka_core.reviewers import reviewer_of
from shinka_core.secrets import refuse_stored_secrets
from shinka_core.seed_program import SeedProgram, blank_program, read_more_programs, read_seed_program
from shinka_core.seeds import writing_models
from shinka_core.settings import RunSettings
from shinka_core.trackers import trackers_of
from shinka_core.ways import ways_of


def check_settings(settings: RunSettings) -> list[SeedProgram]:
    """Everything that can be found wrong before anything is opened or spent.

    Returns:
        The programs that the run is given to begin with, at least one.

    Raises:
        ConfigError: Naming the field, its value and the remedy.
    """
    check_values(settings)
    check_evaluator(settings)
    check_starting(settings.evolve)
    return checked_seed_programs(settings)


def checked_seed_programs(settings: RunSettings) -> list[SeedProgram]:
    """Reads the programs that are given, and looks whether the models can read them too.

    Raises:
        ConfigError: One is none, is too large, or does not go with the others.
    """
    first = checked_seed_program(settings)
    others = read_more_programs(settings.evolve, first)
    for path, program in zip(settings.evolve.more_init_programs, others, strict=True):
        _check_size(settings, program, path)
    return [first, *others]


def checked_seed_program(settings: RunSettings) -> SeedProgram:
    """The first of them; where a model is to write it, what stands for it until then.

    Raises:
        ConfigError: It is none, or too large.
    """
    evolve = settings.evolve
    seed_program = blank_program(evolve) if evolve.bootstrap.from_task else read_seed_program(evolve)
    _check_size(settings, seed_program, evolve.init_program_path)
    return seed_program


def _check_size(settings: RunSettings, seed_program: SeedProgram, path: str) -> None:
    if not seed_program.source.single and isinstance(settings.job, InProcessJobConfig):
        raise ConfigError(
            f"init_program_path={path!r} is a folder, whose modules one interpreter would take "
            "for those of the next program: evaluate it in processes of their own (kind: local in section 'job')"
        )
    ways = ways_of(settings.evolve, settings.database.islands)
    limit = SizeLimit(settings.evolve, seed_program.language, folder=not seed_program.source.single, ways=ways)
    limit.check_seed(path, seed_program.source)


def check_starting(evolve: EvolutionConfig) -> None:
    """What a run is to begin with, as far as it can be told without reading other runs.

    Raises:
        ConfigError: Naming the field, its value and the remedy.
    """
    bootstrap, warm = evolve.bootstrap, evolve.warm_start
    if bootstrap.from_task:
        if not (evolve.task_sys_msg or "").strip():
            raise ConfigError(
                "bootstrap.from_task=True needs the task in words, which is all that a model is told: set task_sys_msg "
                "(--task, or task.md in the task folder), and say in it what the program has to define and to return"
            )
        if Path(evolve.init_program_path).exists():
            raise ConfigError(
                f"bootstrap.from_task=True has a model write the first program, and {evolve.init_program_path!r} is "
                "there; take it out, or leave from_task out"
            )
    if (bootstrap.from_task or bootstrap.count) and not writing_models(evolve):
        wish = "bootstrap.from_task=True" if bootstrap.from_task else f"bootstrap.count={bootstrap.count}"
        raise ConfigError(
            f"{wish} needs a model that writes programs, and llm_models={evolve.llm_models} can only change them; name "
            "one (--model, or llm_roles: {bootstrap: [...]})"
        )
    further = len(evolve.more_init_programs) + bootstrap.count - (bootstrap.from_task and bootstrap.count > 0)
    if further > evolve.num_generations:
        raise ConfigError(
            f"num_generations={evolve.num_generations} is less than the {further} seed programs after the first, which are "
            "generations as well; raise it, or begin with fewer"
        )
    for field, runs in (("warm_start.runs", warm.runs), ("bootstrap.library", bootstrap.library)):
        for run in runs:
            check_earlier_run(field, run)


def check_earlier_run(field: str, run: str) -> None:
    """Looks whether there is anything where an earlier run is said to be.

    Raises:
        ConfigError: There is not, or the address holds a password.
    """
    refuse_stored_secrets(urls={field: run}, options={})
    where, _ = split_run(run)
    if "://" not in where and not Path(where).expanduser().exists():
        raise ConfigError(
            f"{field}: {where!r} does not exist (working directory {Path.cwd()}); name the results folder of a run or its "
            "database, and `:name` after it for one of several"
        )


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
    ways_of(settings.evolve, settings.database.islands)
    bandit_of(settings.evolve)
    _check_beside(settings.evolve)


def _check_beside(evolve: EvolutionConfig) -> None:
    for field, specs in (
        ("reviewer", [evolve.reviewer]), ("periodic", evolve.periodic), ("advice", [evolve.advice]),
        ("trackers", evolve.trackers),
    ):  # fmt: skip
        for spec in specs:
            if isinstance(spec, dict):
                urls = {f"{field}.{name}": value for name, value in spec.items() if name == "tracking_uri"}
                refuse_stored_secrets(urls=urls, options={field: spec})
    reviewer_of(evolve.asked_reviewer)
    periodics_of(evolve.periodic)
    guide_of(evolve)
    trackers_of(evolve.trackers)


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
