"""The names that users import."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import shinka
import shinka.beside
import shinka.database
import shinka.errors
import shinka.launch
import shinka.operators
import shinka.population
import shinka.trackers
from shinka_core import errors
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from tests.support.prefect import ROOT


def test_every_name_of_the_face_is_there() -> None:
    assert sorted(shinka.__all__) == list(shinka.__all__)
    for name in shinka.__all__:
        assert getattr(shinka, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = shinka.nothing_here
    assert {"open", *shinka.__all__} <= set(dir(shinka))
    assert "open" not in shinka.__all__, "a star import leaves the built-in one alone"


def test_everything_that_is_raised_can_be_caught_by_its_name() -> None:
    raised = {
        name for name, thing in vars(errors).items() if isinstance(thing, type) and thing.__module__ == errors.__name__
    }
    assert set(shinka.errors.__all__) == {name for name in raised if not name.startswith("_")}
    assert all(getattr(shinka.errors, name) is getattr(errors, name) for name in raised)


def test_the_parts_that_can_be_exchanged_are_there_with_those_that_come_along() -> None:
    faces = (shinka.population, shinka.operators, shinka.launch, shinka.beside, shinka.database, shinka.trackers)
    things = [getattr(face, name) for face in faces for name in face.__all__]
    registries = {id(thing): thing for thing in things if isinstance(thing, shinka.population.Registry)}.values()
    assert len(registries) == 13
    assert all(registry.names() for registry in registries)


def test_a_script_s_run_takes_what_the_runner_takes() -> None:
    assert inspect.signature(shinka.run).parameters == inspect.signature(shinka.AsyncEvolutionRunner).parameters
    with pytest.raises(ConfigError, match="init_program_path"):
        shinka.run(EvolutionConfig(init_program_path="none.py"), LocalJobConfig(eval_program_path=__file__))


async def test_where_an_event_loop_runs_a_script_s_run_says_what_to_write() -> None:
    with pytest.raises(RuntimeError, match=r"await shinka.AsyncEvolutionRunner\(...\).run\(\)"):
        shinka.run(EvolutionConfig())


# Every module, in a process that has none of them; the server's application is made by a call and not by importing it.
IMPORTS = """
import asyncio, importlib, os, pkgutil, signal, sys
policy = asyncio.get_event_loop_policy()
before = dict(os.environ), os.getcwd(), {number: signal.getsignal(number) for number in signal.valid_signals()}
import shinka, flows, tasks, shinka_core
names = []
for package in (shinka, flows, tasks, shinka_core):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
        names.append(module.name)
        assert dict(os.environ) == before[0], (module.name, set(os.environ.items()) ^ set(before[0].items()))
        assert asyncio.get_event_loop_policy() is policy, module.name
assert before[1:] == (os.getcwd(), {number: signal.getsignal(number) for number in signal.valid_signals()})
print(len(names))
"""


@pytest.mark.slow
def test_importing_changes_nothing_of_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200


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
