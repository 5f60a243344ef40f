"""What the measurements count, at a small size: watches, lists, bytes, messages, allocations; never times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bench.generated import GeneratedCluster
from bench.memory_of_rows import bytes_a_row
from bench.objects import Size
from bench.subscriber import Subscriber, browser_session
from tests.support.whole import Whole, whole_server

SMALL = Size(pods=4_000, namespaces=4, nodes=10)
# One for each namespace, and one of the namespaces themselves.
WATCHES = SMALL.namespaces + 1
PEOPLE = ("alice", "bob")

LISTED_A_ROW = 160
SHOWN_A_ROW = 26
CHANGE_READ = 600
CHANGE_SHOWN = 200
KEPT_A_ROW = 600
CHANGES_A_SECOND = 4
# For what is bound to come; long, so that a slow machine fails nothing.
PATIENCE_S = 60


@pytest.fixture
def cluster() -> GeneratedCluster:
    return GeneratedCluster(SMALL)


@asynccontextmanager
async def serving(folder: Path, cluster: GeneratedCluster, **settings: Any) -> AsyncIterator[Whole]:
    """A server in front of it, for everybody of the provider."""
    async with whole_server(folder, **settings) as whole:
        whole.upstream.handler = cluster.answer
        yield whole


@asynccontextmanager
async def tabs(whole: Whole, *people: str) -> AsyncIterator[list[Subscriber]]:
    """A tab for each, all of whom see all rows; whoever comes twice has one session."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(browser_session())
        cookies: dict[str, str] = {}
        opened = []
        for person in people:
            if person not in cookies:
                browser = await stack.enter_async_context(whole.browser())
                await browser.sign_in(person)
                cookies[person] = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
            tab = await stack.enter_async_context(Subscriber(client, whole.url, cookies[person], keep=True))
            await tab.subscribe()
            await tab.until_synced()
            opened.append(tab)
        yield opened


async def until_told(tab: Subscriber, restarts: int) -> None:
    """Until a tab has heard of a change."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(message["type"] == "changes" and f"'{restarts}'" in str(message) for message in tab.messages):
            await asyncio.sleep(0.01)


async def until_watched(cluster: GeneratedCluster, count: int) -> None:
    """Until so many watches are open."""
    async with asyncio.timeout(PATIENCE_S):
        while len(cluster.watchers) < count:
            await asyncio.sleep(0.01)


async def test_a_list_is_read_once_and_costs_few_bytes_a_row(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster) as whole, tabs(whole, "alice") as (tab,):
        rows = sum(len(message["rows"]) for message in tab.messages if message["type"] == "rows")
        assert rows == SMALL.pods
        assert cluster.counts["lists"] <= WATCHES
        assert cluster.counts["list bytes"] <= LISTED_A_ROW * SMALL.pods
        assert tab.traffic.octets <= SHOWN_A_ROW * SMALL.pods


async def test_a_change_costs_few_bytes_and_one_frame(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster) as whole, tabs(whole, "alice") as (tab,):
        await until_watched(cluster, WATCHES)
        # A watch tells its columns with its first event.
        for row in {row.namespace: row for row in cluster.pods}.values():
            await until_told(tab, cluster.change(row))
        frames, shown, read = tab.traffic.frames, tab.traffic.octets, cluster.counts["watch bytes"]
        await until_told(tab, cluster.change())
        assert tab.traffic.frames == frames + 1
        assert tab.traffic.octets - shown <= CHANGE_SHOWN
        assert cluster.counts["watch bytes"] - read <= CHANGE_READ


async def test_changes_are_told_four_times_a_second_at_most(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster) as whole, tabs(whole, "alice") as (tab,):
        await until_watched(cluster, WATCHES)
        loop = asyncio.get_running_loop()
        frames, begun, restarts = tab.traffic.frames, loop.time(), 0
        for _ in range(100):
            restarts = cluster.change()
            await asyncio.sleep(0.002)
        await until_told(tab, restarts)
        # One comes at once, however the others are gathered.
        assert tab.traffic.frames - frames <= 2 + (loop.time() - begun) * CHANGES_A_SECOND


async def test_all_tabs_of_a_user_read_once(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster) as whole, tabs(whole, *["alice"] * 20) as opened:
        await until_watched(cluster, WATCHES)
        assert len(cluster.watchers) == WATCHES
        assert cluster.counts["lists"] <= WATCHES
        # Whoever is first gets rows in pieces as they come, all others the whole.
        octets = [tab.traffic.octets for tab in opened]
        assert max(octets) <= min(octets) * 1.01


async def test_users_read_on_their_own_unless_they_share(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster) as whole, tabs(whole, *PEOPLE):
        await until_watched(cluster, 2 * WATCHES)
        assert len(cluster.watchers) == 2 * WATCHES


async def test_users_who_share_read_once(tmp_path: Path, cluster: GeneratedCluster) -> None:
    async with serving(tmp_path, cluster, live_sharing="cluster") as whole, tabs(whole, *PEOPLE) as opened:
        await until_watched(cluster, 1)
        assert len(cluster.watchers) <= WATCHES
        assert cluster.counts["lists"] <= WATCHES
        restarts = cluster.change()
        await asyncio.gather(*(until_told(tab, restarts) for tab in opened))


async def test_hundreds_of_namespaces_are_not_hundreds_of_watches(tmp_path: Path) -> None:
    cluster = GeneratedCluster(Size(pods=3_000, namespaces=300, nodes=10))
    async with serving(tmp_path, cluster) as whole, tabs(whole, "alice"):
        assert cluster.counts["lists"] <= 301
        assert cluster.counts["most watches"] <= 2


def test_a_row_takes_little_memory() -> None:
    assert bytes_a_row(Size(pods=5_000, namespaces=20, nodes=20)) <= KEPT_A_ROW
