"""From the settings of evaluations to the launcher that they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from shinka_core.config import (
    CustomJobConfig,
    DaskJobConfig,
    ElsewhereSettings,
    LocalJobConfig,
    ProcessSettings,
    RayJobConfig,
    SlurmJobConfig,
)
from shinka_core.config.job import KINDS, Kind
from shinka_core.errors import ConfigError
from shinka_core.launch.elsewhere import ElsewhereLauncher
from shinka_core.launch.elsewhere.dask import Dask, check_dask
from shinka_core.launch.elsewhere.ray import Ray, check_ray
from shinka_core.launch.elsewhere.slurm import Slurm, check_slurm
from shinka_core.launch.environment import refuse_keys
from shinka_core.launch.evaluator import Evaluator
from shinka_core.launch.function import check_function
from shinka_core.launch.in_process import InProcessLauncher
from shinka_core.launch.launcher import LAUNCHERS, Launcher
from shinka_core.launch.local import LocalLauncher, check_local
from shinka_core.secrets import refuse_stored_secrets

LAUNCHERS.register("local")(LocalLauncher)
LAUNCHERS.register("in_process")(InProcessLauncher)


@LAUNCHERS.register("slurm")
def _slurm(config: SlurmJobConfig, hidden: Sequence[Path] = ()) -> Launcher:
    return ElsewhereLauncher("slurm", config, Slurm(config), hidden)


@LAUNCHERS.register("dask")
def _dask(config: DaskJobConfig, hidden: Sequence[Path] = ()) -> Launcher:
    return ElsewhereLauncher("dask", config, Dask(config), hidden)


@LAUNCHERS.register("ray")
def _ray(config: RayJobConfig, hidden: Sequence[Path] = ()) -> Launcher:
    return ElsewhereLauncher("ray", config, Ray(config), hidden)


def launcher_of(job: Kind, hidden: Sequence[Path] = ()) -> Launcher:
    """The launcher of that kind.

    Args:
        hidden: Folders and files that evaluations have no business with, for launchers that can hide them.

    Raises:
        ConfigError: There is none, or it cannot run the evaluator here.
    """
    if isinstance(job, CustomJobConfig):
        return _custom(job)
    place = {"hidden": hidden} if isinstance(job, ProcessSettings) else {}
    return LAUNCHERS.create({"name": job.kind, "config": job, **place})


def check_job(job: Kind) -> None:
    """Everything that can be found wrong with evaluations before the first one.

    Raises:
        ConfigError: The evaluator cannot be run, there is no such launcher, or a setting holds a key.
    """
    env = job.env if isinstance(job, ProcessSettings) else {}
    for arguments in (job.extra_cmd_args, *(stage.args for stage in job.stages)):
        refuse_keys(env, arguments)
    if isinstance(job, LocalJobConfig):
        check_local(job)
    elif isinstance(job, ElsewhereSettings):
        _check_elsewhere(job)
    elif isinstance(job, CustomJobConfig):
        if isinstance(job.launcher, dict):
            refuse_stored_secrets(urls={}, options={"launcher": job.launcher})
        _custom(job)
    else:
        check_function(job)


def _check_elsewhere(job: ElsewhereSettings) -> None:
    Evaluator(job.eval_program_path, None).close()
    if isinstance(job, SlurmJobConfig):
        check_slurm()
    elif isinstance(job, DaskJobConfig):
        check_dask()
    elif isinstance(job, RayJobConfig):
        check_ray()


def _custom(job: CustomJobConfig) -> Launcher:
    name = job.launcher.get("name") if isinstance(job.launcher, dict) else job.launcher
    if name in KINDS:
        raise ConfigError(f"launcher={name!r} is a kind of its own; say kind: {name} (section 'job') without launcher")
    try:
        return LAUNCHERS.create(job.launcher)
    except ConfigError as error:
        raise ConfigError(f"launcher: {error}") from error
