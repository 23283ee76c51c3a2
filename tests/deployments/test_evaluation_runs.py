"""Evaluations as flow runs of their own deployment hold to the contract of launchers, with a real server and worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shinka.testing import LauncherContract
from shinka_core.config import PrefectJobConfig
from shinka_core.launch import Launcher, launcher_of
from tests.support.deployed import EVALUATIONS, Server
from tests.support.runs import settings_for

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def evaluating(server: Server) -> Iterator[Server]:
    with server.worker(EVALUATIONS), settings_for(server.api, server.home):
        yield server


class TestShared(LauncherContract):
    @pytest.fixture(autouse=True)
    def _server(self, evaluating: Server) -> None:
        self.files = "shared"

    def launcher(self, evaluator: Path) -> Launcher:
        import flows.orchestrator.evaluation_runs  # noqa: F401  # makes the kind known

        return launcher_of(
            PrefectJobConfig(eval_program_path=str(evaluator), isolation="limits", files="shared", poll=0.3)
        )
