"""Deployed runs on one machine whose settings name the same port: the first serves it, the others go on without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deployed import Server, make_task, quick, wait_until
from tests.support.prefect import free_port
from tests.support.scraping import scraped

pytestmark = pytest.mark.slow


def test_a_deployed_run_that_finds_the_port_taken_says_so_and_goes_on(server: Server, tmp_path: Path) -> None:
    port, task = free_port(), make_task(tmp_path / "task")
    parameters = quick(task, 0.2, generations=5_000, metrics_port=port)
    with server.worker():
        first = server.start("circle-packing", **parameters)
        wait_until(lambda: scraped(port), lambda: server.story(first))
        second = server.start("circle-packing", **quick(task, generations=3, metrics_port=port))
        assert server.wait(second)["state"]["type"] == "COMPLETED", server.story(second)
        logs = server.post("logs/filter", {"logs": {"flow_run_id": {"any_": [second]}}, "sort": "TIMESTAMP_ASC"})
        assert any("the run goes on without metrics" in line["message"] for line in logs)
        found = scraped(port)
        assert found is not None
        assert set(found.by("evolution", "shinka_state")) == {server.results_of(first).name}
        server.cancel(first)
        assert server.wait(first)["state"]["type"] == "CANCELLED"
