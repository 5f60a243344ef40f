"""P9: the page's memory, long tasks while a hundred rows change a second, and frames dropped while scrolling."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

from bench.browser import View, browser, looking
from bench.figures import Figure
from bench.sign_in import sign_in
from bench.stages import GeneratedStage, signing_in

CHANGES_A_SECOND = 100
SECONDS, SHORT_SECONDS = 60, 20
SCROLLED_S, SHORT_SCROLLED_S = 15.0, 5.0
LONG_TASK_MS = 50
MB = 1e6
SETTLE_S = 2.0
# Scrolls by what a wheel does in a frame, and notes when each frame was begun. A frame that comes later than one and a
# half times the pace has dropped those that should have been before it.
SCROLL = """(seconds) => new Promise((done) => {
  const grid = document.querySelector("[role=grid]");
  const frames = [];
  const end = performance.now() + seconds * 1000;
  let step = 90;
  const next = (at) => {
    frames.push(at);
    if (at > end) return done(frames);
    if (grid.scrollTop + grid.clientHeight >= grid.scrollHeight - 1) step = -90;
    if (grid.scrollTop <= 0) step = 90;
    grid.scrollBy(0, step);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""


def measure(stage: GeneratedStage, *, short: bool) -> list[Figure]:
    """The figures."""
    with signing_in(stage.beside) as target:
        return asyncio.run(_measure(stage, target.url, short))


async def _measure(stage: GeneratedStage, url: str, short: bool) -> list[Figure]:
    seconds = SHORT_SECONDS if short else SECONDS
    cookie = (await sign_in(url)).cookie
    async with (
        browser() as chromium,
        looking(chromium, url, "/c/main/pods?sort=Name", cookie, rows=stage.cluster.size.pods) as view,
    ):
        await asyncio.sleep(SETTLE_S)
        heap = await view.heap() / MB
        await view.page.evaluate("bench.blocked.length = 0")
        before = await view.busy()
        await stage.cluster.churn(CHANGES_A_SECOND, seconds)
        busy = (await view.busy() - before) / seconds * 100
        tasks = [taken for _, taken in (await view.seen())["blocked"]]
        before = await view.busy()
        scrolled = await _scroll(view, SHORT_SCROLLED_S if short else SCROLLED_S)
        work = (await view.busy() - before) / len(scrolled) * 1000
    return list(_figures(heap, tasks, busy, scrolled, work, seconds))


async def _scroll(view: View, seconds: float) -> list[float]:
    """Milliseconds between one frame and the next."""
    frames: list[float] = await view.page.evaluate(SCROLL, seconds)
    return [later - earlier for earlier, later in itertools.pairwise(frames)]


def _figures(
    heap: float, tasks: list[float], busy: float, frames: list[float], work: float, seconds: int
) -> Iterator[Figure]:
    yield Figure("P9", "JavaScript heap, 10,000 rows", heap, "MB", 60)
    longest = f"the longest {max(tasks):.0f} ms" if tasks else ""
    what = f"tasks over {LONG_TASK_MS} ms in {seconds} s at {CHANGES_A_SECOND} changes/s"
    yield Figure("P9", what, len(tasks), "", 0, more=longest)
    yield Figure("P9", f"main thread at {CHANGES_A_SECOND} changes/s", busy, "% of a core")
    pace = sorted(frames)[len(frames) // 2]
    dropped = sum(round(taken / pace) - 1 for taken in frames if taken > 1.5 * pace)
    share = dropped / (dropped + len(frames)) * 100
    yield Figure("P9", "frames dropped while scrolling", share, "%", 1, more=f"one frame is {pace:.1f} ms")
    yield Figure("P9", "main thread's CPU for a frame while scrolling", work, "ms")
