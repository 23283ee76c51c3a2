"""With a Prefect that is otherwise than those known, a run goes the ordinary way and says so once."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from flows.orchestrator import private
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, flow_runs, generation_of, rows

OTHER_ARGUMENTS = """
from prefect import flow_engine
usual = flow_engine.AsyncFlowRunEngine.begin_run
async def begin_run(self, more=None):
    return await usual(self)
flow_engine.AsyncFlowRunEngine.begin_run = begin_run
"""
# Prefect's own functions keep the module as it is.
ENGINE_GONE = """
import sys, types, prefect
from prefect import flow_engine
without = types.ModuleType("prefect.flow_engine")
vars(without).update({name: thing for name, thing in vars(flow_engine).items() if name != "AsyncFlowRunEngine"})
sys.modules["prefect.flow_engine"] = prefect.flow_engine = without
"""
OTHER_REPORT = """
from prefect import task_engine
usual = task_engine.emit_task_run_state_change_event
def emit_task_run_state_change_event(task_run, initial_state, validated_state, follows=None, more=None):
    return usual(task_run, initial_state, validated_state, follows)
task_engine.emit_task_run_state_change_event = emit_task_run_state_change_event
"""
COMMAND = """
import sys
sys.path.insert(0, {root!r})
from flows.terminal.main import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.other_prefect
@pytest.mark.parametrize(
    ("change", "told", "plain"),
    [
        (
            OTHER_ARGUMENTS,
            r"generations run as plain subflows, which is slower.*begin_run.* takes other arguments",
            True,
        ),
        (ENGINE_GONE, r"generations run as plain subflows, which is slower.*AsyncFlowRunEngine\S* is missing", True),
        (OTHER_REPORT, r"every state of every task run is reported, which is slower.*takes other arguments", False),
    ],
    ids=["other arguments", "engine gone", "other report"],
)
def test_a_run_goes_the_ordinary_way(
    tmp_path: Path, prefect_api: str, prefect_home: Path, change: str, told: str, plain: bool
) -> None:
    results, name = tmp_path / "r", f"other-{uuid.uuid4().hex[:8]}"
    done = subprocess.run(
        [sys.executable, "-c", change + COMMAND.format(root=str(ROOT)), str(TASK), "--generations", "4",
         "--results", str(results), "--name", name],
        cwd=tmp_path, env=environment_for(prefect_api, prefect_home), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown
    assert len(re.findall(told, " ".join(shown.split()))) == 1, shown
    assert shown.count("this Prefect differs from those known") == 1
    assert rows(results, "SELECT state, count(*) FROM generations GROUP BY 1") == [("recorded", 5)]
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    assert {generation_of(child): child["state_type"] for child in children} == {
        f"gen-{number:04d}": "COMPLETED" for number in range(5)
    }
    assert len({child["parent_task_run_id"] for child in children}) == (5 if plain else 1)


@pytest.mark.parametrize("names", [private.LEAN_SUBFLOW, private.LASTING_STATES, private.SIGNALS])
def test_the_installed_prefect_has_every_name_as_it_is_known(names: dict[str, tuple[str, ...] | None]) -> None:
    assert private.differences(names) == []


def test_what_is_otherwise_is_named() -> None:
    assert private.differences({"prefect.flow_engine:Nothing": None, "prefect.nothing:here": ()}) == [
        "prefect.flow_engine:Nothing is missing",
        "prefect.nothing:here is missing",
    ]
    (found,) = private.differences({"prefect.flow_engine:AsyncFlowRunEngine.set_state": ("self",)})
    assert "set_state(self, state" in found
    assert "takes other arguments" in found
