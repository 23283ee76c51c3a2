"""A server and deployments for the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deployed import Server, copy_project


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project."""
    return copy_project(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def server(prefect_api: str, prefect_home: Path, checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The deployments of a checkout, made and worked on from a folder that is not the checkout's.

    Making them takes most of a minute, so they are made anew only when others have been since.
    """
    server = Server(prefect_api, prefect_home, tmp_path_factory.mktemp("elsewhere"), checkout)
    if server.made_last != checkout:
        server.deploy()
    return server
