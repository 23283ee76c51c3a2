"""The deployed path: the cases of `make bench` as runs of a deployment that a process worker takes, beside the command.

For each Prefect server a worker and a deployment of its own; on the same server the same settings are run by
`python flows/evolve.py` first, so that what differs is the path.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.cases import Case
from benchmarks.model import scripted_model
from benchmarks.servers import Kind
from benchmarks.table import Row
from tests.support.deployed import POOL, Server
from tests.support.postgres import binaries, running_postgres
from tests.support.prefect import PLAIN_SERVER, ROOT, serving

OURS = ("-m", "flows.server", "--port")
TASK = Path(__file__).parent / "task"
SERVERS = (
    Kind("prefect server start", PLAIN_SERVER),
    Kind("make server", OURS),
    Kind("prefect server start, Postgres", PLAIN_SERVER, postgres=True),
    Kind("make server, Postgres", OURS, postgres=True),
)
CASES = (Case("balanced", 100, 2.0, 1.0, 10), Case("ceiling", 100, 0.05, 0.0, 20))
SECTIONS = {"evolution": "evo_config", "job": "job_config"}
LIMIT = 900.0
_EPOCH = "(julianday({}) - 2440587.5) * 86400.0"


def measured(kinds: list[Kind], repeat: int) -> Iterator[Row]:
    """Two rows for each server and case: the command, and the deployment."""
    for kind in kinds:
        if kind.postgres and binaries() is None:
            print(f"{kind.name}: left out, there is no PostgreSQL on this machine", file=sys.stderr)
            continue
        with ExitStack() as stack:
            server = _started(kind, stack)
            for case in CASES:
                with scripted_model(case.latency, case.faults) as url:
                    for path, measure in (("command", by_command), ("deployment", by_deployment)):
                        runs = [
                            measure(server, case, url, server.folder / f"{case.name}-{path}-{n}") for n in range(repeat)
                        ]
                        yield median(kind, case, path, runs)


def median(kind: Kind, case: Case, path: str, runs: list[dict[str, float]]) -> Row:
    """The medians of the runs of one case on one server by one path."""
    seconds = statistics.median(run["seconds"] for run in runs)
    return {
        "server": kind.name,
        "case": case.name,
        "by": path,
        "N": case.generations,
        "ideal s": round(case.ideal, 2),
        "actual s": round(seconds, 2),
        "efficiency": round(case.ideal / seconds, 2) if case.evaluation else "-",
        "gen/s": round(case.generations / seconds, 2),
        "until first sampling s": round(statistics.median(run["before"] for run in runs), 1),
        "after the last program s": round(statistics.median(run["after"] for run in runs), 1),
        "whole s": round(statistics.median(run["whole"] for run in runs), 1),
        "programs": int(min(run["programs"] for run in runs)),
    }


def by_command(server: Server, case: Case, url: str, results: Path) -> dict[str, float]:
    """`python flows/evolve.py` on that server."""
    file = server.folder / "command.yaml"
    widths = {"max_proposal_jobs": case.width, "max_evaluation_jobs": case.width}
    file.write_text(json.dumps(_sections(case, url) | widths))  # JSON is YAML
    began = time.time()
    done = subprocess.run(
        [sys.executable, "flows/evolve.py", str(TASK), "--config", str(file), "--results", str(results), "--quiet"],
        cwd=ROOT, env=server.environment(OPENAI_API_KEY="none"), capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{case.name} failed:\n{done.stdout}{done.stderr[-3000:]}")
    return _times(results, began, time.time())


def by_deployment(server: Server, case: Case, url: str, results: Path) -> dict[str, float]:
    """A run of the deployment, from the request for it to its last state."""
    parameters: dict[str, Any] = {SECTIONS[name]: values for name, values in _sections(case, url).items()}
    parameters["evo_config"]["results_dir"] = str(results)
    began = time.time()
    run = server.start(
        "benchmark", **parameters, task_dir=str(TASK), max_proposal_jobs=case.width, max_evaluation_jobs=case.width
    )
    ended = server.wait(run, seconds=LIMIT)
    if ended["state"]["type"] != "COMPLETED":
        raise SystemExit(f"{case.name} failed: {server.story(run)}")
    return _times(
        results, began, datetime.fromisoformat(ended["state"]["timestamp"].replace("Z", "+00:00")).timestamp()
    )


def _sections(case: Case, url: str) -> dict[str, dict[str, Any]]:
    evolution = {
        "num_generations": case.generations,
        "llm_models": ["scripted"],
        "llm_base_url": url,
        "llm_prices": {"scripted": {"input": 1.0, "output": 1.0}},
        "ideas": None,
        "tuning": None,
    }
    return {"evolution": evolution, "job": {"extra_cmd_args": {"sleep": case.evaluation}}}


def _started(kind: Kind, stack: ExitStack) -> Server:
    """The server with a pool, a worker and a deployment of the flow."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    (folder / "prefect").mkdir()
    if kind.postgres:
        url = stack.enter_context(running_postgres("fsync=on")).url
        environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = url.replace("://", "+asyncpg://")
    api = stack.enter_context(serving(kind.command, environment, ROOT, folder / "server.log"))
    server = Server(api, folder / "prefect", folder)
    httpx.post(f"{api}/work_pools/", json={"name": POOL, "type": "process"}, trust_env=False).raise_for_status()
    made = {
        "name": "benchmark",
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        "deployments": [{"name": "benchmark", "entrypoint": "flows.evolve.evolve", "work_pool": {"name": POOL}}],
    }
    (folder / "prefect.yaml").write_text(json.dumps(made))
    server.prefect("deploy", "--all", "--prefect-file", str(folder / "prefect.yaml"))
    stack.enter_context(server.worker())
    return server


def _times(results: Path, began: float, ended: float) -> dict[str, float]:
    """From the run's own record, in seconds."""
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        (programs,) = connection.execute("SELECT count(*) FROM programs").fetchone()
        query = f"SELECT min({_EPOCH.format('started_at')}), max({_EPOCH.format('updated_at')}) FROM generations WHERE number > 0"
        first, last = connection.execute(query).fetchone()
    return {
        "seconds": last - first, "before": first - began, "after": ended - last, "whole": ended - began,
        "programs": programs,
    }  # fmt: skip
