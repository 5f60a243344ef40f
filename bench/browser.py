"""A real browser that looks at the page, with nothing in its cache, and what it saw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, CDPSession, Page, async_playwright
from tests.conftest import chromium
from tests.support.chromium import FLAGS

PROBE = Path(__file__).with_name("probe.js").read_text()
LOOK_EVERY_S = 0.05
BEFORE = "/healthz"


@dataclass(frozen=True)
class View:
    """A page that is open."""

    page: Page
    devtools: CDPSession

    async def seen(self) -> dict[str, Any]:
        """What the probe noted: `first` and `complete` in ms since navigation, `changes`, `blocked`."""
        noted: dict[str, Any] = await self.page.evaluate("({ ...bench, painted: null, rows: null })")
        return noted

    async def until(self, expression: str, within: float = 60.0) -> None:
        """Wait for something to be true in the page; looked for rarely, so that looking costs nothing."""
        give_up = time.monotonic() + within
        while not await self.page.evaluate(expression):
            if time.monotonic() > give_up:
                raise TimeoutError(expression)
            await asyncio.sleep(LOOK_EVERY_S)

    async def busy(self) -> float:
        """CPU seconds of the page's main thread: what other programs take of a core does not count."""
        metrics = (await self.devtools.send("Performance.getMetrics"))["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    async def heap(self) -> float:
        """Bytes of JavaScript's heap that are in use after a collection."""
        await self.devtools.send("HeapProfiler.collectGarbage")
        return float((await self.devtools.send("Runtime.getHeapUsage"))["usedSize"])

    async def keys(self) -> list[tuple[str, str]]:
        """Namespaces and names of the rows that are wholly in view."""
        found: list[str] = await self.page.evaluate(
            """() => {
              const box = (element) => element.getBoundingClientRect();
              const grid = document.querySelector("[role=grid]"), head = box(grid.querySelector("[role=row]")).bottom;
              const inside = (row) => box(row).top >= head && box(row).bottom < box(grid).bottom;
              return [...grid.querySelectorAll("[data-key]")].filter(inside).map((row) => row.dataset.key);
            }"""
        )
        return [(key.partition("/")[0], key.partition("/")[2]) for key in found]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started and warm; what is opened in it is new each time."""
    async with async_playwright() as running:
        launched = await running.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def looking(browser: Browser, url: str, path: str, cookie: str, *, rows: int) -> AsyncIterator[View]:
    """Open `path` with an empty cache, as whoever the session cookie is of; ready when `rows` are there.

    The browser was at the server before, at an address without a page, as whoever comes from a sign-in was: it has a
    process for the site, and nothing of the page.
    """
    name, _, value = cookie.partition("=")
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        page = await context.new_page()
        await page.goto(url + BEFORE)
        await page.add_init_script(PROBE + f"bench.expected = {rows};")
        devtools = await context.new_cdp_session(page)
        await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        await page.goto(url + path, wait_until="commit")
        view = View(page, devtools)
        await view.until("bench.complete > 0")
        yield view
    finally:
        await context.close()
