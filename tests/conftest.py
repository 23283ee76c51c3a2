"""What all tests share."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import workers
from tests.support.generated import load_profile
from tests.support.postgres import Postgres, binaries, running_postgres
from tests.support.prefect import running_prefect

# A shell lets its background jobs ignore Ctrl-C and `nohup` the hang-up, and so would every process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Before any test is loaded: how many cases are generated.
load_profile()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """How many workers `make test` has."""
    return workers.count(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Which of them come first."""
    workers.in_turn(items, config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What goes to which of them."""
    return workers.scheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Begins no test any more when the time that CI gives is over; each is told as skipped, with this reason."""
    if time.time() > float(os.environ.get("SHINKA_TEST_UNTIL", "inf")):
        pytest.skip("the time for all tests was over before this one began (SHINKA_TEST_UNTIL)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL, or a skip that says what is missing."""
    if binaries() is None:
        pytest.skip("no PostgreSQL binaries (initdb, postgres) on this machine")
    with running_postgres() as cluster:
        yield cluster


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """Where a test's database lies: None for a file in its own folder."""
    if request.param == "sqlite":
        return None
    cluster: Postgres = request.getfixturevalue("postgres")
    return cluster.url


@pytest.fixture(scope="session", autouse=True)
def _without_reports() -> Iterator[None]:
    """Runs in this process write no report unless a test asks for one (`with_reports`): it is a tenth of a small run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flows.finish.write_report", _nothing)
        yield


@pytest.fixture
def with_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of this test write their reports, as runs do."""
    from flows.reporting import write_report

    monkeypatch.setattr("flows.finish.write_report", write_report)


async def _nothing(_: Any) -> None:
    pass


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the tests' Prefect keeps its database."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture(scope="session")
def prefect_api(prefect_home: Path) -> Iterator[str]:
    """A real Prefect server, started once."""
    with running_prefect(prefect_home) as url:
        yield url
        # Else this process goes on trying to send its last lines when the server is gone.
        if "prefect.logging.handlers" in sys.modules:
            sys.modules["prefect.logging.handlers"].APILogWorker.drain_all(timeout=5.0)
