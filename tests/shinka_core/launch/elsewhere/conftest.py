"""Real engines on this machine, one of each kind for all tests of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DaskJobConfig, ElsewhereSettings, RayJobConfig, SlurmJobConfig
from tests.support import slurm

Settings = Callable[..., ElsewhereSettings]


@pytest.fixture(scope="session")
def dask_cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=3, dashboard_address=None) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[str]:
    ray = pytest.importorskip("ray")
    context = ray.init(num_cpus=6, include_dashboard=False, log_to_driver=False)
    yield context.address_info["address"]
    ray.shutdown()


@pytest.fixture(scope="session")
def slurm_controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    if problem := slurm.why_not():
        pytest.skip(problem)
    with slurm.running(tmp_path_factory.mktemp("slurm")) as started:
        yield started


@pytest.fixture
def dask(dask_cluster: Any) -> Settings:
    return lambda **fields: DaskJobConfig(scheduler=dask_cluster.scheduler_address, **fields)


@pytest.fixture
def ray(ray_cluster: str) -> Settings:
    return lambda **fields: RayJobConfig(address=ray_cluster, **fields)


@pytest.fixture
def by_slurm(slurm_controller: slurm.Slurm, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in slurm_controller.environment.items():
        monkeypatch.setenv(name, value)
    return lambda **fields: SlurmJobConfig(**{"poll": 0.3, "settle": 2.0} | fields)


@pytest.fixture(params=["dask", "ray", "by_slurm"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings of evaluations on each kind of engine, by what is special about them."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A task's folder."""
    from shinka.testing.launchers import EVALUATOR

    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "evaluate.py").write_text(EVALUATOR)
    return folder
