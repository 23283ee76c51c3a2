"""What of this process's environment evaluations see: harmless variables, and no keys."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.launch import LocalLauncher, check_job
from shinka_core.launch.environment import evaluation_environment, withheld
from tests.shinka_core.launch.test_local import Bench

HARMLESS = {
    "PATH": "/bin", "HOME": "/home/me", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "4", "KEYBOARD": "us", "MONKEY_PATCH": "1",
    "HF_HOME": "/data/hf", "HF_HUB_OFFLINE": "1", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "me", "AZURE_REGION": "west",
    "GOOGLE_CLOUD_PROJECT": "p", "DB_PATH": "/data/d", "DATABASE_DIR": "/data", "AUTH_MODE": "none", "CUDA_VISIBLE_DEVICES": "0",
    "TOKENIZERS_PARALLELISM": "false", "OPENAI_BASE_URL": "http://localhost:8000/v1", "WANDB_MODE": "offline",
    "PGHOST": "/run/postgresql", "MAX_TOKENS": "4096", "N_KEYS": "12", "COMPASS": "north", "AUTHOR": "me", "PASSAGES": "3",
    "PATTERN": "a", "KEYS_PER_RUN": "8", "TURKEY": "1", "MODEL_URL": "https://host:8443/v1?q=a@b", "PWD": "/home/me",
}  # fmt: skip
SECRET = {
    "OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x", "GITHUB_TOKEN": "x", "HF_TOKEN": "x", "HUGGING_FACE_HUB_TOKEN": "x",
    "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x", "GOOGLE_APPLICATION_CREDENTIALS": "/k",
    "AZURE_CLIENT_SECRET": "x", "DB_PASSWORD": "x", "DB_PASS": "x", "PGPASSWORD": "x", "PGPASSFILE": "/p", "DATABASE_URL": "x",
    "MYSQL_PWD_PASSWORD": "x", "APIKEY": "x", "MYAPIKEY": "x", "SSH_AUTH_SOCK": "/s", "NPM_CONFIG__AUTH": "x", "GITHUB_PAT": "x",
    "SENTRY_DSN": "x", "SLACK_WEBHOOK_URL": "x", "AZURE_STORAGE_CONNECTION_STRING": "x", "SESSION_COOKIE": "x",
    "SSH_KEY_PASSPHRASE": "x", "PREFECT_API_URL": "http://host/api", "NETRC": "/n", "STRIPE_KEY": "x", "KEY": "x",
    # by their values
    "BROKER": "amqp://me:hunter2@host/", "PIP_INDEX_URL": "https://me:hunter2@host/simple", "HTTPS_PROXY": "http://u:p@proxy:1",
    "SERVICE": "sk-abcdefghijklmnop1234", "DEPLOY": "ghp_abcdefghijklmnopqrstuvwx", "MODEL_HUB": "hf_abcdefghijklmnopqrstuvwx",
    "IDENTITY": "-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "OTHER": "AKIAABCDEFGHIJKLMNOP",
}  # fmt: skip


def test_harmless_variables_pass_and_secrets_do_not() -> None:
    assert sorted(evaluation_environment(HARMLESS | SECRET, {})) == sorted(HARMLESS)


def test_what_is_withheld_is_said_once_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert withheld(
        {"HF_TOKEN": "x", "SORT_KEY": "y", "OPENAI_API_KEY": "z", "PREFECT_API_URL": "u", "A": "b"}, {"SORT_KEY": "y"}
    ) == ["HF_TOKEN"]
    monkeypatch.setenv("HF_TOKEN", "hunter2")
    with caplog.at_level(logging.WARNING):
        Bench(tmp_path)
    told = [record.message for record in caplog.records if "HF_TOKEN" in record.message]
    assert len(told) == 1
    assert "env: {" in told[0]
    assert "hunter2" not in caplog.text


async def test_a_key_is_given_by_naming_its_variable_and_is_in_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hunter2")
    config: dict[str, Any] = {"env": {"HF_TOKEN": "$HF_TOKEN", "ALIAS": "${HF_TOKEN}", "PLAIN": "a $HF_TOKEN"}}
    check_job(LocalJobConfig(eval_program_path=__file__, **config))
    found = await Bench(tmp_path, **config).run(
        "result(1.0, public={n: os.environ[n] for n in ('HF_TOKEN', 'ALIAS', 'PLAIN')})"
    )
    assert found.public_metrics == {"HF_TOKEN": "hunter2", "ALIAS": "hunter2", "PLAIN": "a $HF_TOKEN"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"env": {"HF_TOKEN": "hunter2hunter2"}}, ["job.env", "'HF_TOKEN'", "HF_TOKEN: $HF_TOKEN"]),
        ({"env": {"HARMLESS": "sk-abcdefghijklmnophunter2"}}, ["job.env", "'HARMLESS'"]),
        ({"env": {"BROKER": "amqp://me:hunter2@host/"}}, ["job.env", "'BROKER'"]),
        ({"extra_cmd_args": {"api-key": "hunter2"}}, ["job.extra_cmd_args", "'api-key'", "job.env"]),
        ({"env": {"HF_TOKEN": "$NOT_SET_ANYWHERE"}}, ["job.env", "NOT_SET_ANYWHERE", "not set"]),
    ],
)  # fmt: skip
def test_settings_hold_no_key_of_an_evaluator(fields: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        check_job(LocalJobConfig(eval_program_path=__file__, **fields))
    assert all(word in str(caught.value) for word in words)
    assert "hunter2" not in str(caught.value)


def test_harmless_settings_are_no_keys() -> None:
    env = {"MAX_TOKENS": "100", "HF_HOME": "/data", "AUTH_MODE": "none", "OMP_NUM_THREADS": "1"}
    check_job(LocalJobConfig(eval_program_path=__file__, env=env, extra_cmd_args={"max-tokens": 5, "tokens": "100"}))


async def test_a_failure_over_a_withheld_variable_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    bench = Bench(tmp_path)
    found = await bench.run("os.environ['MY_TOKEN']")
    assert "MY_TOKEN looks like a secret and is withheld; give it with job.env: {MY_TOKEN: $MY_TOKEN}" in found.error
    assert isinstance(bench.launcher, LocalLauncher)
