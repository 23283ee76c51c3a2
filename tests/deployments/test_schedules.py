"""Schedules that run: again and again, one at a time, and once for all the nights that were missed."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import local_http
from tests.support.deployed import Server, count, make_task, programs, quick, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def scheduled(server: Server, tmp_path: Path) -> Iterator[Server]:
    """The deployment `nightly` with its own schedule and a task that is done in no time."""
    parameters = quick(make_task(tmp_path / "task"))
    update(server, parameters=parameters)
    yield server
    for schedule in server.deployment("nightly")["schedules"]:
        if "interval" in schedule["schedule"]:
            path = f"{server.api}/deployments/{server.deployment('nightly')['id']}/schedules/{schedule['id']}"
            local_http.delete(path).raise_for_status()


def update(server: Server, **fields: Any) -> None:
    path = f"{server.api}/deployments/{server.deployment('nightly')['id']}"
    local_http.patch(path, json=fields).raise_for_status()


def every(server: Server, seconds: float, since: datetime) -> None:
    """What `prefect deployment schedule create --interval` does."""
    schedule = {"interval": seconds, "anchor_date": since.isoformat()}
    path = f"deployments/{server.deployment('nightly')['id']}/schedules"
    server.post(path, [{"schedule": schedule, "active": True}])


def of_schedule(server: Server, *kinds: str) -> list[dict[str, Any]]:
    wanted = {"deployment_id": {"any_": [server.deployment("nightly")["id"]]}}
    body = {"flow_runs": wanted | {"state": {"type": {"any_": list(kinds)}}}, "sort": "EXPECTED_START_TIME_ASC"}
    return [run for run in server.post("flow_runs/filter", body) if run["auto_scheduled"]]


def story(server: Server) -> str:
    lines = [f"{run['name']} {run['state']['name']} {run['state']['message']}" for run in server.runs()]
    return "\n".join([*lines, server.log.read_text()[-3000:]])


@pytest.mark.other_prefect
def test_a_scheduled_evolution_runs_again_and_again_each_time_as_a_new_one(scheduled: Server) -> None:
    every(scheduled, 15, datetime.now(UTC))
    with scheduled.worker():
        wait_until(lambda: len(of_schedule(scheduled, "COMPLETED")) >= 2, lambda: story(scheduled), 200)
    done = of_schedule(scheduled, "COMPLETED")
    folders = {Path(run["labels"]["shinka.results_dir"]) for run in done}
    assert len(folders) == len(done) == len({run["name"] for run in done})
    assert all(programs(folder) == 3 for folder in folders)
    assert all(folder.parent == scheduled.project / "results" for folder in folders)
    assert of_schedule(scheduled, "FAILED", "CRASHED") == []
    # One at a time: none began before the one before it had ended.
    ends = [(run["start_time"], run["end_time"]) for run in sorted(done, key=lambda run: run["start_time"])]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ends))


def test_nights_that_were_missed_run_once(scheduled: Server) -> None:
    before = {run["id"] for run in of_schedule(scheduled, "COMPLETED")}
    # Made by hand as the scheduler would have made them: seven nights without a worker.
    say_that_a_schedule_makes(scheduled, "missed night")
    nights = [datetime.now(UTC) - timedelta(days=number) for number in range(1, 8)]
    made = [make_late(scheduled, night) for night in nights]
    with scheduled.worker():
        wait_until(
            lambda: all(scheduled.run(run)["state"]["type"] in ("COMPLETED", "CANCELLED") for run in made),
            lambda: story(scheduled),
        )
    states = [scheduled.run(run)["state"] for run in made]
    assert sorted(state["type"] for state in states) == ["CANCELLED"] * 6 + ["COMPLETED"]
    assert all("runs in its place" in state["message"] for state in states if state["type"] == "CANCELLED")
    (ran,) = [run for run in made if scheduled.run(run)["state"]["type"] == "COMPLETED"]
    assert ran not in before
    assert count(Path(scheduled.run(ran)["labels"]["shinka.results_dir"]), "SELECT count(*) FROM programs") == 3


def say_that_a_schedule_makes(server: Server, name: str) -> None:
    """Runs of this name; the API has no way to say so, so the server's database is told.

    Told before they are there, and done by the server in its own transaction: it marks runs that are late, and
    would meet a row that somebody else has just changed.
    """
    with closing(sqlite3.connect(server.home / "prefect.db", timeout=180)) as connection, connection:
        connection.execute(
            f"CREATE TRIGGER made_by_a_schedule AFTER INSERT ON flow_run WHEN NEW.name = '{name}' "
            "BEGIN UPDATE flow_run SET auto_scheduled = 1 WHERE id = NEW.id; END"
        )


def make_late(server: Server, night: datetime) -> str:
    """A run that was to begin on a night that is over."""
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": night.isoformat()}}
    path = f"deployments/{server.deployment('nightly')['id']}/create_flow_run"
    return server.post(path, {"name": "missed night", "state": state})["id"]


def test_a_night_that_is_not_over_makes_the_next_one_wait(scheduled: Server, tmp_path: Path) -> None:
    task = make_task(tmp_path / "long")
    with scheduled.worker():
        first = scheduled.start("nightly", **quick(task, 0.5, 40))
        scheduled.wait(first, {"RUNNING"})
        second = scheduled.start("nightly", **quick(task))
        waiting = {"AwaitingConcurrencySlot"}
        wait_until(lambda: scheduled.run(second)["state"]["name"] in waiting, lambda: story(scheduled))
        assert scheduled.run(first)["state"]["type"] == "RUNNING"
        assert [scheduled.wait(run)["state"]["type"] for run in (first, second)] == ["COMPLETED"] * 2
    assert scheduled.run(first)["end_time"] <= scheduled.run(second)["start_time"]


def test_the_nightly_evolution_is_scheduled_one_at_a_time(server: Server) -> None:
    nightly = server.deployment("nightly")
    assert [schedule["schedule"]["cron"] for schedule in nightly["schedules"]] == ["0 2 * * *"]
    assert nightly["global_concurrency_limit"]["limit"] == 1
    assert nightly["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert set(nightly["parameter_openapi_schema"]["definitions"]) >= {"EvolutionConfig", "DatabaseConfig"}
