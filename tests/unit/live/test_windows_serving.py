"""Of a long list a viewer is sent what is in sight: when that is so, what comes, and what it costs."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, until
from tests.unit.live.window_page import WindowPage, WindowView

from headlamp.live import window as window_module
from headlamp.live.frames import Payload
from headlamp.live.hub import Hub
from headlamp.live.protocol import Window

PATIENCE_S = 60.0
WINDOW_FROM = 8
"""The fixture `api` has nine pods, three in each of three namespaces."""


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub(timing=FAST, random=lambda: 0.5, window_from=WINDOW_FROM)
    yield made
    await made.close()


@pytest.fixture
async def page(viewer: FakeViewer, hub: Hub) -> AsyncIterator[WindowPage]:
    made = WindowPage()
    made.connect(viewer, hub)
    yield made
    await made.disconnect()


def more_windows(view: WindowView, than: int) -> bool:
    return view.windows > than


def answered_with(view: WindowView, number: int) -> bool:
    return view.answered == number


def last_window(page: WindowPage) -> dict[str, Any]:
    return [message for message in page.messages if message["type"] == "window"][-1]


async def complete(view: WindowView) -> WindowView:
    await until(lambda: view.state == "live" and bool(view.synced))
    return view


async def test_of_a_long_list_only_what_is_in_sight_is_sent(page: WindowPage) -> None:
    view = await complete(page.watch(count=4))
    assert view.in_sight is not None
    assert view.names == ["a/p0", "b/p0", "c/p0", "a/p1"]
    assert (view.in_sight.total, view.in_sight.matching) == (9, 9)
    assert view.synced[-1]["count"] == 9
    assert view.switches[-1] == "window"


async def test_a_short_list_is_sent_whole(page: WindowPage) -> None:
    view = await complete(page.watch(namespaces=["a", "b"], filter="p0"))
    assert view.in_sight is None
    assert len(view.rows) == 6


async def test_without_a_view_all_rows_are_sent(page: WindowPage, hub: Hub) -> None:
    windowed, whole = page.watch(1), page.subscribe(2)
    await complete(windowed)
    await until(lambda: bool(whole.synced))
    assert len(whole.rows) == 9
    assert len(hub) == 1


async def test_a_view_that_comes_later_begins_the_window(page: WindowPage) -> None:
    view = page.subscribe(1)
    assert isinstance(view, WindowView)
    await until(lambda: bool(view.synced))
    assert len(view.rows) == 9
    page.look(3, count=2)
    await until(lambda: view.answered == 3)
    assert view.names == ["a/p0", "b/p0"]
    await until(lambda: len(view.synced) == 2)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"filter": "ns:b"}, ["b/p0", "b/p1", "b/p2"]),
        ({"filter": "ns:b -name:p1"}, ["b/p0", "b/p2"]),
        ({"descending": True, "count": 2}, ["a/p2", "b/p2"]),
        ({"sort": "@namespace", "count": 3}, ["a/p0", "a/p1", "a/p2"]),
        ({"first": 7, "count": 2}, ["b/p2", "c/p2"]),
        ({"first": 5000, "count": 2}, ["b/p2", "c/p2"]),
        ({"filter": "nothing is called so"}, []),
    ],
)
async def test_another_view_is_answered_with_its_number(
    page: WindowPage, asked: dict[str, Any], names: list[str]
) -> None:
    view = await complete(page.watch())
    page.look(2, **asked)
    await until(lambda: view.answered == 2)
    assert view.names == names


async def test_the_same_view_with_another_number_is_answered_all_the_same(page: WindowPage) -> None:
    view = await complete(page.watch())
    windows = view.windows
    page.look(2)
    await until(lambda: view.answered == 2)
    assert view.windows == windows + 1
    message = last_window(page)
    assert (message["set"], message["order"], message["facets"]) == ([], None, None)


async def test_what_is_not_understood_of_a_filter_is_told(page: WindowPage) -> None:
    view = await complete(page.watch(filter="colour:red"))
    assert view.in_sight is not None
    assert "There is no column “colour”" in view.in_sight.problem
    assert view.names == []


async def test_statuses_are_counted_without_the_filter_on_them(api: FakeApiServer, page: WindowPage) -> None:
    api.put("pods", "a", "p0", "Failed", "0", "5m")
    view = await complete(page.watch(filter="ns:a status:failed"))
    assert view.in_sight is not None
    assert view.names == ["a/p0"]
    assert view.in_sight.facets == [
        {"value": "Running", "count": 2, "tone": "ok"},
        {"value": "Failed", "count": 1, "tone": "err"},
    ]


async def test_a_change_in_sight_is_sent_alone(api: FakeApiServer, page: WindowPage) -> None:
    view = await complete(page.watch())
    api.put("pods", "b", "p0", "Running", "7", "5m")
    await until(lambda: view.in_sight is not None and view.in_sight.rows["b/p0"][2] == "7")
    message = last_window(page)
    assert [cells[0] for _, cells in message["set"]] == ["p0"]
    assert message["order"] is None


async def test_of_a_change_out_of_sight_nothing_is_sent(api: FakeApiServer, page: WindowPage) -> None:
    view = await complete(page.watch())
    windows = view.windows
    api.put("pods", "c", "p2", "Running", "7", "5m")
    api.put("pods", "c", "p2", "Failed", "7", "5m")
    await until(lambda: view.windows > windows)
    message = last_window(page)
    assert (message["set"], message["order"]) == ([], None)
    assert {facet["value"] for facet in message["facets"]} == {"Running", "Failed"}
    windows = view.windows
    api.put("pods", "c", "p2", "Failed", "8", "5m")
    api.put("pods", "b", "p0", "Running", "8", "5m")
    await until(lambda: view.in_sight is not None and view.in_sight.rows["b/p0"][2] == "8")
    assert [(namespace, cells[0]) for namespace, cells in last_window(page)["set"]] == [("b", "p0")]


async def test_rows_move_up_when_one_goes(api: FakeApiServer, page: WindowPage) -> None:
    view = await complete(page.watch())
    for namespace in "ab":
        api.delete("pods", namespace, "p0")
    api.put("pods", "d", "new", "Running", "0", "5m")
    await until(lambda: view.names == ["c/p0", "a/p1", "b/p1", "c/p1"])
    assert view.switches == ["window"]


async def test_a_list_that_grows_long_goes_over_to_windows_and_back(api: FakeApiServer, page: WindowPage) -> None:
    view = await complete(page.watch(namespaces=["a", "b"]))
    for number in range(3, 6):
        api.put("pods", "a", f"p{number}", "Running", "0", "5m")
    await until(lambda: view.in_sight is not None and len(view.synced) == 2)
    assert view.in_sight is not None
    assert view.in_sight.total == 9
    assert not view.rows
    for number in range(3, 5):
        api.delete("pods", "a", f"p{number}")
    await until(lambda: view.in_sight is not None and view.in_sight.total == 7)
    api.delete("pods", "a", "p5")
    await until(lambda: len(view.synced) == 3)
    assert view.in_sight is None
    assert sorted(view.rows) == ["a/p0", "a/p1", "a/p2", "b/p0", "b/p1", "b/p2"]
    assert view.switches == ["rows", "window", "rows"]


async def test_a_reading_that_begins_again_is_not_sent_whole_in_between(api: FakeApiServer, page: WindowPage) -> None:
    view = await complete(page.watch(count=2))
    columns = [*api.columns["pods"], ("Node", "string", "")]
    api.columns["pods"] = columns
    for namespace in "abc":
        for number in range(3):
            api.put("pods", namespace, f"p{number}", "Running", "0", "5m", "node-1")
    await until(lambda: "Node" in view.columns and len(view.synced) >= 2 and view.in_sight is not None)
    await until(lambda: view.names == ["a/p0", "b/p0"])
    assert "rows" not in view.switches


async def test_a_slow_reader_is_sent_the_newest_only(api: FakeApiServer, viewer: FakeViewer, hub: Hub) -> None:
    page, watcher = WindowPage(), WindowPage()
    for tab in (page, watcher):
        tab.connect(viewer, hub)
    view, other = await complete(page.watch()), await complete(watcher.watch())
    windows = view.windows
    page.stuck = asyncio.Event()
    for number in range(1, 20):
        api.put("pods", "a", "p0", "Running", str(number), "5m")
        seen = other.windows
        await until(partial(more_windows, other, seen))
    page.stuck.set()
    await until(lambda: view.in_sight is not None and view.in_sight.rows["a/p0"][2] == "19")
    # One may have been on its way already.
    assert view.windows <= windows + 2
    for tab in (page, watcher):
        await tab.disconnect()


async def test_a_message_is_encoded_once_for_a_thousand_viewers_of_one_window(
    api: FakeApiServer, page: WindowPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Window] = []

    def counted(message: Any) -> Payload:
        if isinstance(message, Window):
            encoded.append(message)
        return Payload(message)

    views = [page.watch(number) for number in range(1, 1001)]
    await until(lambda: all(view.synced for view in views), PATIENCE_S)
    monkeypatch.setattr(window_module, "Payload", counted)
    api.put("pods", "a", "p0", "Running", "7", "5m")
    await until(
        lambda: all(view.in_sight is not None and view.in_sight.rows["a/p0"][2] == "7" for view in views), PATIENCE_S
    )
    assert len(encoded) == 1


async def test_rows_are_kept_for_windows_only_while_somebody_has_one(hub: Hub, page: WindowPage) -> None:
    whole = page.subscribe(1)
    await until(lambda: bool(whole.synced))
    (topic,) = hub
    assert not topic.windows.on
    assert len(topic.windows.shelf) == 0
    await complete(page.watch(2))
    assert len(topic.windows.shelf) == 9
    page.say({"type": "unsubscribe", "id": 2})
    await until(lambda: not topic.windows.on)
    assert len(topic.windows.shelf) == 0


async def test_no_rows_are_encoded_that_nobody_is_sent(api: FakeApiServer, hub: Hub, page: WindowPage) -> None:
    view = await complete(page.watch())
    (topic,) = hub
    api.put("pods", "c", "p2", "Failed", "0", "5m")
    await until(lambda: view.in_sight is not None and len(view.in_sight.facets or ()) == 2)
    assert topic.snapshot_count == 0


def shown_anywhere() -> int:
    gc.collect()
    return sum(isinstance(each, window_module.Shown) for each in gc.get_objects())


async def test_c5_what_was_in_sight_of_a_list_at_rest_is_forgotten(page: WindowPage) -> None:
    before = shown_anywhere()
    view = await complete(page.watch())
    for number in range(2, 302):
        page.look(number, count=number)
        await until(partial(answered_with, view, number))
    kept = shown_anywhere() - before
    # 64 that are remembered, 64 messages with what was in sight before and after, and what the page has been sent.
    assert kept <= 3 * 64 + 1
