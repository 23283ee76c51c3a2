"""Evaluations on other machines: by which engine, and with what of it."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from shinka_core.config.evaluations import ProcessSettings
from shinka_core.secrets import NAMES_OF_NO_SECRETS

# What a name, a list of names or a size for the engine may be made of: it stands in a command or a script.
_WORD = re.compile(r"[\w.,:/@%+=\[\]-]+")
_FEATURES = re.compile(r"[\w.,:/@%+=\[\]&|*()!-]+")


class ElsewhereSettings(ProcessSettings):
    """What evaluations on other machines have in common.

    Wherever it runs, an evaluation has the limits and the sandbox of `kind: local`; `isolation`, `python` and `env` are
    those of that machine.
    """

    files: Literal["shared", "sent"] = Field(
        default="shared",
        description="shared: task, program and results are in folders of the same names there; sent: they are sent and sent back.",
    )
    launch_timeout: float = Field(
        default=60.0, gt=0, description="Seconds for the engine to take an evaluation or to say what became of it."
    )


class SlurmJobConfig(ElsewhereSettings):
    """Evaluations as jobs of Slurm, in folders that its nodes share with this machine."""

    kind: Literal["slurm"] = Field(default="slurm", description="Chooses this section.")
    files: Literal["shared"] = Field(  # pyright: ignore[reportIncompatibleVariableOverride] - settings are not changed
        default="shared", description="Task, program and results are in shared folders."
    )
    partition: str | None = Field(default=None, description="Of the nodes; None: Slurm's own.")
    account: str | None = Field(default=None, description="That is charged; None: Slurm's own.")
    qos: str | None = Field(default=None, description="Quality of service; None: Slurm's own.")
    constraint: str | None = Field(default=None, description="Features that a node has to have.")
    cpus: int = Field(default=1, ge=1, description="Of one evaluation.")
    gpus: int = Field(default=0, ge=0, description="Of one evaluation.")
    memory: str | None = Field(default=None, description="Of one evaluation, as `8G`; None: Slurm's own.")
    modules: list[str] = Field(default=[], description="Loaded before (`module load`).")
    conda_env: str | None = Field(default=None, description="Environment of conda that is activated before.")
    setup: list[str] = Field(default=[], description="Lines of a shell that are run before.")
    image: str | None = Field(default=None, description="Container that evaluations run in.")
    image_engine: Literal["apptainer", "singularity", "docker", "podman"] = Field(
        default="apptainer", description="That runs it."
    )
    image_options: list[str] = Field(default=[], description="More for that engine's run or exec.")
    options: list[str] = Field(default=[], description="More for sbatch, as `--reservation=x`.")
    agent_python: str | None = Field(
        default=None,
        description="Interpreter on the nodes that has this package; None: this process's, `python3` in a container.",
    )
    poll: float = Field(
        default=5.0, ge=0.2, description="Seconds between two looks at the queue, for all jobs together."
    )
    settle: float = Field(
        default=30.0, ge=0, description="Seconds for results to be seen here once a job has left the queue."
    )

    @field_validator("partition", "account", "qos", "constraint", "memory", "conda_env", "image")
    @classmethod
    def _check_word(cls, value: str | None, info: ValidationInfo) -> str | None:
        allowed = _FEATURES if info.field_name == "constraint" else _WORD
        if value is not None and allowed.fullmatch(value) is None:
            raise ValueError(f"{value!r} holds what no such name has; it stands in a script for Slurm")
        return value

    @field_validator("modules")
    @classmethod
    def _check_modules(cls, value: list[str]) -> list[str]:
        for name in value:
            if _WORD.fullmatch(name) is None:
                raise ValueError(f"{name!r} is no name of a module; it stands in a script for Slurm")
        return value

    @field_validator("options")
    @classmethod
    def _check_options(cls, value: list[str]) -> list[str]:
        for option in value:
            if not option.startswith("-") or "\n" in option:
                raise ValueError(f"{option!r} is no option of sbatch; write it as `--name=value`")
            if option.split("=")[0] in ("--job-name", "-J", "--parsable", "--array", "-a", "--wrap", "--output", "-o"):
                raise ValueError(f"{option!r} is set by the launcher itself; leave it out")
        return value


class DaskJobConfig(ElsewhereSettings):
    """Evaluations as tasks of a Dask cluster (`pip install 'shinka-prefect[dask]'`)."""

    kind: Literal["dask"] = Field(default="dask", description="Chooses this section.")
    scheduler: str | None = Field(
        default=None, description="Its address, as `tcp://host:8786`; None: a cluster on this machine, for this run."
    )
    workers: int | None = Field(
        default=None, ge=1, description="Of a cluster on this machine; None: one for each core."
    )
    resources: dict[str, float] = Field(
        default={},
        description="Of a worker that one evaluation takes, as `{GPU: 1}`.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        if self.scheduler is not None and self.workers is not None:
            raise ValueError(f"workers={self.workers} is for a cluster on this machine; leave it out with scheduler")
        return self


class RayJobConfig(ElsewhereSettings):
    """Evaluations as actors of a Ray cluster (`pip install 'shinka-prefect[ray]'`)."""

    kind: Literal["ray"] = Field(default="ray", description="Chooses this section.")
    address: str | None = Field(
        default=None,
        description="Of the cluster, as `ray://host:10001` or `auto`; None: one on this machine, for this run.",
    )
    cpus: float = Field(default=1.0, ge=0, description="Of one evaluation.")
    gpus: float = Field(default=0.0, ge=0, description="Of one evaluation.")
    resources: dict[str, float] = Field(
        default={}, description="More of a node that one evaluation takes.", json_schema_extra=NAMES_OF_NO_SECRETS
    )


class PrefectJobConfig(ElsewhereSettings):
    """Evaluations as runs of a deployment of their own, on any work pool of the Prefect server."""

    kind: Literal["prefect"] = Field(default="prefect", description="Chooses this section.")
    files: Literal["shared", "sent"] = Field(
        default="sent",
        description="sent: task, program and results are sent and sent back; shared: they are in folders of the same names there.",
    )
    deployment: str = Field(
        default="evaluate/default", description="That runs one evaluation, as `flow/name`; its work pool says where."
    )
    job_variables: dict[str, Any] = Field(
        default={},
        description="For its work pool, over those of the deployment: an image, memory, GPUs.",
        json_schema_extra=NAMES_OF_NO_SECRETS,
    )
    poll: float = Field(default=2.0, ge=0.2, description="Seconds between two looks at the runs, for all together.")

    @field_validator("deployment")
    @classmethod
    def _check_deployment(cls, value: str) -> str:
        if value.count("/") != 1 or not all(value.split("/")):
            raise ValueError(f"{value!r} is no deployment; write it as `flow/name`")
        return value
