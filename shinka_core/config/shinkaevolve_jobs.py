"""ShinkaEvolve's settings of jobs, as ours: which interpreter, how many threads, how much is printed."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from shinka_core.config.taking import MISSING, Taking

# What libraries of numbers ask how many threads they may have.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)
# Whether `run_shinka_eval` tells of each run; "0" is no.
VERBOSE = "SHINKA_EVAL_VERBOSE"
JOB = (
    "eval_verbose", "numeric_threads_per_job", "conda_env", "activate_script", "python_executable", "mem",
    "docker_flags", "image_tar_path", "modules", "_target_",
)  # fmt: skip
_TWO_ENVIRONMENTS = "conda_env and activate_script both say which environment it is; leave one of them out"
_PYTHON_INSIDE = ("bin/python", "python.exe")


def job_taken(given: dict[str, Any], known: Iterable[str]) -> Taking:
    """The section `job` (`job_config`) in our words, of evaluations on whichever machine."""
    taking = Taking(dict(given))
    taking.without_none("eval_program_path")
    own = set(known)
    if not any(name in taking.fields for name in JOB):
        return taking
    taking.drop(["_target_"])
    taking.check({"eval_verbose": bool | None, "numeric_threads_per_job": Annotated[int | None, Field(ge=1)]})
    _environment(taking, own)
    if "partition" in own:
        _slurm(taking)
    elif "python" in own:
        _interpreter(taking)
    else:
        for name in ("python_executable", "conda_env", "activate_script"):
            taking.idles(name, None, "")
    return taking


def _environment(taking: Taking, own: set[str]) -> None:
    verbose, threads = taking.take("eval_verbose"), taking.take("numeric_threads_per_job", None)
    more: dict[str, str] = {}
    if verbose is not MISSING and verbose is not None:
        more[VERBOSE] = "1" if verbose else "0"
    if threads is not None:
        more |= dict.fromkeys(THREADS, str(threads))
    if "env" not in own:
        taking.idle += ["numeric_threads_per_job"] if threads is not None else []
    elif more:
        taking.fields["env"] = more | dict(taking.fields.get("env") or {})


def _slurm(taking: Taking) -> None:
    setup: list[str] = []
    if script := taking.take("activate_script", None):
        setup.append(f"source {shlex.quote(str(script))}")
        if taking.fields.get("conda_env"):
            taking.refused.append(_TWO_ENVIRONMENTS)
    if archive := taking.take("image_tar_path", None):
        setup.append(f"docker load --input {shlex.quote(str(archive))}")
    if setup:
        taking.fields["setup"] = [*setup, *taking.fields.get("setup", [])]
    if flags := taking.take("docker_flags", None):
        try:
            taking.fields["image_options"] = [*shlex.split(str(flags)), *taking.fields.get("image_options", [])]
        except ValueError as error:
            taking.refused.append(f"docker_flags={flags!r} are no words of a shell: {error}")
        taking.fields.setdefault("image_engine", "docker")
    for there, here in (("mem", "memory"), ("python_executable", "python")):
        if (value := taking.take(there)) is not MISSING:
            taking.put(here, value, there)
    if taking.fields.get("conda_env") == "":
        del taking.fields["conda_env"]
    taking.without_none("modules")


def _interpreter(taking: Taking) -> None:
    """On this machine an environment is its interpreter."""
    program, script = taking.take("python_executable", None), taking.take("activate_script", None)
    environment = taking.take("conda_env", None)
    if environment and script:
        taking.refused.append(_TWO_ENVIRONMENTS)
        return
    if environment:
        found = next(filter(os.path.isfile, _of_conda(str(environment))), None)
        if found is None:
            taking.refused.append(
                f"conda_env={environment!r} is nowhere to be found; say python: that environment's interpreter"
            )
        program = program or found
    elif script:
        found = next(filter(os.path.isfile, (str(Path(str(script)).expanduser().with_name("python")),)), None)
        if found is None:
            taking.refused.append(
                f"activate_script={script!r} has no interpreter beside it, and is not run; say python: that environment's "
                "interpreter, and env: {NAME: value} for what else it sets"
            )
        program = program or found
    if program is not None:
        taking.put("python", program, "python_executable")


def _of_conda(name: str) -> Iterator[str]:
    """Where the interpreter of an environment may be, by its name or its folder."""
    homes: list[Path] = []
    for variable in ("CONDA_EXE", "MAMBA_EXE"):
        if variable in os.environ:
            homes.append(Path(os.environ[variable]).parent.parent)
    for variable in ("CONDA_ROOT", "MAMBA_ROOT_PREFIX", "CONDA_PREFIX_1", "CONDA_PREFIX"):
        if variable in os.environ:
            homes.append(Path(os.environ[variable]))
    homes += [Path.home() / folder for folder in ("miniconda3", "anaconda3", "miniforge3", "mambaforge", ".conda")]
    folders = [Path(name).expanduser()] if os.sep in name else [home / "envs" / name for home in homes]
    if name == "base":
        folders += homes
    for folder in folders:
        for inside in _PYTHON_INSIDE:
            yield str(folder / inside)
