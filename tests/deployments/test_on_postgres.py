"""The deployed path as several machines have it: Prefect and the programs in PostgreSQL, and a process worker."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.orchestrator.server.lease import LOG_NAME
from tests.support import local_http
from tests.support.deployed import Server, copy_project, kill_tree, make_task, wait_until
from tests.support.postgres import Postgres, running_postgres
from tests.support.prefect import ROOT, assert_no_fault, free_port, own_home, wait_until_up
from tests.support.runs import settings_for

pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with running_postgres() as cluster:
        yield cluster


class OnPostgres(Server):
    """A server and programs in PostgreSQL."""

    programs_url: str

    def begin(self, deployment: str, task: Path, seconds: float, generations: int, **more: Any) -> str:
        """Starts a run of which only its task is told."""
        return self.start(deployment, **self.of(task, seconds, generations), **more)

    def of(self, task: Path, seconds: float, generations: int) -> dict[str, str]:
        """Parameters: a task folder that has its own settings."""
        settings = {
            "evolution": {"num_generations": generations, "max_parallel_jobs": 2, "embedding_model": None},
            "job": {"isolation": "limits", "extra_cmd_args": {"sleep": seconds}},
            "database": {"db_path": self.programs_url},
            "max_proposal_jobs": 2,
        }
        (task / "evolve.yaml").write_text(json.dumps(settings))
        return {"task_dir": str(task)}

    def stored(self, flow_run: str) -> int:
        """How many programs its evolution has."""
        name = self.run(flow_run)["labels"].get("shinka.evolution")
        return 0 if name is None else int(self.ask("SELECT count(*) FROM programs WHERE evolution = $1", name))

    def ask(self, query: str, *values: Any) -> Any:
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
        process.wait(timeout=90)
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
    wait_until(lambda: worker.runs(**wanted), seconds=180)
    nights = [run["expected_start_time"] for run in worker.runs(**wanted)]
    assert all("T02:00:00" in night for night in nights)
    task, path = make_task(tmp_path / "task"), f"{worker.api}/deployments/{nightly['id']}"
    local_http.patch(path, json={"parameters": worker.of(task, 0.0, 3)}).raise_for_status()
    schedule = {"interval": 20, "anchor_date": datetime.now(UTC).isoformat()}
    (made,) = worker.post(f"deployments/{nightly['id']}/schedules", [{"schedule": schedule, "active": True}])

    def done() -> list[dict[str, Any]]:
        over = worker.runs(**wanted, state={"type": {"any_": ["COMPLETED"]}})
        return [run for run in over if run["auto_scheduled"]]

    wait_until(done, lambda: "\n".join(worker.story(run["id"]) for run in worker.runs(**wanted)[:2]))
    local_http.delete(f"{path}/schedules/{made['id']}").raise_for_status()
    assert worker.stored(done()[0]["id"]) == 4


def test_a_run_that_is_cancelled_and_retried_at_once_goes_on_and_is_not_cancelled_again(
    worker: OnPostgres, tmp_path: Path
) -> None:
    flow_run = worker.begin("default", make_task(tmp_path / "task"), 0.5, 30)
    wait_until(lambda: worker.stored(flow_run) >= 3, lambda: worker.story(flow_run))
    worker.cancel(flow_run)
    assert worker.wait(flow_run)["state"]["type"] == "CANCELLED"
    before, name = worker.stored(flow_run), worker.run(flow_run)["name"]
    # Until then Prefect takes a retry for what it is to end.
    worker.until_the_worker_rests()
    time.sleep(4)
    assert told_again(worker) == [], "which the process of a retry would take for its own"
    worker.retry(flow_run)
    worker.wait(flow_run, {"RUNNING"})
    wait_until(lambda: worker.stored(flow_run) > before, lambda: worker.story(flow_run))

    # A pause holds what has not begun, and a resume lets it go on.
    worker.set_state(flow_run, "PAUSED", "Paused", pause_timeout="2100-01-01T00:00:00Z")
    held = at_rest(lambda: worker.stored(flow_run))
    assert held < 31
    worker.post(f"flow_runs/{flow_run}/resume", {})
    ended = worker.wait(flow_run)
    assert (ended["state"]["type"], ended["name"]) == ("COMPLETED", name), ended["state"]
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


def test_a_run_whose_worker_is_killed_is_continued_by_the_next_worker(worker: OnPostgres, tmp_path: Path) -> None:
    flow_run = worker.begin("default", make_task(tmp_path / "task"), 0.5, 20)
    wait_until(lambda: worker.stored(flow_run) >= 3, lambda: worker.story(flow_run))
    kill_tree(worker.process)
    before = worker.stored(flow_run)
    assert worker.run(flow_run)["state"]["type"] == "RUNNING", "nobody knows"
    (take_up,) = worker.post("deployments/filter", {"flows": {"name": {"any_": ["take-up"]}}})
    # As its schedule does every ten minutes.
    worker.post(f"deployments/{take_up['id']}/create_flow_run", {"state": {"type": "SCHEDULED"}})
    with worker.worker():
        wait_until(lambda: worker.run(flow_run)["run_count"] == 2, lambda: worker.story(flow_run))
        ended = worker.wait(flow_run)
    assert (ended["state"]["type"], ended["run_count"]) == ("COMPLETED", 2), ended["state"]
    assert before < worker.stored(flow_run) == 21


def told_again(server: OnPostgres) -> list[str]:
    """The cancellations that a process is told of which begins to listen now."""
    from prefect.events.clients import get_events_subscriber
    from prefect.events.filters import EventFilter, EventNameFilter

    async def listen() -> list[str]:
        wanted = EventFilter(event=EventNameFilter(name=["prefect.flow-run.Cancelling"]))
        heard: list[str] = []
        async with get_events_subscriber(filter=wanted) as subscriber:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    async for event in subscriber:
                        heard.append(event.event)
        return heard

    with settings_for(server.api, server.home):
        return asyncio.run(listen())


def at_rest(value: Callable[[], int], seconds: float = 8.0) -> int:
    """What a number comes to once it stands still for a while."""
    last, since = value(), time.monotonic()
    while time.monotonic() - since < seconds:
        time.sleep(0.3)
        if (now := value()) != last:
            last, since = now, time.monotonic()
    return last
