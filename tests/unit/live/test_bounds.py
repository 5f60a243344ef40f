"""What many viewers, and viewers who don't read, cost: messages made once, memory and openings bounded."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter
from dataclasses import replace
from secrets import token_hex
from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until

from headlamp.live import topic
from headlamp.live.connection import serve_live
from headlamp.live.frames import Payload
from headlamp.live.hub import Hub
from headlamp.live.protocol import Changes, Columns, Rows
from headlamp.live.quotas import MAX_CONNECTIONS, MAX_SUBSCRIPTIONS
from headlamp.problems import Problem

ROWS = 3000
SUBSCRIBE = (
    '{"type":"subscribe","id":1,"cluster":"demo","namespaces":["a"],'
    '"resource":{"group":"","version":"v1","plural":"pods","namespaced":true}}'
)


class Silent:
    """A channel whose reader takes the first message and no other."""

    def __init__(self, said: list[str]) -> None:
        self.said = said
        self.gone = asyncio.Event()
        self.greeted = False

    def post(self, frame: str | bytes) -> bool:
        if self.greeted:
            return False
        self.greeted = True
        return True

    async def send(self, frame: str | bytes) -> None:
        await self.gone.wait()

    async def receive(self) -> str | None:
        if self.said:
            return self.said.pop()
        await self.gone.wait()
        return None

    async def close(self, code: int, reason: str) -> None:
        return


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Counter[type]:
    """How many messages of each type topics have encoded."""
    counts: Counter[type] = Counter()

    class Counting(Payload):
        def __init__(self, message: Any) -> None:
            counts[type(message)] += 1
            super().__init__(message)

    monkeypatch.setattr(topic, "Payload", Counting)
    return counts


async def test_a_change_is_encoded_once_for_two_hundred_viewers(
    api: FakeApiServer, hub: Hub, encoded: Counter[type]
) -> None:
    viewers = [FakeViewer(api) for _ in range(4)]
    pages = [Page().connect(viewers[number % 4], hub) for number in range(200)]
    views = [page.subscribe(number % 7 + 1, namespaces=["a"]) for number, page in enumerate(pages)]
    await until(lambda: all(view.state == "live" for view in views))
    assert encoded[Columns] == encoded[Rows] == 1
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: all("a/new" in view.rows for view in views))
    assert encoded[Changes] == 1
    assert encoded[Rows] == 1
    await asyncio.gather(*(page.disconnect() for page in pages))


async def test_who_comes_while_rows_change_gets_the_rows_that_were_encoded_before(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page, encoded: Counter[type]
) -> None:
    for number in range(ROWS):
        api.put("pods", "a", f"x{number:04}", token_hex(20), "0", "5m")
    first = page.subscribe(1, namespaces=["a"])
    await until(lambda: first.state == "live")
    made = encoded[Rows]
    for number in range(2, 42):
        api.put("pods", "a", f"x{number:04}", f"S{number}", "0", "5m")
        api.delete("pods", "a", f"x{number + 100:04}")
        await until(lambda: first.statuses() == api.keys("pods", "a"))
        late = page.subscribe(number, namespaces=["a"])
        await until(lambda view=late: view.state == "live")  # type: ignore[misc]
        assert late.rows == first.rows
    assert encoded[Rows] == made
    assert encoded[Changes] == 40


async def test_what_has_changed_since_does_not_outgrow_the_rows(
    api: FakeApiServer, hub: Hub, page: Page, encoded: Counter[type]
) -> None:
    first = page.subscribe(1, namespaces=["a"])
    await until(lambda: first.state == "live")
    for number in range(300):
        api.put("pods", "a", "p0", f"S{number}", "0", "5m")
        await until(lambda: first.statuses() == api.keys("pods", "a"))
    messages = len(page.messages)
    late = page.subscribe(2, namespaces=["a"])
    await until(lambda: late.state == "live")
    assert late.rows == first.rows
    assert len(page.messages) - messages < 80


async def test_c5_a_thousand_slow_readers_hold_few_snapshots(api: FakeApiServer) -> None:
    """They come while rows change, and each stops at the first of what it is sent."""
    hub = Hub(timing=replace(FAST, send=60, batch=0.002), random=lambda: 0.5)
    for number in range(ROWS):
        api.put("pods", "a", f"a-pod-with-a-long-name-{number:04}", token_hex(20), "0", "5m")
    watcher = Page().connect(FakeViewer(api), hub)
    view = watcher.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    snapshot = sum(len(frame) for frame in watcher.frames)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    viewers = [FakeViewer(api) for _ in range(10)]
    channels: list[Silent] = []
    tasks: list[asyncio.Task[None]] = []
    for turn in range(50):
        for viewer in viewers:
            channels += [Silent([SUBSCRIBE]), Silent([SUBSCRIBE])]
            tasks += [asyncio.create_task(serve_live(channel, viewer, hub)) for channel in channels[-2:]]
        for number in range(2):
            api.put("pods", "a", f"a-pod-with-a-long-name-{turn:04}", f"Changed{number}", "0", "5m")
            await until(lambda: view.statuses() == api.keys("pods", "a"))
    (read,) = hub
    await until(lambda: len(read.subscriptions) == 1001)
    watcher.messages.clear()
    watcher.frames.clear()
    gc.collect()
    held = sum(made.size for made in gc.get_objects() if isinstance(made, Payload))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert snapshot > 80_000
    assert held < 4 * snapshot
    assert grown < 4 * snapshot + 1000 * 20_000
    for channel in channels:
        channel.gone.set()
    await asyncio.gather(*tasks)
    await watcher.disconnect()
    await hub.close()


async def test_c5_a_session_has_a_thousand_subscriptions_in_all_its_tabs(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub
) -> None:
    tabs = [Page().connect(viewer, hub) for _ in range(10)]
    for page in tabs:
        for number in range(1, MAX_SUBSCRIPTIONS // 10 + 1):
            page.subscribe(number, namespaces=["a"])
    await until(lambda: all(view.synced for page in tabs for view in page.views.values()))
    refused = tabs[0].subscribe(5000, namespaces=["a"])
    await until(lambda: bool(refused.errors))
    assert refused.errors[0]["code"] == "live.too_many_subscriptions"
    other = Page().connect(FakeViewer(api, FakeCredential("bob")), hub)
    another = other.subscribe(1, namespaces=["a"])
    await until(lambda: bool(another.synced))
    # What a tab leaves is another's.
    await tabs[1].disconnect()
    tabs[2].say({"type": "unsubscribe", "id": 1})
    again = tabs[0].subscribe(5001, namespaces=["a"])
    await until(lambda: bool(again.synced))
    await asyncio.gather(*(page.disconnect() for page in (*tabs, other) if page.closed is None))
    assert len(hub.quotas) == 0


async def test_c5_refused_subscriptions_don_t_count(viewer: FakeViewer, hub: Hub, page: Page) -> None:
    viewer.problem = BadCluster()
    for number in range(1, MAX_SUBSCRIPTIONS + 10):
        page.subscribe(number, namespaces=["a"])
        await until(lambda view=page.views[number]: bool(view.errors))  # type: ignore[misc]
    viewer.problem = None
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    assert all(one.errors[0]["code"] == "cluster.bad" for one in page.views.values() if one is not view)


class BadCluster(Problem):
    code = "cluster.bad"


async def test_c5_a_session_has_a_hundred_connections(viewer: FakeViewer, hub: Hub) -> None:
    tabs = [Page().connect(viewer, hub) for _ in range(MAX_CONNECTIONS)]
    await until(lambda: all(page.messages for page in tabs))
    refused = Page().connect(viewer, hub)
    await refused.served()
    assert [message["type"] for message in refused.messages] == ["hello", "error"]
    assert refused.messages[1]["code"] == "live.too_many_connections"
    assert refused.closed == (4429, "live.too_many_connections")
    await tabs[0].disconnect()
    again = Page().connect(viewer, hub)
    view = again.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    await asyncio.gather(*(page.disconnect() for page in (*tabs[1:], again)))
    assert len(hub.quotas) == 0


async def test_nothing_is_left_of_those_who_went(api: FakeApiServer, hub: Hub) -> None:
    for turn in range(3):
        pages = [Page().connect(FakeViewer(api, FakeCredential(f"s{turn}{number}")), hub) for number in range(5)]
        views = [page.subscribe(1, namespaces=["a"]) for page in pages]
        await until(lambda shown=views: all(view.synced for view in shown))  # type: ignore[misc]
        await asyncio.gather(*(page.disconnect() for page in pages))
    await until(lambda: len(hub) == 0 and not api.watches)
    seating = hub._seating
    books = (hub.endings, hub._seats, hub._lingering, seating._of, seating._seats, seating._learning)
    await until(lambda: not any(len(each) for each in (*books, hub._companies._asking)))
