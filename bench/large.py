"""P10: fifty thousand pods in five hundred namespaces on two thousand nodes, which are generated."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys

from bench.browser import browser, looking
from bench.figures import Figure, milliseconds
from bench.programs import Server
from bench.sign_in import sign_in
from bench.stages import GeneratedStage, signing_in
from bench.subscriber import Subscriber, browser_session

ROUNDS, SHORT_ROUNDS = 10, 3
FIRST_S, BYTES_A_ROW = 1.5, 600
MB = 1e6
SETTLE_S = 2.0


def measure(stage: GeneratedStage, *, short: bool) -> list[Figure]:
    """The figures. Whoever looks in a round is somebody else, so that nothing is shared with an earlier one."""
    size = stage.cluster.size
    with signing_in(stage.beside) as target:
        memory, searched = (octets / size.pods for octets in asyncio.run(_resident(target)))
        before = asyncio.run(stage.cluster.counts())
        asyncio.run(_rows(target, "person-1"))
        after = asyncio.run(stage.cluster.counts())
        first, complete, rows = asyncio.run(_pages(target, SHORT_ROUNDS if short else ROUNDS, size.pods))
    lists = f"{after['lists'] - before['lists']} lists, {after['watches'] - before['watches']} watches"
    listed = (after["list bytes"] - before["list bytes"]) / MB
    return [
        Figure("P10", "first rows", statistics.median(first), "s", FIRST_S, more=milliseconds(first)),
        Figure("P10", "all that the page asks for", statistics.median(complete), "s", more=milliseconds(complete)),
        Figure("P10", "subscription to synced", statistics.median(rows), "s", more=milliseconds(rows)),
        Figure("P10", "read from the API server", listed, "MB", more=lists),
        Figure("P10", "server, resident memory a row", memory, "B", BYTES_A_ROW),
        Figure("P10", "… while somebody searches and sorts", searched, "B", BYTES_A_ROW),
        Figure("P10", "server, a row as Python counts", _traced(), "B"),
    ]


async def _resident(target: Server) -> tuple[float, float]:
    """Bytes that the server takes more, once somebody looks at all rows and everything else is in use anyway.

    And then while the same person has searched for words and sorted by names and by ages.
    """
    cookie = (await sign_in(target.url)).cookie
    async with browser_session() as client:
        async with Subscriber(client, target.url, cookie) as warm:
            await warm.subscribe(namespaces=["space-000"])
            await warm.until_synced()
        await asyncio.sleep(SETTLE_S)
        before = target.resident()
        async with Subscriber(client, target.url, cookie) as tab:
            await tab.subscribe()
            await tab.until_synced()
            await asyncio.sleep(SETTLE_S)
            looked = target.resident() - before
            for sort in ("Name", "Age"):
                await tab.show(sort=sort)
                await tab.show(filter="cart")
                await tab.show(filter="")
            await asyncio.sleep(SETTLE_S)
            return looked, target.resident() - before


async def _rows(target: Server, person: str) -> float:
    cookie = (await sign_in(target.url, person=person)).cookie
    async with browser_session() as client, Subscriber(client, target.url, cookie) as tab:
        await tab.subscribe()
        return await tab.until_synced()


async def _pages(target: Server, rounds: int, count: int) -> tuple[list[float], list[float], list[float]]:
    first, complete, rows = [], [], []
    async with browser() as chromium:
        for at in range(rounds):
            cookie = (await sign_in(target.url, person=f"person-{2 * at + 2}")).cookie
            async with looking(chromium, target.url, "/c/main/pods", cookie, rows=count) as view:
                seen = await view.seen()
                first.append(seen["first"] / 1000)
                complete.append(seen["complete"] / 1000)
            rows.append(await _rows(target, f"person-{2 * at + 3}"))
    return first, complete, rows


def _traced() -> float:
    """In a process of its own, where nothing else allocates."""
    command = [sys.executable, "-m", "bench.memory_of_rows"]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)
