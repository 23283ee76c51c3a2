"""The names that users import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import shinka
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError


def test_every_name_of_the_face_is_there() -> None:
    assert sorted(shinka.__all__) == list(shinka.__all__)
    for name in shinka.__all__:
        assert getattr(shinka, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = shinka.nothing_here


def test_the_face_itself_loads_nothing() -> None:
    script = "import sys, shinka; assert not {'prefect', 'shinka_core', 'flows'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_runner_has_the_parameters_and_defaults_of_the_seed_document(tmp_path: Path) -> None:
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("")
    config = EvolutionConfig(max_parallel_jobs=7, init_program_path=str(tmp_path / "initial.py"))
    runner = shinka.AsyncEvolutionRunner(
        evo_config=config,
        job_config=LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py")),
        db_config=DatabaseConfig(),
    )
    assert runner.verbose is True
    assert runner.max_proposal_jobs == 10
    assert runner.max_evaluation_jobs == 7


def test_the_runner_refuses_what_cannot_work_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="init_program_path"):
        shinka.AsyncEvolutionRunner(
            EvolutionConfig(init_program_path=str(tmp_path / "none.py")), LocalJobConfig(eval_program_path=__file__)
        )
    with pytest.raises(ConfigError, match="max_evaluation_jobs=0"):
        shinka.AsyncEvolutionRunner(EvolutionConfig(), max_evaluation_jobs=0)
    with pytest.raises(TypeError, match="max_proposals"):
        shinka.AsyncEvolutionRunner(EvolutionConfig(), max_proposals=3)  # type: ignore[call-arg]
