"""Automations as they are shipped, on Prefect's own server: an event of a run makes something happen."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support import local_http
from tests.support.deployed import Server, copy_project, make_task, programs, quick, wait_until
from tests.support.prefect import ROOT, plain_prefect
from tests.support.runs import model_server

pytestmark = pytest.mark.slow

PRICE = {"input": 1.0, "output": 1.0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Prefect's own server, which evaluates automations, with the deployments and a worker."""
    home = tmp_path_factory.mktemp("automated")
    with plain_prefect(home, ROOT) as api:
        project = copy_project(tmp_path_factory.mktemp("checkout"))
        server = Server(api, home, tmp_path_factory.mktemp("elsewhere"), project)
        server.deploy()
        with server.worker():
            yield server


def automations(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(server.project / "deployments" / "automations.py"), *arguments], cwd=server.folder,
        env=server.environment(), capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def events(server: Server, *names: str) -> list[dict[str, Any]]:
    body = {"filter": {"event": {"name": list(names)}, "occurred": {"since": "2020-01-01T00:00:00Z"}}, "limit": 50}
    return server.post("events/filter", body)["events"]


def test_a_new_best_is_validated_and_the_budget_alert_pauses_the_run(server: Server, tmp_path: Path) -> None:
    made = automations(server)
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stdout.splitlines() == ["made: shinka: validate a new best", "made: shinka: pause at the budget alert"]
    again = automations(server)
    assert again.stdout.replace("changed", "made") == made.stdout, "none is made twice"
    assert len(server.post("automations/filter", {})) == 2
    with model_server("--latency", "1") as model:
        flow_run = server.start(
            "circle-packing",
            **quick(
                make_task(tmp_path / "task"), generations=200, llm_models=["m"], llm_base_url=model.url,
                llm_prices={"m": PRICE}, max_api_costs=0.1, llm_kwargs={"max_tokens": 500}, tuning=None,
            ),
        )  # fmt: skip
        server.wait(flow_run, {"PAUSED", "COMPLETED", "FAILED"})
        state = server.run(flow_run)["state"]
        assert (state["type"], state["message"]) == (
            "PAUSED", "80 % of max_api_costs is used; resume to go on",
        ), server.story(flow_run)  # fmt: skip
        results = server.results_of(flow_run)
        wait_until(lambda: events(server, "shinka.budget"))  # events are stored a moment after they are acted on
        (alert,) = events(server, "shinka.budget")
        assert alert["payload"]["spent"] >= 0.08
        assert alert["resource"]["prefect.resource.id"] == f"shinka.evolution.{server.run(flow_run)['name']}"
        assert f"prefect.flow-run.{flow_run}" in {one["prefect.resource.id"] for one in alert["related"]}
        before = programs(results)
        server.post(f"flow_runs/{flow_run}/resume", {})
        ended = server.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", server.story(flow_run)
    assert programs(results) > before
    found = events(server, "shinka.best")
    assert found
    scores = [event["payload"]["score"] for event in sorted(found, key=lambda event: event["occurred"])]
    assert scores == sorted(set(scores)), "each better than the one before, and told once"
    assert len(events(server, "shinka.budget")) == 1
    wait_until(lambda: len(validations(server)) == len(scores), seconds=180)
    for run in validations(server):
        ended = server.wait(run["id"])["state"]
        assert ended["type"] in ("COMPLETED", "FAILED"), server.story(run["id"])
        assert ": again " in ended["message"], "this evaluator's scores are luck"
    assert {run["parameters"]["generation"] for run in validations(server)} == {
        event["payload"]["generation"] for event in found
    }
    assert {run["parameters"]["results_dir"] for run in validations(server)} == {str(results)}


def validations(server: Server) -> list[dict[str, Any]]:
    response = local_http.get(f"{server.api}/deployments/name/validate/best")
    return server.runs(deployment_id={"any_": [response.json()["id"]]})


BLOCK = """
import sys
from prefect.blocks.notifications import CustomWebhookNotificationBlock
block = CustomWebhookNotificationBlock(
    name="test", url=sys.argv[1], method="POST", json_data={"subject": "{{subject}}", "body": "{{body}}"}
)
block.save("team")
"""


def test_a_failed_evolution_is_told_by_the_block_that_was_named(server: Server, tmp_path: Path) -> None:
    refused = automations(server, "--notify", "custom-webhook/team")
    assert refused.returncode == 1
    assert "there is no block 'custom-webhook/team'" in refused.stderr
    with listening() as (url, heard):
        subprocess.run([sys.executable, "-c", BLOCK, url], env=server.environment(), check=True, timeout=180)
        made = automations(server, "--notify", "custom-webhook/team")
        assert made.returncode == 0, made.stdout + made.stderr
        task = make_task(tmp_path / "task")
        (task / "evaluate.py").write_text("raise SystemExit('no such data')\n")
        flow_run = server.start("circle-packing", **quick(task, generations=2))
        assert server.wait(flow_run)["state"]["type"] == "FAILED", server.story(flow_run)
        wait_until(lambda: heard, seconds=180)
    assert [each["subject"] for each in heard] == ["An evolution failed"]
    assert server.run(flow_run)["name"] in heard[0]["body"]
    assert "no such data" in heard[0]["body"]


@contextmanager
def listening() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Somebody who is told things by HTTP, and what was said."""
    heard: list[dict[str, Any]] = []

    class Hears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hears) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listener.server_port}/", heard
        listener.shutdown()
