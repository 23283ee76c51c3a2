"""The deployed path as several machines have it: Prefect and the programs in PostgreSQL, and a process worker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.orchestrator.server.lease import LOG_NAME
from tests.support.deployed import Server, copy_project, kill_tree, make_task, wait_until
from tests.support.postgres import Postgres, running_postgres
from tests.support.prefect import ROOT, assert_no_fault, free_port, own_home, wait_until_up

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with running_postgres() as cluster:
        yield cluster


class OnPostgres(Server):
    """A server and programs in PostgreSQL."""

    programs_url: str

    def begin(self, deployment: str, task: Path, seconds: float, generations: int, **more: Any) -> str:
        """Starts a run of which only its task is told, with its settings file."""
        settings = {
            "evolution": {"num_generations": generations, "max_parallel_jobs": 2, "embedding_model": None},
            "job": {"isolation": "limits", "extra_cmd_args": {"sleep": seconds}},
            "database": {"db_path": self.programs_url},
            "max_proposal_jobs": 2,
        }
        (task / "evolve.yaml").write_text(json.dumps(settings))
        return self.start(deployment, task_dir=str(task), **more)

    def stored(self, flow_run: str) -> int:
        """How many programs its evolution has."""
        name = self.run(flow_run)["labels"].get("shinka.evolution")
        return 0 if name is None else int(self.ask("SELECT count(*) FROM programs WHERE evolution = $1", name))

    def ask(self, query: str, *values: Any) -> Any:
        import asyncio

        import asyncpg

        async def asked() -> Any:
            connection = await asyncpg.connect(self.programs_url)
            try:
                return await connection.fetchval(query, *values)
            except asyncpg.UndefinedTableError:
                return 0
            finally:
                await connection.close()

        return asyncio.run(asked())


@pytest.fixture(scope="module")
def server(cluster: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnPostgres]:
    """The deployments of a checkout on a server that stays, made by the commands of deployments/README.md."""
    home, project = tmp_path_factory.mktemp("prefect"), copy_project(tmp_path_factory.mktemp("checkout"), "examples")
    databases = {name: cluster.url.removesuffix("postgres") + name for name in ("prefect", "programs")}
    for name in databases:
        cluster.create(name)
    port = free_port()
    log = (home / LOG_NAME).open("ab")
    command = ["-m", "flows.server", "--port", str(port), "--database", databases["prefect"]]
    with log:
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=own_home(home), stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/api"
        wait_until_up(url, process)
        made = OnPostgres(url, home, tmp_path_factory.mktemp("elsewhere"), project)
        made.programs_url = databases["programs"]
        made.deploy()
        yield made
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert_no_fault(home / LOG_NAME)


@pytest.fixture(scope="module")
def worker(server: OnPostgres) -> Iterator[OnPostgres]:
    with server.worker():
        yield server


def test_the_example_completes_by_the_command_that_the_readme_names(worker: OnPostgres) -> None:
    database = json.dumps({"db_path": worker.programs_url})
    fewer = json.dumps({"num_generations": 6, "max_parallel_jobs": 4})
    said = worker.prefect(
        "deployment", "run", "evolve/circle-packing", "--param", f"db_config={database}", "--param", f"evo_config={fewer}",
        "--watch",
    )  # fmt: skip
    assert "Completed" in said
    (run,) = [run for run in worker.runs() if run["parameters"].get("db_config") == {"db_path": worker.programs_url}]
    assert (run["state"]["type"], worker.stored(run["id"])) == ("COMPLETED", 7), worker.story(run["id"])
    # What is said of the task in its own settings file counts, though the deployment says other settings.
    kept = json.loads(worker.ask("SELECT settings FROM sessions WHERE evolution = $1", run["name"]))
    assert "26 circles" in kept["evolution"]["task_sys_msg"]
    assert kept["evolution"]["num_generations"] == 6


def test_a_schedule_makes_runs_that_complete(worker: OnPostgres, tmp_path: Path) -> None:
    nightly = worker.deployment("nightly")
    wanted = {"deployment_id": {"any_": [nightly["id"]]}}
    wait_until(lambda: worker.runs(**wanted), seconds=60)
    nights = [run["expected_start_time"] for run in worker.runs(**wanted)]
    assert all("T02:00:00" in night for night in nights)
    task, path = make_task(tmp_path / "task"), f"{worker.api}/deployments/{nightly['id']}"
    parameters = {"task_dir": str(task), "begin": "continue"}
    httpx.patch(path, json={"parameters": parameters}, trust_env=False).raise_for_status()
    flow_run = worker.begin("nightly", task, 0.0, 3)
    first = worker.wait(flow_run)
    assert first["state"]["type"] == "COMPLETED", worker.story(flow_run)
    schedule = {"interval": 15, "anchor_date": datetime.now(UTC).isoformat()}
    (made,) = worker.post(f"deployments/{nightly['id']}/schedules", [{"schedule": schedule, "active": True}])

    def over() -> list[dict[str, Any]]:
        done = worker.runs(**wanted, state={"type": {"any_": ["COMPLETED"]}})
        return [run for run in done if run["auto_scheduled"]]

    wait_until(over, lambda: worker.story(flow_run))
    httpx.delete(f"{path}/schedules/{made['id']}", trust_env=False).raise_for_status()
    # The night went on with the run before it, by as many generations as the task says.
    assert over()[0]["name"] == first["name"]
    assert worker.stored(over()[0]["id"]) in (7, 10)


def test_a_run_that_is_cancelled_and_retried_at_once_goes_on_and_is_not_cancelled_again(
    worker: OnPostgres, tmp_path: Path
) -> None:
    flow_run = worker.begin("default", make_task(tmp_path / "task"), 0.5, 30)
    wait_until(lambda: worker.stored(flow_run) >= 3, lambda: worker.story(flow_run))
    worker.cancel(flow_run)
    assert worker.wait(flow_run)["state"]["type"] == "CANCELLED"
    before, name = worker.stored(flow_run), worker.run(flow_run)["name"]
    worker.retry(flow_run)
    worker.wait(flow_run, {"RUNNING"})
    wait_until(lambda: worker.stored(flow_run) > before, lambda: worker.story(flow_run))

    # A pause holds what has not begun, and a resume lets it go on.
    worker.set_state(flow_run, "PAUSED", "Paused", pause_timeout="2100-01-01T00:00:00Z")
    held = at_rest(lambda: worker.stored(flow_run))
    assert held < 31
    worker.post(f"flow_runs/{flow_run}/resume", {})
    ended = worker.wait(flow_run)
    assert (ended["state"]["type"], ended["name"], ended["run_count"]) == ("COMPLETED", name, 2), ended["state"]
    assert worker.stored(flow_run) == 31


def test_bad_parameters_are_refused_by_name_before_there_is_a_run(worker: OnPostgres) -> None:
    for given, field in (
        ('evo_config={"num_generations": 0}', "evo_config.num_generations"),
        ('job_config={"kind": "slrum"}', "job_config"),
        ("begin=yesterday", "begin"),
        ("task_dri=x", "task_dri"),
    ):
        done = worker.tried("deployment", "run", "evolve/default", "--param", given)
        assert done.returncode != 0, given
        assert field in "".join((done.stdout + done.stderr).split()), (given, done.stdout + done.stderr)


def test_a_run_whose_worker_is_killed_is_continued_by_the_next_worker(server: OnPostgres, tmp_path: Path) -> None:
    with server.worker() as process:
        flow_run = server.begin("default", make_task(tmp_path / "task"), 0.5, 20)
        wait_until(lambda: server.stored(flow_run) >= 3, lambda: server.story(flow_run))
        kill_tree(process.pid)
    before = server.stored(flow_run)
    assert server.run(flow_run)["state"]["type"] == "RUNNING", "nobody knows"
    take_up = server.post("deployments/filter", {"flows": {"name": {"any_": ["take-up"]}}})[0]
    with server.worker():
        server.post(f"deployments/{take_up['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})
        wait_until(lambda: server.run(flow_run)["run_count"] == 2, lambda: server.story(flow_run))
        ended = server.wait(flow_run)
    assert (ended["state"]["type"], ended["run_count"]) == ("COMPLETED", 2), ended["state"]
    assert before < server.stored(flow_run) == 21


def at_rest(value: Callable[[], int], seconds: float = 8.0) -> int:
    """What a number comes to once it stands still for a while."""
    last, since = value(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.3)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last
