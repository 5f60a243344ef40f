"""P8: start, memory and the page's size."""

from __future__ import annotations

import asyncio
import gzip
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from bench.browser import browser, looking
from bench.figures import Figure, milliseconds
from bench.sign_in import sign_in
from bench.stages import GeneratedStage, signing_in
from bench.tabs import tabs
from headlamp.web.page import bundled_directory

STARTS, SHORT_STARTS = 15, 5
MANY = 100
MB, KB = 1e6, 1e3
SETTLE_S = 1.0


def measure(stage: GeneratedStage, *, short: bool) -> list[Figure]:
    """The figures. Files are counted as they are served, compressed with gzip's highest level."""
    return [
        *_start(stage, SHORT_STARTS if short else STARTS),
        *_memory(stage),
        *_page(stage),
    ]


def _start(stage: GeneratedStage, times: int) -> Iterator[Figure]:
    taken, cpu = [], []
    for _ in range(times):
        begun = time.perf_counter()
        with signing_in(stage.beside) as target:
            taken.append(time.perf_counter() - begun)
            cpu.append(target.cpu())
    yield Figure("P8", "start to ready", statistics.median(taken), "s", 0.6, more=milliseconds(taken))
    yield Figure("P8", "start to ready: CPU", statistics.median(cpu), "s", more=milliseconds(cpu))


def _memory(stage: GeneratedStage) -> Iterator[Figure]:
    rows = f"{stage.cluster.size.pods:,} pods viewed by"
    with signing_in(stage.beside) as target:
        time.sleep(SETTLE_S)
        yield Figure("P8", "memory, idle", target.resident() / MB, "MB", 65)
        cookies = [asyncio.run(sign_in(target.url, person=f"person-{at}")).cookie for at in range(MANY)]
        for count in (1, MANY):
            with tabs(target.url, cookies[:count], 1):
                time.sleep(SETTLE_S)
                who = f"{count} user{'s' if count > 1 else ''}"
                yield Figure("P8", f"memory, {rows} {who}", target.resident() / MB, "MB")


def _page(stage: GeneratedStage) -> Iterator[Figure]:
    files = [path for path in bundled_directory().rglob("*") if path.is_file() and path.suffix != ".sha256"]
    yield Figure("P8", "page, all files, gzip", sum(map(_packed, files)) / KB, "KB", 300)
    with signing_in(stage.beside) as target:
        loaded = asyncio.run(_loaded(stage, target.url))
    first = [path for path in files if path.name in loaded]
    yield Figure("P8", "page, what a first list loads, gzip", sum(map(_packed, first)) / KB, "KB")


async def _loaded(stage: GeneratedStage, url: str) -> set[str]:
    """Names of the files that a list brings into the browser."""
    cookie = (await sign_in(url)).cookie
    async with (
        browser() as chromium,
        looking(chromium, url, "/c/main/pods", cookie, rows=stage.cluster.size.pods) as view,
    ):
        names = await view.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
        return {name.rpartition("/")[2] for name in names} | {"index.html"}


def _packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9))
