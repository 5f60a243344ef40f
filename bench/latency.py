"""P6: from a change in a real cluster to the pixel that shows it, and how busy the page's main thread is meanwhile.

A change is a pod whose restarts are counted up. Its time begins before the API server is asked to write it, and ends
in the first task after the frame that shows the new number. Most changes are to pods that nobody sees; up to four a
second are to rows in view.
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections.abc import Iterator, Sequence

from bench.browser import View, browser, looking
from bench.figures import Figure
from bench.restarts import Restarts, restarts
from bench.sign_in import percentile, sign_in
from bench.stages import RealStage, signing_in

RATES = (1, 20, 100)
SECONDS, SHORT_SECONDS = 60, 15
MOST_IN_VIEW = 4.0
# The order of the list does not depend on what changes, so rows stay in view.
PATH = "/c/main/pods?sort=Name"
P99_MS, BUSY = 400.0, 20.0
SETTLE_S = 1.5


def measure(stage: RealStage, *, short: bool) -> list[Figure]:
    """The figures, at each rate."""
    with signing_in(stage.beside) as target:
        return asyncio.run(_measure(stage, target.url, SHORT_SECONDS if short else SECONDS))


async def _measure(stage: RealStage, url: str, seconds: int) -> list[Figure]:
    figures: list[Figure] = []
    cookie = (await sign_in(url)).cookie
    async with (
        browser() as chromium,
        restarts(stage.cluster) as writer,
        looking(chromium, url, PATH, cookie, rows=stage.cluster.size.pods) as view,
    ):
        await asyncio.sleep(SETTLE_S)
        for rate in RATES:
            before = await view.busy()
            await _change(view, writer, rate, seconds)
            busy = (await view.busy() - before) / seconds * 100
            await asyncio.sleep(SETTLE_S)
            figures += _figures(rate, await _delays(view, writer), busy)
    return figures


async def _change(view: View, writer: Restarts, rate: float, seconds: float) -> None:
    in_view = min(rate, MOST_IN_VIEW)
    keys, chance = await view.keys(), random.Random(rate)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with asyncio.TaskGroup() as group:
        group.create_task(writer.churn(rate - in_view, seconds))
        for at in range(int(in_view * seconds)):
            # Not in step with the moments at which changes are gathered and sent.
            due = begun + (at + chance.random()) / in_view
            await asyncio.sleep(max(0.0, due - loop.time()))
            group.create_task(writer.change(*chance.choice(keys)))


async def _delays(view: View, writer: Restarts) -> list[float]:
    """Seconds of each change that was seen; a row that changed twice in one frame shows the second one only."""
    noted = await view.page.evaluate("bench.changes.splice(0)")
    return [at - writer.at[restarts] for restarts, at in noted if restarts in writer.at]


def _figures(rate: int, delays: Sequence[float], busy: float) -> Iterator[Figure]:
    each = f"{rate} change{'s' if rate > 1 else ''}/s"
    p50, p99 = statistics.median(delays) * 1000, percentile(delays, 0.99) * 1000
    yield Figure("P6", f"{each}: p50", p50, "ms")
    yield Figure(
        "P6",
        f"{each}: p99",
        p99,
        "ms",
        P99_MS,
        more=f"{len(delays)} changes seen, the latest {max(delays) * 1000:.0f} ms",
    )
    yield Figure("P6", f"{each}: main thread busy", busy, "%", BUSY if rate == RATES[-1] else None)
