"""`python deployments/serve.py`: runs of the deployment without a work pool and a worker."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import local_http
from tests.support.deployed import Server, kill_tree, make_task, programs, quick, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def served(server: Server) -> Iterator[Server]:
    process = subprocess.Popen(
        [sys.executable, str(server.project / "deployments" / "serve.py")], cwd=server.folder,
        env=server.environment(PREFECT_RUNNER_POLL_FREQUENCY="1"), stdout=server.log.open("a"),
        stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: is_known(server, "local"), lambda: server.log.read_text()[-4000:])
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=180)
        except subprocess.TimeoutExpired:
            kill_tree(process.pid)


def test_a_served_run_completes_in_the_folder_it_is_served_from(served: Server, tmp_path: Path) -> None:
    flow_run = served.start("local", **quick(make_task(tmp_path / "task"), generations=4))
    ended = served.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", served.story(flow_run)
    assert programs(served.folder / "results" / ended["name"]) == 5


def test_a_served_run_that_is_cancelled_keeps_its_outcome(served: Server, tmp_path: Path) -> None:
    flow_run, results = served.under_way("local", **quick(make_task(tmp_path / "task"), 0.5, 60))
    served.cancel(flow_run)
    assert served.wait(flow_run)["state"]["type"] == "CANCELLED"
    wait_until(lambda: (results / "summary.json").exists(), seconds=90)
    assert (results / "best" / "main.py").exists()
    assert "Traceback" not in served.log.read_text()


def is_known(server: Server, deployment: str) -> bool:
    return local_http.get(f"{server.api}/deployments/name/evolve/{deployment}").status_code == 200
