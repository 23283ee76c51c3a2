"""Parameters that hold a secret or make no sense are refused before the server stores them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from tests.support import local_http
from tests.support.deployed import Server

SECRET = "hunter2-7f3a"

REFUSED = [
    ({"db_config": {"db_path": f"postgresql://me:{SECRET}@host/db"}}, "db_config.db_path"),
    ({"db_config": {"db_path": f"postgresql://host/db?user=me&password={SECRET}"}}, "db_config.db_path"),
    ({"evo_config": {"llm_base_url": f"https://me:{SECRET}@host/v1"}}, "evo_config.llm_base_url"),
    ({"evo_config": {"llm_kwargs": {"api_key": SECRET}}}, "evo_config.llm_kwargs"),
    ({"evo_config": {"llm_kwargs": {"extra_headers": {"X-Api-Key": SECRET}}}}, "evo_config.llm_kwargs.extra_headers"),
    ({"evo_config": {"num_generation": 3, "task_sys_msg": SECRET}}, "num_generation"),
    ({"evo_config": {"num_generations": 0, "task_sys_msg": SECRET}}, "evo_config.num_generations"),
    ({"job_config": {"isolation": SECRET}}, "job_config.isolation"),
    ({"job_config": {"env": {"HF_TOKEN": SECRET}}}, "job_config.env"),
    ({"job_config": {"extra_cmd_args": {"api_key": SECRET}}}, "extra_cmd_args"),
    ({"job_config": {"kind": "custom", "launcher": {"name": "a", "api_key": SECRET}}}, "launcher"),
    ({"job_config": {"kind": "in_process", "env": {"HF_TOKEN": SECRET}}}, "job_config"),
    ({"evo_config": {"reviewer": {"name": "a", "api_key": SECRET}}}, "evo_config.reviewer"),
    ({"evo_config": {"periodic": [{"name": "a", "api_key": SECRET}]}}, "evo_config.periodic"),
    ({"db_config": {"db_pat": SECRET}}, "db_pat"),
]


@pytest.mark.slow
def test_the_server_refuses_them_and_names_the_field(server: Server) -> None:
    path = f"{server.api}/deployments/{server.deployment('circle-packing')['id']}/create_flow_run"
    for parameters, field in REFUSED:
        response = local_http.post(path, json={"parameters": parameters})
        assert response.status_code == 409, (parameters, response.text)
        assert field in response.json()["detail"]
    done = server.tried("deployment", "run", "evolve/circle-packing", "--param", f"db_config={db_config()}")
    assert done.returncode != 0
    assert "db_config.db_path" in "".join((done.stdout + done.stderr).split())
    with sqlite3.connect(server.home / "prefect.db") as connection:
        stored: list[tuple[Any, ...]] = connection.execute("SELECT parameters FROM flow_run").fetchall()
    assert [row for row in stored if SECRET in str(row)] == []
    # What is no secret passes.
    fine = {
        "evo_config": {"llm_kwargs": {"max_tokens": 5}}, "db_config": {"db_path": "postgresql://me@host/db"},
        "job_config": {"env": {"HF_TOKEN": "$HF_TOKEN", "MAX_TOKENS": "5", "HF_HOME": "/data"}},
    }  # fmt: skip
    later = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2100-01-01T00:00:00Z"}}
    assert local_http.post(path, json={"parameters": fine, "state": later}).status_code == 201


def db_config() -> str:
    return json.dumps({"db_path": f"postgresql://me:{SECRET}@host/db"})
