"""How the report of a long evolution behaves in a browser: `python -m benchmarks.report_page`.

Makes up an evolution, writes its report, and measures in headless Chromium: seconds until it can be used, and frames a
second, as the browser's own trace has them, while its largest pictures are dragged about.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.__main__ import about, markdown
from shinka_core.report.build import REPORT, Place, build, write
from tests.support.browsing import browser
from tests.support.long_run import write_long_run

VIEWS = ("overview", "lineage", "map")
MOVES = 150
RATE = 60.0


async def dragged(page: Any, plot: dict[str, float]) -> dict[str, float]:
    """Frames a second while a picture is dragged for some seconds: as drawn by the trace, and as the page was called."""
    x, y = plot["x"] + plot["width"] / 2, plot["y"] + min(plot["height"] / 2, 300)
    client = await page.context.new_cdp_session(page)
    await page.mouse.move(x, y)
    for _ in range(3):  # closer, or there is nothing to be dragged to
        await page.mouse.wheel(0, -300)
        await page.wait_for_timeout(200)
    await page.context.browser.start_tracing(
        page=page, categories=["devtools.timeline", "disabled-by-default-devtools.timeline.frame"]
    )
    await page.mouse.down()
    sent: list[asyncio.Task[Any]] = []
    began = time.monotonic()
    for move in range(MOVES):
        place = {"x": x - 3 * (move % 100), "y": y + move % 9}
        sent.append(
            asyncio.create_task(
                client.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "button": "left", "buttons": 1, **place})
            )
        )
        await asyncio.sleep(max(began + (move + 1) / RATE - time.monotonic(), 0))
    await asyncio.gather(*sent)
    seconds = time.monotonic() - began
    await page.mouse.up()
    events = json.loads(await page.context.browser.stop_tracing())["traceEvents"]
    drawn = sorted(event["ts"] for event in events if event["name"] == "DrawFrame")
    between = [(later - earlier) / 1e3 for earlier, later in itertools.pairwise(drawn)]
    return {
        "frames/s": round(len(drawn) / seconds, 1),
        "longest ms": round(max(between, default=0.0)),
        "median ms": round(statistics.median(between), 1),
    }


async def measure(folder: Path, generations: int) -> list[dict[str, Any]]:
    """A row for each view."""
    await write_long_run(folder, generations)
    began = time.monotonic()
    page_text = await build([Place(str(folder))])
    built = time.monotonic() - began
    write(folder / REPORT, page_text)
    rows: list[dict[str, Any]] = []
    async with browser() as started:
        for view in VIEWS:
            page = await started.new_page(viewport={"width": 1300, "height": 900})
            began = time.monotonic()
            await page.goto(f"{(folder / REPORT).as_uri()}#/{view}")
            await page.wait_for_selector("html[data-ready=yes]", state="attached")
            await page.wait_for_selector(".plot canvas")
            ready = time.monotonic() - began
            box = await page.locator(".plot").first.bounding_box()
            rows.append(
                {
                    "generations": generations,
                    "MB": round(len(page_text) / 1e6, 1),
                    "built s": round(built, 1),
                    "view": view,
                    "usable s": round(ready, 2),
                }
                | await dragged(page, box)
            )
            await page.close()
    return rows


async def main(arguments: argparse.Namespace) -> None:
    """Measures, prints and writes."""
    with tempfile.TemporaryDirectory() as folder:
        rows = await measure(Path(folder), arguments.generations)
    print(markdown(rows))
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "report_page.json").write_text(json.dumps({"about": about(1), "rows": rows}, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=10_000)
    parser.add_argument("--output", type=Path, default=Path("bench-results"), help="folder for the table")
    asyncio.run(main(parser.parse_args()))
