"""What is said to Slurm for one evaluation, and what its script does on a node."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from shinka_core.config import SlurmJobConfig, job_of
from shinka_core.config.slurm_names import SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig
from shinka_core.launch.elsewhere import Errand
from shinka_core.launch.elsewhere.slurm.script import options, script


def errand(tmp_path: Path, time_limit: float | None = None) -> Errand:
    return Errand(
        name="shinka-1", settings={}, program_path=str(tmp_path / "gen_1/main.py"),
        results_dir=str(tmp_path / "gen_1/100 %/results"), evaluator_digest="", time_limit=time_limit,
    )  # fmt: skip


def test_options_are_those_of_the_settings(tmp_path: Path) -> None:
    config = SlurmJobConfig(
        partition="gpu", account="lab", qos="long", constraint="a100&ib", cpus=4, gpus=2, memory="16G",
        options=["--reservation=maintenance"],
    )  # fmt: skip
    told = options(config, errand(tmp_path, time_limit=90))
    assert {
        "--partition=gpu", "--account=lab", "--constraint=a100&ib", "--qos=long", "--cpus-per-task=4", "--gres=gpu:2", "--mem=16G",
        "--reservation=maintenance", "--job-name=shinka-1", "--no-requeue",
        "--time=7",  # 90 s, and five minutes around them
    } <= set(told)  # fmt: skip
    # A percent sign in a folder is none of Slurm's patterns.
    assert f"--output={tmp_path}/gen_1/100 %%/results.job.log" in told
    assert not [
        word for word in options(SlurmJobConfig(), errand(tmp_path)) if word.startswith(("--time", "--mem", "--gres"))
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("partition", "gpu; rm -rf /"), ("conda_env", "$(id)"), ("modules", ["gcc", "a b"]), ("image", "a image"),
        ("options", ["reservation=x"]), ("options", ["--wrap=ls"]), ("options", ["--job-name=x"]), ("cpus", 0),
        ("files", "sent"),
    ],
)  # fmt: skip
def test_words_that_would_break_a_script_are_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        SlurmJobConfig(**{field: value})  # type: ignore[arg-type]


def run(text: str, tmp_path: Path, **commands: str) -> str:
    """The script's output, with commands that do as they are told here."""
    places = tmp_path / "bin"
    places.mkdir()
    for name, body in commands.items():
        (places / name).write_text(f"#!/bin/bash\n{body}\n")
        (places / name).chmod(0o755)
    done = subprocess.run(
        ["bash"], input=text, env=os.environ | {"PATH": f"{places}:{os.environ['PATH']}"}, capture_output=True, text=True,
        timeout=30,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_node_is_prepared_before_the_agent_begins(tmp_path: Path) -> None:
    config = SlurmJobConfig(
        modules=["gcc/13", "cuda"], conda_env="my-env", setup=["export PLACE='a b'"], agent_python="the-python"
    )
    said = run(
        script(config, errand(tmp_path), tmp_path / "it is/errand.json"), tmp_path,
        module='echo "module $*"',
        conda='[ "$1" = shell.bash ] && echo "true" || echo "conda $*"',
        **{"the-python": 'echo "python $PLACE ${PYTHONPATH%%:*}"; printf "<%s>" "$@"'},
    )  # fmt: skip
    root = Path(__file__).resolve().parents[4]
    assert said.splitlines() == [
        "module load gcc/13", "module load cuda", "conda activate my-env", f"python a b {root}",
        f"<-m><shinka_core.launch.elsewhere.agent><{tmp_path}/it is/errand.json>",
    ]  # fmt: skip


def test_the_agent_is_run_by_this_python_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert f"exec {sys.executable} -m shinka_core.launch.elsewhere.agent" in script(
        SlurmJobConfig(), errand(tmp_path), tmp_path / "errand.json"
    )


def test_an_image_is_run_with_the_folders_it_needs(tmp_path: Path) -> None:
    config = SlurmJobConfig(
        eval_program_path=str(tmp_path / "task/evaluate.py"), image="lab.sif", gpus=1, image_options=["--cleanenv"]
    )
    said = run(
        script(config, errand(tmp_path), tmp_path / "errand.json"), tmp_path, apptainer='printf "%s\\n" "$@"'
    ).splitlines()
    assert said[0] == "exec"
    assert f"{tmp_path}/task:{tmp_path}/task" in said
    assert f"{tmp_path}/gen_1:{tmp_path}/gen_1" in said
    assert said[said.index("lab.sif") - 2 :] == [
        "--nv", "--cleanenv", "lab.sif", "python3", "-m", "shinka_core.launch.elsewhere.agent",
        f"{tmp_path}/errand.json",
    ]  # fmt: skip


def test_a_container_is_ended_with_its_job(tmp_path: Path) -> None:
    config = SlurmJobConfig(image="lab:1", image_engine="docker")
    said = run(
        script(config, errand(tmp_path), tmp_path / "errand.json"), tmp_path,
        docker='echo "$1 $(echo "$*" | grep -o -- "--user [0-9:]*")" >>' + str(tmp_path / "said"),
    )  # fmt: skip
    assert said == ""
    assert (tmp_path / "said").read_text().splitlines() == [f"run --user {os.getuid()}:{os.getgid()}", "kill "]


def test_the_names_of_shinkaevolve_have_its_fields_and_defaults() -> None:
    plain = SlurmCondaJobConfig()
    assert (plain.kind, plain.partition, plain.time_limit, plain.cpus, plain.gpus, plain.memory) == (
        "slurm", "gpu", 3600.0, 1, 1, "8G",
    )  # fmt: skip
    conda = SlurmEnvJobConfig(  # type: ignore[call-arg]
        eval_program_path="evaluate.py", conda_env="", activate_script="venv/bin/activate", modules=["cuda"], mem="4G",
        time="00:10:00",
    )  # fmt: skip
    assert (conda.setup, conda.conda_env, conda.modules, conda.memory, conda.time_limit) == (
        ["source venv/bin/activate"], None, ["cuda"], "4G", 600.0,
    )  # fmt: skip
    docker = SlurmDockerJobConfig(image="lab:1", image_tar_path="lab.tar", docker_flags="--gpus all --ipc=host", gpus=0)  # type: ignore[call-arg]
    assert (docker.image, docker.image_engine, docker.image_options, docker.setup) == (
        "lab:1", "docker", ["--gpus", "all", "--ipc=host"], ["docker load --input lab.tar"],
    )  # fmt: skip


def test_a_settings_file_may_hold_the_names_of_shinkaevolve() -> None:
    job = job_of({"kind": "slurm", "mem": "16G"})
    assert isinstance(job, SlurmJobConfig)
    assert job.memory == "16G"
