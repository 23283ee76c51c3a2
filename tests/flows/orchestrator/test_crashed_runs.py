"""Which flow runs have lost their process, and which of them the next worker continues."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from flows.orchestrator.crashed_runs import ATTEMPTS, lost_its_process
from flows.orchestrator.crashed_runs import _goes_on as goes_on
from flows.orchestrator.identity import OWNER, SEEN
from shinka_core.database.ownership import this_process

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def gone() -> str:
    """The signature of a process that has ended."""
    code = "from shinka_core.database.ownership import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def run(owner: str, began: datetime, seen: datetime, attempts: int = 1, kind: StateType = StateType.RUNNING) -> FlowRun:
    return FlowRun(
        flow_id=uuid4(), deployment_id=uuid4(), run_count=attempts, state=State(type=kind, timestamp=began),
        labels={OWNER: owner, SEEN: seen.isoformat(timespec="seconds")},
    )  # fmt: skip


def test_a_run_whose_process_has_ended_is_lost(gone: str) -> None:
    assert lost_its_process(run(gone, NOW, NOW)), "signed in the second in which it began"
    assert lost_its_process(run(gone, NOW - timedelta(minutes=5), NOW))
    assert lost_its_process(run(gone, NOW, NOW - timedelta(minutes=1), kind=StateType.CANCELLING))
    assert not lost_its_process(run(this_process(), NOW - timedelta(minutes=5), NOW))


def test_another_attempt_that_has_not_signed_yet_is_not_taken_for_the_one_before(gone: str) -> None:
    assert not lost_its_process(run(gone, NOW, NOW - timedelta(minutes=1)))
    assert lost_its_process(run(gone, NOW - timedelta(minutes=20), NOW - timedelta(minutes=30))), "it never signed"


def test_a_run_of_a_deployment_goes_on_some_times(gone: str) -> None:
    assert goes_on(run(gone, NOW, NOW))
    assert not goes_on(run(gone, NOW, NOW, attempts=ATTEMPTS))
    assert not goes_on(run(gone, NOW, NOW, kind=StateType.CANCELLING))
    assert not goes_on(run(gone, NOW, NOW).model_copy(update={"deployment_id": None})), "nobody would take it"
