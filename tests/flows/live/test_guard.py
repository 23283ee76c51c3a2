"""The live page answers to a browser that shows it, and to nobody else's page in that browser."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from flows.live.app import app_of
from flows.live.watched import watched
from shinka_core.report.build import Place
from tests.support.long_run import write_long_run

PORT = 8265
HOME = f"http://127.0.0.1:{PORT}"


async def asked(folder: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with watched([Place(str(folder))]) as watching:
        transport = httpx.ASGITransport(app=app_of(watching, PORT))  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=named)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import asyncio

    made = tmp_path_factory.mktemp("guarded")
    asyncio.run(write_long_run(made, 20))
    return made


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
async def test_it_answers_by_its_own_names(folder: Path, host: str) -> None:
    answer = await asked(folder, "/runs", host=host)
    assert answer.status_code == 200
    assert answer.json()[0]["name"] == "long"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1:1"},
        {"host": "127.0.0.1.evil.example"},
        {"host": f"[::1]:{PORT}"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
async def test_it_refuses_other_names_and_other_pages(folder: Path, headers: dict[str, str]) -> None:
    for path in ("/", "/runs", "/news", "/runs/0/generations/1", "/scripts/page.js"):
        answer = await asked(folder, path, **headers)
        assert answer.status_code == 403
        assert "long" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_there_is_nothing_to_change(folder: Path, method: str) -> None:
    assert (await asked(folder, "/runs", method)).status_code == 403


@pytest.mark.parametrize("path", ["/runs/1/generations/0", "/runs/x/generations/0", "/scripts/..%2Fbuild.py", "/other"])
async def test_what_is_not_there_is_not_there(folder: Path, path: str) -> None:
    assert (await asked(folder, path)).status_code == 404


async def test_a_generation_comes_with_its_texts(folder: Path) -> None:
    said = (await asked(folder, "/runs/0/generations/3")).json()
    assert "x1 = " in said["files"][""]
    assert said["parent"] != said["files"]
    assert said["calls"][0]["messages"][0][0] == "system"
    nothing = (await asked(folder, "/runs/0/generations/99999")).json()
    assert (nothing["files"], nothing["calls"]) == (None, [])
