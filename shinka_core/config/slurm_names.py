"""ShinkaEvolve's names for jobs of Slurm: its defaults, as settings of `kind: slurm`, which takes its fields."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shinka_core.config.clusters import SlurmJobConfig


class _Named(SlurmJobConfig):
    """A job with ShinkaEvolve's defaults; `mem` is `memory`."""

    partition: str | None = Field(default="gpu", description="Of the nodes; None: Slurm's own.")
    time: float | str | None = Field(default="01:00:00", description="Limit of one evaluation: seconds or [HH:]MM:SS.")
    gpus: int = Field(default=1, ge=0, description="Of one evaluation.")
    memory: str | None = Field(default="8G", description="Of one evaluation; None: Slurm's own.")


class SlurmCondaJobConfig(_Named):
    """Evaluations in an environment of conda, or in what a script activates (`conda_env`, `activate_script`, `modules`)."""


class SlurmEnvJobConfig(SlurmCondaJobConfig):
    """Another name of `SlurmCondaJobConfig`."""


class SlurmDockerJobConfig(_Named):
    """Evaluations in a container (`image`, `image_tar_path`, `docker_flags`)."""

    image: str | None = Field(default="ubuntu:latest", description="Container that evaluations run in.")
    image_engine: Any = Field(default="docker", description="That runs it.")
