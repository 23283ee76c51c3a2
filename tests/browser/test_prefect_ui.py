"""The Prefect UI of an evolution, as a person uses it: what goes on, what came of it, and reviews answered by clicks.

With SHINKA_TEST_SCREENSHOTS=FOLDER the pages are kept there as pictures; those in the documentation were made so.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.flows.test_review import runner
from tests.flows.test_review_pause import REVIEWS
from tests.support import local_http
from tests.support.browsing import browser, chromium, new_context
from tests.support.deployed import Server
from tests.support.model_server import ModelServer, Script
from tests.support.reviewing import paused
from tests.support.runs import flow_runs, generation_of, rows, settings_for, wait_until

pytestmark = pytest.mark.slow

PICTURES = os.environ.get("SHINKA_TEST_SCREENSHOTS")
SIZE = {"width": 1200, "height": 800}
STEPS = ("sample", "query", "patch", "novelty", "submit", "evaluate", "record")
# Milliseconds for a page to be drawn to its end, of which nothing tells.
DRAWN = 3_000


async def picture(page: Any, name: str) -> None:
    if PICTURES:
        await page.wait_for_timeout(DRAWN)
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


async def answered(
    page: Any, home: str, run: dict[str, Any], decision: str, words: str = "", program: str = ""
) -> None:
    """Opens the page of a flow run that waits, and fills in its form."""
    await page.goto(f"{home}/runs/flow-run/{run['id']}")
    await page.get_by_role("button", name="Resume").click()
    form = page.get_by_role("dialog")
    await form.get_by_text("Resume Flow Run").wait_for()
    await form.get_by_text("+++ candidate").wait_for()
    if decision != "accept":
        await form.locator(".p-select-button__control").focus()
        await page.keyboard.press("Space")
        await page.locator(".p-select-option__text").get_by_text(decision, exact=True).click()
    written, edited = form.locator("textarea").nth(0), form.locator("textarea").nth(1)
    assert "EVOLVE-BLOCK-START" in await edited.input_value()
    if words:
        await written.fill(words)
    if program:
        await edited.fill(program)
    await picture(page, f"review-{decision}")
    await form.get_by_role("button", name="Submit").click()
    await form.wait_for(state="hidden")


async def test_a_review_is_answered_by_clicks(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    chromium()
    home = prefect_api.removesuffix("/api")
    async with ModelServer(Script()) as server, browser() as started:
        page = await (await new_context(started, viewport=SIZE)).new_page()
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, review="all", num_generations=2)
            running = asyncio.create_task(made.run())
            first, second = await paused(prefect_api, str(made.name), 2)
            await page.goto(f"{home}/runs?state=Paused")
            await page.get_by_text("gen-0001 waits for a review").first.wait_for()
            await picture(page, "reviews-waiting")
            await answered(page, home, first, "hint", words="take the square root")
            await answered(page, home, second, "edit", program="# EVOLVE-BLOCK-START\nx = 77.0\n# EVOLVE-BLOCK-END\n")
            (again,) = await paused(prefect_api, str(made.name))
            await answered(page, home, again, "accept")
            summary = await running
    assert (summary.programs, summary.best_score) == (3, 77.0)
    assert [(number, said) for number, _, _, said in rows(tmp_path / "r", REVIEWS)] == [
        (1, "hint"), (1, "accept"), (2, "edit"),
    ]  # fmt: skip
    assert any("take the square root" in message["content"] for body in server.bodies for message in body["messages"])


async def test_a_running_and_a_finished_evolution(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, prefect_api: str, prefect_home: Path
) -> None:
    home = prefect_api.removesuffix("/api")
    async with ModelServer(Script(latency=0.5)) as server, browser() as started:
        page = await (await new_context(started, viewport=SIZE)).new_page()
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, num_generations=60, jobs=3, max_parallel_jobs=2)
            running = asyncio.create_task(made.run())
            outer = await known(prefect_api, str(made.name))
            await page.goto(f"{home}/runs/flow-run/{outer}")
            await page.get_by_text("Running").first.wait_for()
            await tab(page, "Subflow Runs")
            await page.get_by_text(re.compile(r"gen-00\d\d")).first.wait_for()
            await picture(page, "running")
            summary = await running
        await page.goto(f"{home}/runs/flow-run/{outer}")
        await page.get_by_text("Completed").first.wait_for()
        await tab(page, "Subflow Runs")
        await page.get_by_text("outcome:best").first.wait_for()
        await picture(page, "finished")
        await tab(page, "Artifacts")
        await page.get_by_text("best-programs", exact=False).first.wait_for()
        await picture(page, "artifacts")
        children = flow_runs(prefect_api, parent_flow_run_id={"any_": [outer]})
        assert f"gen-{summary.best_generation:04d}" in map(generation_of, children)
        # The server takes task runs in a moment after they have ended, and a page of a run that is over is not drawn anew.
        shown = await asyncio.to_thread(ordinary, prefect_api, children)
        await page.goto(f"{home}/runs/flow-run/{shown}")
        await tab(page, "Task Runs")
        for step in STEPS:
            await page.get_by_text(f"{step} gen-").first.wait_for()
        await picture(page, "generation")
        server_of = Server(prefect_api, prefect_home, tmp_path_factory.mktemp("elsewhere"))
        await asyncio.to_thread(server_of.deploy)
        deployment = server_of.deployment("circle-packing")["id"]
        await page.goto(f"{home}/deployments/deployment/{deployment}/run")
        await page.get_by_text("What to evolve, with which models, for how long.").first.wait_for()
        await page.get_by_text("The seed program: a file, or a folder of files.").first.wait_for()
        await picture(page, "run-form")


def ordinary(api: str, children: list[dict[str, Any]]) -> str:
    """A generation that made each step, and so few that a page shows them at once: the best may have a hundred trials."""
    found: list[str] = []

    def seek() -> bool:
        for child in children:
            body = {"task_runs": {"flow_run_id": {"any_": [child["id"]]}}}
            steps = [each["name"].split()[0] for each in local_http.post(f"{api}/task_runs/filter", json=body).json()]
            if set(STEPS) <= set(steps) and len(steps) <= len(STEPS) + 2:
                found.append(child["id"])
                return True
        return False

    wait_until(seek)
    return found[0]


async def known(api: str, name: str) -> str:
    """The flow run of an evolution, once it has its name."""
    async with asyncio.timeout(90):
        while not (found := flow_runs(api, name={"any_": [name]})):
            await asyncio.sleep(0.1)
    return found[0]["id"]


async def tab(page: Any, name: str) -> None:
    await page.locator("li.p-tab").get_by_text(name, exact=True).click()
