"""A run beside modules that are called as ours are; how they are kept apart is in `tests/shinka_core`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shinka_core.test_own_packages import EVERYTHING, script
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK

RUNS = f"""
import asyncio, tasks
from shinka import AsyncEvolutionRunner, EvolutionConfig, LocalJobConfig
runner = AsyncEvolutionRunner(
    EvolutionConfig(init_program_path={str(TASK / "initial.py")!r}, num_generations=2, results_dir="r"),
    LocalJobConfig(eval_program_path={str(TASK / "evaluate.py")!r}), verbose=False,
)
print("programs", asyncio.run(runner.run()).programs)
import flows.evolve
print(flows.mine, flows.evolve.mine, tasks.mine)
"""


@pytest.mark.slow
def test_a_run_goes_through_beside_modules_of_the_same_names(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    done = script(tmp_path, EVERYTHING, RUNS, **environment_for(prefect_api, prefect_home, PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["programs 3", "flows evolve tasks"]
