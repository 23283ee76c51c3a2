"""A settings file in ShinkaEvolve's words: its sections and fields, and what Hydra makes of files of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig, SlurmJobConfig, kind_of
from shinka_core.config.base import AND, Section
from shinka_core.config.shinkaevolve import JOB_TYPES
from shinka_core.config.slurm_names import SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig
from shinka_core.errors import ConfigError

logger = logging.getLogger("shinka.config")

SECTION_NAMES = {
    "evo_config": "evolution",
    "evo": "evolution",
    "db_config": "database",
    "db": "database",
    "job_config": "job",
}
# Of a whole file, where they say what a command line says here.
IDLE = ("max_db_workers", "verbose", "debug")
_MODELS: Mapping[str, type[Section]] = {"evolution": EvolutionConfig, "database": DatabaseConfig, "job": LocalJobConfig}
_HYDRA = (
    "defaults",
    "hydra",
    "distributed_job_config",
    "evaluate_function",
    "variant_suffix",
    "exp_name",
    "output_dir",
)
_SLURM: Mapping[str, type[SlurmJobConfig]] = {
    "slurm_docker": SlurmDockerJobConfig,
    "slurm_conda": SlurmCondaJobConfig,
    "slurm_env": SlurmEnvJobConfig,
}
_CLASSES = {
    "SlurmDockerJobConfig": "slurm_docker",
    "SlurmCondaJobConfig": "slurm_conda",
    "SlurmEnvJobConfig": "slurm_env",
}


def in_our_words(file: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The sections by our names, with the fields that ShinkaEvolve names as ours; all others as they are.

    Args:
        file: Its name, for messages.

    Raises:
        ConfigError: A section stands there twice, or is one that Hydra has to put together.
    """
    _refuse_hydra(file, settings)
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, section in settings.items():
        ours = SECTION_NAMES.get(name, name)
        if ours in names:
            raise ConfigError(f"{file} has both {names[ours]!r} and {name!r}, which are the same section; keep one")
        names[ours] = name
        found[ours] = section
    idle = [name for name in IDLE if name in found]
    for name in idle:
        if found.pop(name) is False and name == "verbose":
            logger.warning("%s: verbose: false is said on the command line here: --quiet", file)
    _take_job_type(found)
    wrong: list[str] = []
    for name, model in _MODELS.items():
        section = found.get(name)
        if isinstance(section, dict):
            fields = {str(key): value for key, value in cast("dict[Any, Any]", section).items()}
            found[name] = _taken(fields, kind_of(fields) if name == "job" else model, wrong)
    if wrong:
        raise ConfigError(f"{file}: {AND.join(wrong)}")
    return found


def _taken(fields: dict[str, Any], model: type[Section], wrong: list[str]) -> dict[str, Any]:
    """The fields in our words; what is wrong with them is added to what is wrong with the file."""
    taking = model.takes_over(fields, model.model_fields)
    if told := model.wrong_with(taking):
        wrong += told
    else:
        taking.tell(model.__name__)
    return taking.fields


def _take_job_type(found: dict[str, Any]) -> None:
    """Which kind of jobs it is, is said there in the section of the evolution, and by the class that Hydra is to make."""
    evolution, job = found.get("evolution"), found.get("job")
    said = cast("dict[str, Any]", evolution) if isinstance(evolution, dict) else {}
    kind = said.get("job_type", "local")
    if isinstance(job, dict):
        target = str(cast("dict[str, Any]", job).get("_target_", "")).rpartition(".")[2]
        kind = _CLASSES.get(target, kind)
    if kind == "local" or kind not in JOB_TYPES:
        return
    if said:
        found["evolution"] = {key: value for key, value in said.items() if key != "job_type"}
    given = dict(cast("dict[str, Any]", job)) if isinstance(job, dict) else {}
    given.pop("_target_", None)
    if "kind" not in given:
        made = _SLURM[str(kind)](**given)
        found["job"] = made.model_dump(exclude_defaults=True, mode="json") | {"kind": "slurm"} | _class_defaults(made)


def _class_defaults(made: SlurmJobConfig) -> dict[str, Any]:
    """What its class has by default, and `kind: slurm` has not."""
    return {
        name: getattr(made, name)
        for name, field in SlurmJobConfig.model_fields.items()
        if getattr(made, name) != field.default
    }


def _refuse_hydra(file: str, settings: Mapping[str, Any]) -> None:
    named = [name for name in _HYDRA if name in settings]
    if named:
        raise ConfigError(
            f"{file} is put together by Hydra ({', '.join(named)}), which does not run here: write what it comes to "
            "into one file with the sections evo_config, db_config and job_config"
        )
    for place, text in _texts(settings, ""):
        if "${" in text:
            raise ConfigError(
                f"{file}: {place} is {text!r}, which Hydra would fill in, and nothing does here; write its value"
            )
        if text == "???":
            raise ConfigError(f"{file}: {place} is '???', which is a value that is missing; write it")


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and not place.endswith(("task_sys_msg", ".prompt")) and ".env." not in f".{place}":
        yield place, value
    elif isinstance(value, dict):
        for key, inner in cast("dict[Any, Any]", value).items():
            yield from _texts(inner, f"{place}.{key}" if place else str(key))
