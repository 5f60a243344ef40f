"""One reading for all viewers who want the same as the same user; each of them served as fast as they read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until

from headlamp.live.hub import Hub
from headlamp.live.lingering import MOST
from headlamp.live.subscription import QUEUED_MESSAGES


async def test_viewers_of_the_same_user_share_one_watch(api: FakeApiServer, viewer: FakeViewer, hub: Hub) -> None:
    pages = [Page().connect(viewer, hub) for _ in range(5)]
    views = [page.subscribe(number + 1, namespaces=["a"]) for number, page in enumerate(pages)]
    await until(lambda: bool(api.watches) and all(view.synced for view in views))
    assert len(api.watches) == 1
    assert len(api.requests) == 2
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: all("a/new" in view.rows for view in views))
    for page in pages:
        await page.disconnect()


async def test_another_order_of_namespaces_is_the_same_reading(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    first = page.subscribe(1, namespaces=["a", "b"])
    second = page.subscribe(2, namespaces=["b", "a", "b"])
    await until(lambda: bool(first.synced and second.synced))
    assert len(hub) == 1


async def test_a_viewer_who_comes_later_gets_all_rows_from_memory(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    first = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(api.watches and first.synced))
    requests = len(api.requests)
    second = page.subscribe(2, namespaces=["a"])
    await until(lambda: bool(second.synced))
    assert second.rows == first.rows
    assert second.state == "live"
    assert len(api.requests) == requests


async def test_what_two_users_read_each_for_themselves_is_in_memory_once(api: FakeApiServer, hub: Hub) -> None:
    pages = [Page().connect(FakeViewer(api, FakeCredential(who)), hub) for who in ("ann", "bob")]
    for page in pages:
        view = page.subscribe(1, namespaces=["a"])
        await until(lambda view=view: bool(view.synced))  # type: ignore[misc]
    anns, bobs = ({(namespace, name): id(cells) for namespace, name, cells in topic.table} for topic in hub)
    assert anns == bobs
    for page in pages:
        await page.disconnect()


async def test_a_viewer_who_comes_while_rows_arrive_gets_each_once(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    for number in range(5000):
        api.put("pods", "big", f"x{number:04}", "Running", "0", "5m")
    first = page.subscribe(1, namespaces=["big"])
    await until(lambda: bool(first.rows))
    second = page.subscribe(2, namespaces=["big"])
    await until(lambda: bool(first.synced and second.synced))
    assert first.rows == second.rows
    assert len(second.rows) == 5000


async def test_a_reading_outlives_its_last_viewer_a_little(api: FakeApiServer, viewer: FakeViewer) -> None:
    hub = Hub(timing=replace(FAST, linger=600.0), random=lambda: 0.5)
    page = Page().connect(viewer, hub)
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    page.say({"type": "unsubscribe", "id": 1})
    again = page.subscribe(2, namespaces=["a"])
    await until(lambda: bool(api.watches and again.synced))
    assert len(api.requests) == 2
    await page.disconnect()
    await hub.close()


async def test_a_reading_ends_a_little_after_its_last_viewer_has_gone(api: FakeApiServer, hub: Hub, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(api.watches and view.synced))
    page.say({"type": "unsubscribe", "id": 1})
    await until(lambda: len(hub) == 0 and not api.watches)


async def test_changes_are_gathered(api: FakeApiServer, viewer: FakeViewer) -> None:
    hub = Hub(timing=replace(FAST, batch=0.2))
    page = Page().connect(viewer, hub)
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(100):
        api.put("pods", "a", f"p{number % 5}", f"S{number}", "0", "5m")
        await asyncio.sleep(0.001)
    await until(lambda: view.statuses() == api.keys("pods", "a"))
    # The first goes out at once.
    assert view.changes <= 2 + (loop.time() - began) / hub.timing.batch
    await page.disconnect()
    await hub.close()


async def test_c5_a_slow_reader_gets_a_snapshot_instead_of_a_queue(api: FakeApiServer, viewer: FakeViewer) -> None:
    hub = Hub(timing=FAST)
    slow, quick = Page().connect(viewer, hub), Page().connect(viewer, hub)
    views = [slow.subscribe(1, namespaces=["a"]), quick.subscribe(1, namespaces=["a"])]
    await until(lambda: all(view.state == "live" for view in views))
    slow.stuck = asyncio.Event()
    for number in range(3 * QUEUED_MESSAGES):
        api.put("pods", "a", "p0", f"S{number}", "0", "5m")
        await until(lambda: views[1].statuses() == api.keys("pods", "a"))
    held = [len(subscription._queue) for topic in hub for subscription in topic.subscriptions]
    assert max(held) <= QUEUED_MESSAGES
    slow.stuck.set()
    await until(lambda: views[0].statuses() == api.keys("pods", "a") and len(views[0].synced) == 2)
    assert views[0].resets == 2
    assert views[1].resets == 1
    await slow.disconnect()
    await quick.disconnect()
    await hub.close()


async def test_c5_a_reader_who_takes_nothing_at_all_is_let_go(viewer: FakeViewer) -> None:
    hub = Hub(timing=replace(FAST, send=0.05), random=lambda: 0.5)
    page = Page()
    page.stuck = asyncio.Event()
    page.connect(viewer, hub)
    await page.served()
    assert page.closed == (4408, "live.too_slow")
    await hub.close()


async def test_many_changes_at_once_come_as_a_snapshot(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    for number in range(1500):
        api.put("pods", "a", f"x{number}", "Running", "0", "0s")
    await until(lambda: view.statuses() == api.keys("pods", "a"))
    assert view.resets == 2


async def test_hundreds_of_rows_go_compressed_and_few_as_text(api: FakeApiServer, page: Page) -> None:
    for number in range(500):
        api.put("pods", "a", f"x{number}", "Running", "0", "5m")
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    assert sum(isinstance(frame, bytes) for frame in page.frames) == 1
    assert isinstance(page.frames[0], str)


async def test_few_readings_of_one_session_outlive_their_last_viewer(api: FakeApiServer, viewer: FakeViewer) -> None:
    hub = Hub(timing=replace(FAST, linger=600.0))
    page, other = Page().connect(viewer, hub), Page().connect(FakeViewer(api, FakeCredential("bob")), hub)
    kept = other.subscribe(1, namespaces=["a"])
    await until(lambda: bool(kept.synced))
    await other.disconnect()
    for number in range(1, 3 * MOST):
        view = page.subscribe(number, namespaces=["a"], label_selector=f"a={number}")
        await until(lambda shown=view: bool(shown.synced))  # type: ignore[misc]
        page.say({"type": "unsubscribe", "id": number})
    await until(lambda: len(hub) == len(hub._lingering) == len(api.watches) == MOST + 1)
    # The youngest are kept, and those of others.
    selectors = {topic.selection.label_selector for topic in hub}
    assert selectors == {"", *(f"a={number}" for number in range(2 * MOST, 3 * MOST))}
    requests = len(api.requests)
    again = page.subscribe(1000, namespaces=["a"], label_selector=f"a={3 * MOST - 1}")
    await until(lambda: again.state == "live")
    assert len(api.requests) == requests
    await page.disconnect()
    await hub.close()
    assert not api.watches
