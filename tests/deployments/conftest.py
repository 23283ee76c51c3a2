"""A server and deployments for a file of tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deployed import Server, copy_project


@pytest.fixture(scope="module")
def server(prefect_api: str, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The deployments of a checkout, made and worked on from a folder that is not the checkout's."""
    project = copy_project(tmp_path_factory.mktemp("checkout"))
    server = Server(prefect_api, prefect_home, tmp_path_factory.mktemp("elsewhere"), project)
    server.deploy()
    return server
