"""A headless Chromium, and what it must not find in a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

# Of axe-core: what keeps somebody from using the page.
GRAVE = {"serious", "critical"}


def chromium() -> str:
    """The browser of this machine, or a skip that says what is missing."""
    pytest.importorskip("playwright", reason="playwright is not installed (pip install '.[browser]')")
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.skip("no chromium on this machine")
    return found


@asynccontextmanager
async def browser() -> AsyncGenerator[Any, None]:
    """A browser that fetches nothing from elsewhere."""
    path = chromium()
    from playwright.async_api import async_playwright

    # A container's root has no sandbox of its own to give.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=path, args=[*sandbox, "--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield started
        finally:
            await started.close()


# Milliseconds that a page has for what it is to show; a page in a hurry is nobody's promise.
PATIENCE = 120_000


async def new_context(started: Any, **options: Any) -> Any:
    """A session of a browser."""
    context = await started.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context


class Page:
    """A page, and everything that went wrong in it.

    Attributes:
        wrong: Errors, warnings and requests to anywhere else.
    """

    def __init__(self, page: Any, home: str) -> None:
        self.page = page
        self.wrong: list[str] = []
        self._home = home
        page.on("console", lambda message: self.wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._asked(request.url))

    async def go(self, view: str) -> None:
        """Shows a view, drawn to its end."""
        await self.page.goto(f"{self._home}#/{view}")
        await self.page.wait_for_selector("html[data-ready=yes]", state="attached")
        await self.page.wait_for_selector("main h2")
        await self.page.evaluate(
            "async () => { for (let y = 0; y < document.body.scrollHeight; y += 400) { scrollTo(0, y); await new Promise(requestAnimationFrame); } scrollTo(0, 0); }"
        )
        await self.page.wait_for_function(
            "() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('canvas'))"
        )

    async def text(self, selector: str = "main") -> str:
        return str(await self.page.inner_text(selector))

    async def tile(self, name: str) -> str:
        """What stands under a name."""
        return str(await self.page.inner_text(f"dl.tiles div:has(> dt:text-is('{name}')) dd"))

    async def table(self, caption: str) -> list[dict[str, str]]:
        """The rows of a table as they are shown, by the names of its columns."""
        return await self.page.evaluate(
            """(caption) => {
              const table = [...document.querySelectorAll('table')].find((one) => one.caption.textContent === caption);
              const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.replace(/ [▾▴]$/, ''));
              return [...table.tBodies[0].rows].map((row) => Object.fromEntries([...row.cells].map((cell, at) => [names[at], cell.textContent])));
            }""",
            caption,
        )

    async def obstacles(self) -> list[str]:
        """What axe-core finds of grave faults."""
        from axe_playwright_python.async_playwright import Axe

        found = await Axe().run(self.page)
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')[:300]}"
            for one in found.response["violations"] if one["impact"] in GRAVE
        ]  # fmt: skip

    async def too_wide(self) -> bool:
        """Whether it has to be moved sideways to be read."""
        return bool(await self.page.evaluate("() => document.documentElement.scrollWidth > innerWidth"))

    async def _dialog(self, dialog: Any) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _asked(self, url: str) -> None:
        if not url.startswith((self._home.split("#")[0], "data:", "blob:")):
            self.wrong.append(f"request: {url}")


@asynccontextmanager
async def opened(started: Any, home: str, *, width: int = 1200, dark: bool = False) -> AsyncGenerator[Page, None]:
    """A page of a browser; nothing may have gone wrong in it when the block ends."""
    context = await new_context(
        started, viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
    )
    page = Page(await context.new_page(), home)
    try:
        yield page
        assert page.wrong == []
    finally:
        await context.close()
