"""The report of a real run in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.terminal.command import run
from flows.terminal.reporting import app
from tests.browser.conftest import HOSTILE
from tests.support.browsing import browser, opened
from tests.support.runs import rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

VIEWS = (
    "overview",
    "lineage",
    "programs",
    "islands",
    "map",
    "models",
    "ideas",
    "time",
    "cost",
    "failures",
    "settings",
    "program/1",
    "program/3",
    "program/6",
)


@pytest.fixture
def report(hostile_run: Path, tmp_path: Path) -> str:
    assert run(app, [str(hostile_run), "--out", str(tmp_path / "report.html"), "--quiet"]) == 0
    return (tmp_path / "report.html").as_uri()


async def test_its_numbers_are_those_of_the_database(report: str, hostile_run: Path) -> None:
    ((programs, correct, best),) = rows(
        hostile_run, "SELECT count(*), sum(correct), max(CASE WHEN correct THEN score END) FROM programs"
    )
    ((failed,),) = rows(hostile_run, "SELECT count(*) FROM generations WHERE state = 'failed'")
    ((cost, calls),) = rows(hostile_run, "SELECT sum(cost), count(*) FROM model_calls")
    assert failed > 3
    assert programs - correct > 3
    async with browser() as started, opened(started, report) as page:
        await page.go("overview")
        assert float(await page.tile("best score")) == pytest.approx(best)
        assert await page.tile("programs") == f"{programs} ({correct} correct)"
        assert int(await page.tile("failed generations")) == failed
        improvements = await page.table("Improvements of the best score, the last one first")
        assert float(improvements[0]["score"]) == pytest.approx(best)
        await page.go("programs")
        listed = await page.table("Generations")
        assert len(listed) == programs + failed
        scores = dict(rows(hostile_run, "SELECT generation, score FROM programs WHERE score IS NOT NULL"))
        shown = {int(row["generation"]): float(row["score"]) for row in listed if row["score"] != "–"}
        assert shown == pytest.approx(scores)
        await page.go("cost")
        assert f"for {calls} calls" in await page.text()
        assert sum(int(row["calls"]) for row in await page.table("Calls by model and purpose")) == calls
        assert cost > 0
        await page.go("failures")
        kinds = await page.table("Generations that failed, by reason")
        reasons = dict(
            rows(hostile_run, "SELECT failure_reason, count(*) FROM generations WHERE state = 'failed' GROUP BY 1")
        )
        assert {row["reason"]: int(row["how many"]) for row in kinds} == reasons


async def test_from_the_lineage_to_code_change_prompt_and_failure(report: str, hostile_run: Path) -> None:
    (best, parent) = rows(
        hostile_run,
        "SELECT p.generation, q.generation FROM programs p JOIN programs q ON q.id = p.parent_id WHERE p.correct ORDER BY p.score DESC LIMIT 1",
    )[0]
    async with browser() as started, opened(started, report) as page:
        await page.go("lineage")
        await page.page.click(f"text='{best}'")
        await page.page.wait_for_selector("text=parent: generation")
        assert f"parent: generation {parent}" in await page.text()
        await page.page.click("role=tab[name='Code']")
        assert "EVOLVE-BLOCK-START" in await page.text("[role=tabpanel]")
        await page.page.click("role=tab[name='Change to the parent']")
        assert await page.page.locator("pre .added").count() >= 1
        assert await page.page.locator("pre .removed").count() >= 1
        await page.page.click("role=tab[name=/Prompt and answer/]")
        assert "REPLACE" in await page.text("[role=tabpanel]")
        await page.page.keyboard.press("Tab")
        await page.page.click("text=parent: generation")
        await page.page.wait_for_selector(f"h2:has-text('Generation {parent}:')")
        failed = rows(
            hostile_run, "SELECT number, failure_detail FROM generations WHERE state = 'failed' ORDER BY number LIMIT 1"
        )[0]
        await page.go(f"program/{failed[0]}")
        assert "Why it failed" in await page.text()


async def test_tables_are_filtered_sorted_and_found_in(report: str, hostile_run: Path) -> None:
    async with browser() as started, opened(started, report) as page:
        await page.go("programs")
        await page.page.select_option("label:has-text('outcome') select", "failed")
        ((failed,),) = rows(hostile_run, "SELECT count(*) FROM generations WHERE state = 'failed'")
        assert len(await page.table("Generations")) == failed
        await page.page.select_option("label:has-text('outcome') select", "correct")
        await page.page.click("th button:has-text('score')")
        scores = [float(row["score"]) for row in await page.table("Generations")]
        assert scores == sorted(scores, reverse=True)
        await page.page.click("th button:has-text('score')")
        assert [float(row["score"]) for row in await page.table("Generations")] == scores[::-1]
        await page.page.fill("label:has-text('find') input", "no such program")
        await page.page.wait_for_function(
            "() => document.querySelector('main [role=status]').textContent.startsWith('0 of')"
        )


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (375, False)])
async def test_every_view_draws_without_error_harm_obstacle_or_sideways_scroll(
    report: str, width: int, dark: bool
) -> None:
    async with browser() as started, opened(started, report, width=width, dark=dark) as page:
        for view in VIEWS:
            await page.go(view)
            assert await page.obstacles() == [], view
            assert not await page.too_wide(), view
            assert await page.page.evaluate("() => document.documentElement.dataset.harmed") is None, view
        assert await page.page.evaluate("() => document.documentElement.dataset.theme") == ("dark" if dark else "light")


async def test_what_strangers_wrote_is_shown_as_they_wrote_it(report: str, hostile_run: Path) -> None:
    generation, name = rows(
        hostile_run,
        "SELECT generation, name FROM programs WHERE generation > 0 AND correct ORDER BY generation LIMIT 1",
    )[0]
    async with browser() as started, opened(started, report) as page:
        await page.go(f"program/{generation}")
        await page.page.click("role=tab[name='Evaluation']")
        text = await page.text("[role=tabpanel]")
        assert "</script><script>document" in text
        assert "⟨U+202E⟩gnp.elif" in text
        assert "⟨U+001B⟩[2J" in text
        assert not {"\u202e", "\x1b", "\x9b", "\u200b"} & set(await page.page.evaluate("() => document.body.innerText"))
        assert "⟨U+202E⟩" in await page.text("h2") or "U+" not in ascii(name)


async def test_every_picture_has_words_and_a_table_and_the_keyboard_reaches_all(report: str) -> None:
    async with browser() as started, opened(started, report) as page:
        for view in ("overview", "lineage", "islands", "map", "models", "time"):
            await page.go(view)
            figures: list[Any] = await page.page.evaluate(
                "() => [...document.querySelectorAll('figure')].map((one) => [one.querySelector('[role=img]').getAttribute('aria-label'), Boolean(one.querySelector('details'))])"
            )
            assert figures
            assert all(len(label) > 30 and table for label, table in figures), view
            await page.page.click("figure details summary >> nth=0")
            await page.page.wait_for_selector("figure details table tbody tr")
    async with browser() as started, opened(started, report) as page:  # anew, so that nothing has the focus
        await page.go("overview")
        await page.page.keyboard.press("Tab")
        assert await page.page.evaluate("() => document.activeElement.textContent") == "Skip to the content"


async def test_it_needs_nothing_but_itself(report: str, tmp_path: Path) -> None:
    text = (tmp_path / "report.html").read_text()
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in text
    assert json.dumps(HOSTILE)[1:40] not in text
    assert len(text) < 3_000_000
