"""Where a row is in a long list: what is answered, when, and how many questions wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, Page, until
from tests.unit.live.window_page import WindowPage, WindowView

from headlamp.live.hub import Hub

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


async def answers(view: WindowView, count: int = 1) -> list[int | None]:
    await until(lambda: len(view.located) >= count)
    return [message["index"] for message in view.located]


async def test_a_row_out_of_sight_has_a_place_in_the_order_of_the_view(page: WindowPage) -> None:
    view = page.watch(count=2)
    await until(lambda: bool(view.synced))
    page.locate("b", "p2")
    assert await answers(view) == [7]
    page.look(2, count=2, descending=True)
    page.locate("b", "p2")
    assert await answers(view, 2) == [7, 1]
    assert [message["view"] for message in view.located] == [1, 2]
    page.look(3, count=2, filter="ns:b")
    page.locate("b", "p2")
    assert await answers(view, 3) == [7, 1, 2]


async def test_the_place_leads_to_the_row(page: WindowPage) -> None:
    view = page.watch(count=1, sort="@namespace")
    await until(lambda: bool(view.synced))
    page.locate("c", "p1")
    (index,) = await answers(view)
    page.look(2, count=1, sort="@namespace", first=index)
    await until(lambda: view.answered == 2)
    assert view.names == ["c/p1"]


@pytest.mark.parametrize(
    ("key", "text"),
    [(("b", "nobody"), ""), (("nowhere", "p1"), ""), (("b", "p1"), "ns:c"), (("b", "p1"), "colour:red")],
)
async def test_what_is_not_among_those_that_match_has_no_place(
    page: WindowPage, key: tuple[str, str], text: str
) -> None:
    view = page.watch(filter=text)
    await until(lambda: bool(view.synced))
    page.locate(*key)
    assert await answers(view) == [None]


async def test_a_question_that_comes_with_the_subscription_is_answered_by_the_first_window(page: WindowPage) -> None:
    view = page.watch(count=2)
    page.locate("b", "p2")
    assert await answers(view) == [7]
    assert view.in_sight is not None


async def test_a_list_that_is_sent_whole_is_answered_without_a_place(page: WindowPage) -> None:
    short, whole = page.watch(1, namespaces=["a", "b"]), page.subscribe(2)
    assert isinstance(whole, WindowView)
    for number, view in ((1, short), (2, whole)):
        page.locate("a", "p1", subscription=number)
        assert await answers(view) == [None]
        assert view.located[0]["view"] == 0
        assert len(view.rows) in (6, 9)


async def test_what_nobody_may_read_has_no_place(api: FakeApiServer, page: WindowPage) -> None:
    api.forbidden.update(("pods", namespace, "list") for namespace in (None, *"abc"))
    view = page.watch()
    page.locate("a", "p1")
    assert await answers(view) == [None]
    assert view.state == "forbidden"


async def test_the_newest_question_takes_the_place_of_those_before(api: FakeApiServer, page: WindowPage) -> None:
    view = page.watch(count=2)
    await until(lambda: bool(view.synced))
    page.stuck = asyncio.Event()
    for _ in range(1000):
        page.locate("b", "p2")
    page.locate("c", "p2")
    await until(page.all_is_heard)
    page.stuck.set()
    await until(lambda: bool(view.located) and view.located[-1]["key"] == ["c", "p2"])
    assert view.located[-1]["index"] == 8
    # One may have been on its way already.
    assert len(view.located) <= 2


async def test_a_question_about_no_subscription_is_ignored(page: Page) -> None:
    page.say({"type": "locate", "id": 7, "key": ["a", "p1"]})
    page.say({"type": "locate", "id": 7, "key": "a/p1"})
    await until(lambda: bool(page.views) and bool(page.views[7].errors))
    assert [message["type"] for message in page.messages] == ["hello", "error"]
