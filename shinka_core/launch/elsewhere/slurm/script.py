"""What is said to Slurm: the options of a job and its script. Text alone."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path

from shinka_core.config import SlurmJobConfig
from shinka_core.launch.elsewhere.agent import LOG, beside
from shinka_core.launch.elsewhere.errand import Errand

# Seconds for what comes before an evaluation and after it: loading modules, starting a container.
AROUND = 300.0
ROOT = Path(__file__).resolve().parents[4]


def options(config: SlurmJobConfig, errand: Errand) -> list[str]:
    """Options of sbatch."""
    log = str(beside(Path(errand.results_dir), LOG)).replace("%", "%%")
    told = [
        "--parsable", f"--job-name={errand.name}", f"--output={log}", "--open-mode=truncate", "--no-requeue",
        "--nodes=1", "--ntasks=1", f"--cpus-per-task={config.cpus}", f"--chdir={Path(errand.results_dir).parent}",
    ]  # fmt: skip
    if errand.time_limit is not None:
        told.append(f"--time={math.ceil((errand.time_limit + AROUND) / 60)}")
    if config.gpus:
        told.append(f"--gres=gpu:{config.gpus}")
    named = {
        "partition": config.partition, "account": config.account, "qos": config.qos, "constraint": config.constraint,
        "mem": config.memory,
    }  # fmt: skip
    return [*told, *(f"--{name}={value}" for name, value in named.items() if value is not None), *config.options]


def script(config: SlurmJobConfig, errand: Errand, file: Path) -> str:
    """The script of a job.

    Args:
        file: That the agent reads.
    """
    lines = ["#!/bin/bash"]
    lines += [f"module load {name}" for name in config.modules]
    if config.conda_env is not None:
        lines += ['eval "$(conda shell.bash hook)"', f"conda activate {shlex.quote(config.conda_env)}"]
    lines += config.setup
    agent = ["-m", "shinka_core.launch.elsewhere.agent", str(file)]
    if config.image is None:
        python = config.agent_python or ("python3" if config.conda_env else sys.executable)
        lines += [
            f"export PYTHONPATH={shlex.quote(str(ROOT))}${{PYTHONPATH:+:$PYTHONPATH}}", f"exec {_line([python, *agent])}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"
    command = [config.agent_python or "python3", *agent]
    if config.image_engine in ("apptainer", "singularity"):
        given = [config.image_engine, "exec", *_mounts(config, errand, "--bind"), *_gpus(config, "--nv")]
        lines.append(f"exec {_line([*given, *config.image_options, config.image, *command])}")
        return "\n".join(lines) + "\n"
    # The container is no child of the job: it is ended by name.
    given = [config.image_engine, "run", "--rm", "--name", errand.name, "--user", "$UID_OF_JOB"]
    given += [*_mounts(config, errand, "--volume"), *_gpus(config, "--gpus=all"), *config.image_options]
    line = _line([*given, config.image, *command]).replace("'$UID_OF_JOB'", '"$(id -u):$(id -g)"')
    end = f"{config.image_engine} kill {errand.name} >/dev/null 2>&1"
    lines += [f"trap {shlex.quote(end)} TERM EXIT", f"{line} &", "wait $!"]
    return "\n".join(lines) + "\n"


def _mounts(config: SlurmJobConfig, errand: Errand, flag: str) -> list[str]:
    """The task's folder, the run's and this package, where they are."""
    folders = [Path(config.eval_program_path).resolve().parent, Path(errand.results_dir).parent.parent, ROOT]
    return [word for folder in folders for word in (flag, f"{folder}:{folder}")]


def _gpus(config: SlurmJobConfig, flag: str) -> list[str]:
    return [flag] if config.gpus else []


def _line(words: list[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)
