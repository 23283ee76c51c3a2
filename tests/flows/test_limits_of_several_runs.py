"""Two runs at once keep to limits that a deployment made: measured at the model server, and by the clocks of evaluations."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.test_limits import clocked, forget_limit, limit_of, most_at_once, spans_of
from tests.support import local_http
from tests.support.deployed import POOL, Server, wait_until
from tests.support.prefect import PLAIN_SERVER, ROOT, environment_for, serving
from tests.support.runs import TASK, begin, model_server


def deployed(api: str, home: Path, folder: Path, **limits: Any) -> None:
    """What `prefect deploy` does with a file that names limits."""
    server = Server(api, home, folder)
    local_http.post(f"{api}/work_pools/", json={"name": POOL, "type": "process"})
    made = {
        "name": "limits",
        "build": [{"flows.orchestrator.limits_made.deployed_limits": limits}],
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
        "deployments": [{"name": "limited", "entrypoint": "flows.evolve.evolve", "work_pool": {"name": POOL}}],
    }
    (folder / "prefect.yaml").write_text(yaml.safe_dump(made))
    server.prefect("deploy", "--all", "--prefect-file", str(folder / "prefect.yaml"))


def finished(*runs: subprocess.Popen[str]) -> list[str]:
    outputs = [run.communicate(timeout=240)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * len(runs), "\n".join(outputs)
    return outputs


@pytest.mark.slow
def test_all_models_of_a_provider_share_the_limit_that_the_deployment_made(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    with model_server("--latency", "0.4") as model:
        provider = model.url.split("/")[2]
        deployed(prefect_api, prefect_home, tmp_path, providers={provider: 4})
        deployed(prefect_api, prefect_home, tmp_path, providers={provider: 3})
        (tmp_path / "c.yaml").write_text(f"evolution:\n  provider_limits: {{'{provider}': 9}}\n")
        arguments = [str(TASK), "--generations", "8", "--model", "one", "--model", "two", "--base-url", model.url]
        arguments += ["--config", str(tmp_path / "c.yaml")]
        runs = [
            begin(*arguments, "--results", str(tmp_path / name), api=prefect_api, home=prefect_home) for name in "ab"
        ]
        outputs = finished(*runs)
        assert model.stats()["requests"] == 16
        assert model.stats()["peak"] == 3
        assert limit_of(prefect_api, f"provider:{provider}") == 3
        assert all(f"the limit provider:{provider} is 3 on the server and 9 in the settings" in out for out in outputs)
        forget_limit(prefect_api, f"provider:{provider}")


@pytest.mark.slow
def test_evaluations_on_a_cluster_are_within_the_evaluators_limit(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    task = clocked(tmp_path)
    deployed(prefect_api, prefect_home, tmp_path, evaluators={"clocked": 2})
    with distributed.LocalCluster(n_workers=2, threads_per_worker=4, dashboard_address=None) as cluster:
        job = {"kind": "dask", "scheduler": cluster.scheduler_address}
        (tmp_path / "c.yaml").write_text(yaml.safe_dump({"job": job}))
        arguments = [
            str(task),
            "--generations",
            "4",
            "--max-evaluation-jobs",
            "4",
            "--config",
            str(tmp_path / "c.yaml"),
        ]
        finished(
            *(
                begin(*arguments, "--results", str(tmp_path / name), "--name", name, api=prefect_api, home=prefect_home)
                for name in ("one", "other")
            )
        )
    forget_limit(prefect_api, "evaluation:clocked")
    spans = spans_of(tmp_path / "one") + spans_of(tmp_path / "other")
    assert len(spans) == 8
    assert most_at_once(spans) == 2


@pytest.mark.slow
def test_a_killed_run_gives_its_evaluations_slots_back(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    task = clocked(tmp_path)
    (task / "evaluate.py").write_text((task / "evaluate.py").read_text().replace("else 1.0", "else float(a.sleep)"))
    text = (
        (task / "evaluate.py")
        .read_text()
        .replace(
            'parser.add_argument("--results_dir")',
            'parser.add_argument("--results_dir"); parser.add_argument("--sleep")',
        )
    )
    (task / "evaluate.py").write_text(text)
    deployed(prefect_api, prefect_home, tmp_path, evaluators={"clocked": 1})

    def starts(name: str, sleep: float) -> subprocess.Popen[str]:
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump({"job": {"extra_cmd_args": {"sleep": sleep}}}))
        return begin(
            str(task), "--generations", "2", "--config", str(tmp_path / f"{name}.yaml"), "--name", name,
            "--results", str(tmp_path / name), api=prefect_api, home=prefect_home,
        )  # fmt: skip

    def held() -> int:
        url = f"{prefect_api}/v2/concurrency_limits/evaluation:clocked"
        return local_http.get(url).json()["active_slots"]

    first = starts("first", 600)
    wait_until(lambda: held() == 1 and any((tmp_path / "first").glob("gen_[1-9]/results")))
    first.kill()
    first.wait()
    killed = time.monotonic()
    finished(starts("second", 0.1))
    assert time.monotonic() - killed < 150
    assert len(spans_of(tmp_path / "second")) == 2
    assert held() == 0
    forget_limit(prefect_api, "evaluation:clocked")


@pytest.mark.slow
def test_slots_come_back_also_when_a_plain_server_was_restarted_meanwhile(tmp_path: Path) -> None:
    """`prefect server start` in this folder: what it takes from pyproject.toml."""
    environment = environment_for("", tmp_path, PREFECT_SERVER_ANALYTICS_ENABLED="false")
    del environment["PREFECT_API_URL"]
    with serving(PLAIN_SERVER, environment, ROOT, tmp_path / "server.log") as api:
        limits = f"{api}/v2/concurrency_limits"
        local_http.post(f"{limits}/", json={"name": "provider:x", "limit": 1}).raise_for_status()
        asked = {"names": ["provider:x"], "slots": 1, "mode": "concurrency", "lease_duration": 60}
        local_http.post(f"{limits}/increment-with-lease", json=asked).raise_for_status()
        refused = local_http.post(f"{limits}/increment-with-lease", json=asked)
        assert refused.status_code == 423
        assert float(refused.headers["retry-after"]) <= 8  # a poisson interval around two seconds
    with serving(PLAIN_SERVER, environment, ROOT, tmp_path / "server.log") as api:
        limits = f"{api}/v2/concurrency_limits"
        assert local_http.get(f"{limits}/provider:x").json()["active_slots"] == 1
        wait_until(lambda: local_http.get(f"{limits}/provider:x").json()["active_slots"] == 0)


def test_a_number_that_is_none_is_refused_by_name() -> None:
    code = "from flows.orchestrator.limits_made import deployed_limits as made; made(evaluators={'mine': 'many'})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=180)
    assert done.returncode != 0
    assert "evaluators gives 'mine' 'many'" in done.stderr
