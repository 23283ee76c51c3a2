"""Evaluations elsewhere hold to the contract of launchers, over real engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from shinka.testing import LauncherContract
from shinka_core.launch import Launcher, launcher_of
from tests.shinka_core.launch.elsewhere.conftest import Settings
from tests.support.contracts import SlowLauncherContract


class OverAnEngine:
    settings: Settings

    def launcher(self, evaluator: Path) -> Launcher:
        return launcher_of(self.settings(eval_program_path=str(evaluator), isolation="limits"))


@pytest.mark.slow
class TestDask(OverAnEngine, LauncherContract):
    @pytest.fixture(autouse=True)
    def _engine(self, dask: Settings) -> None:
        self.settings = dask


@pytest.mark.slow
class TestRay(OverAnEngine, SlowLauncherContract):
    @pytest.fixture(autouse=True)
    def _engine(self, ray: Settings) -> None:
        self.settings = ray


@pytest.mark.slow
class TestSlurm(OverAnEngine, LauncherContract):
    @pytest.fixture(autouse=True)
    def _engine(self, by_slurm: Settings) -> None:
        self.settings = by_slurm
