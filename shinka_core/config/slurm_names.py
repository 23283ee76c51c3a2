"""ShinkaEvolve's names for jobs of Slurm: its fields and defaults, as settings of `kind: slurm`."""

from __future__ import annotations

from typing import Any, cast

from pydantic import Field, model_validator

from shinka_core.config.clusters import SlurmJobConfig


class _Named(SlurmJobConfig):
    """A job with ShinkaEvolve's defaults; `mem` is `memory`."""

    partition: str | None = Field(default="gpu", description="Of the nodes; None: Slurm's own.")
    time: float | str | None = Field(default="01:00:00", description="Limit of one evaluation: seconds or [HH:]MM:SS.")
    gpus: int = Field(default=1, ge=0, description="Of one evaluation.")
    memory: str | None = Field(default="8G", description="Of one evaluation; None: Slurm's own.")

    @model_validator(mode="before")
    @classmethod
    def _take_names(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        given = dict(cast("dict[str, Any]", values))
        if "mem" in given:
            given["memory"] = given.pop("mem")
        return cls._named(given)

    @classmethod
    def _named(cls, given: dict[str, Any]) -> dict[str, Any]:
        return given


class SlurmCondaJobConfig(_Named):
    """Evaluations in an environment of conda, or in what a script activates (`conda_env`, `activate_script`, `modules`)."""

    @classmethod
    def _named(cls, given: dict[str, Any]) -> dict[str, Any]:
        script = given.pop("activate_script", None)
        if script is not None:
            given["setup"] = [f"source {script}", *given.get("setup", [])]
        if given.get("conda_env") == "":
            del given["conda_env"]
        if given.get("modules", ...) is None:
            del given["modules"]
        return given


class SlurmEnvJobConfig(SlurmCondaJobConfig):
    """Another name of `SlurmCondaJobConfig`."""


class SlurmDockerJobConfig(_Named):
    """Evaluations in a container (`image`, `image_tar_path`, `docker_flags`)."""

    image: str | None = Field(default="ubuntu:latest", description="Container that evaluations run in.")
    image_engine: Any = Field(default="docker", description="That runs it.")

    @classmethod
    def _named(cls, given: dict[str, Any]) -> dict[str, Any]:
        flags = given.pop("docker_flags", None)
        if flags:
            given["image_options"] = [*flags.split(), *given.get("image_options", [])]
        archive = given.pop("image_tar_path", None)
        if archive is not None:
            given["setup"] = [f"docker load --input {archive}", *given.get("setup", [])]
        return given
