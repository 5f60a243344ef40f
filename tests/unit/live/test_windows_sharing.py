"""A window goes on when others carry its reading, when nobody may say for a while, and when the cluster was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, until
from tests.unit.live.people_apiserver import MAY, PeopleApiServer
from tests.unit.live.window_page import WindowPage, WindowView

from headlamp.live.hub import Hub
from headlamp.live.timing import Timing

WINDOW_FROM = 8
# Asked about often. What was granted holds for longer than a test, unless that is what it is about.
TIMING = replace(FAST, review=0.08, granted=60.0, doubt=0.04, review_pause=0.02, refused_pause=0.02)
BRIEFLY_GRANTED = replace(TIMING, granted=0.2)
TOP = ["a/p0", "b/p0", "c/p0", "a/p1"]


def fill(api: FakeApiServer) -> None:
    api.namespace("a", "b", "c")
    for namespace in "abc":
        for number in range(3):
            api.put("pods", namespace, f"p{number}", "Running", "0", "5m")


@pytest.fixture
def people() -> PeopleApiServer:
    made = PeopleApiServer()
    fill(made)
    made.viewer_of_all("t1", "ann")
    made.viewer_of_all("t2", "bob")
    return made


OpenPage = Callable[[FakeApiServer, str], WindowPage]


@pytest.fixture
def timing() -> Timing:
    return TIMING


@pytest.fixture
async def open_page(timing: Timing) -> AsyncIterator[OpenPage]:
    """Opens a tab of a session of its own, with a token; all of them share what they may."""
    hub = Hub(between_users=True, timing=timing, random=lambda: 0.5, window_from=WINDOW_FROM)
    pages: list[WindowPage] = []

    def open_one(api: FakeApiServer, token: str) -> WindowPage:
        made = WindowPage()
        made.connect(FakeViewer(api, FakeCredential(f"session of {token}", token)), hub)
        pages.append(made)
        return made

    yield open_one
    for page in pages:
        await page.disconnect()
    await hub.close()


async def shown(view: WindowView) -> WindowView:
    await until(lambda: view.state == "live" and view.names == TOP)
    return view


def restarts(view: WindowView, key: str) -> str:
    return str(view.in_sight.rows[key][2]) if view.in_sight and key in view.in_sight.rows else ""


async def test_a_window_goes_on_when_the_one_whose_token_carries_the_watch_leaves(
    people: PeopleApiServer, open_page: OpenPage
) -> None:
    first_page, second_page = open_page(people, "t1"), open_page(people, "t2")
    await shown(first_page.watch())
    second = await shown(second_page.watch())
    await until(lambda: {watch.token for watch in people.watches} == {"t1"})
    first_page.say({"type": "unsubscribe", "id": 1})
    people.put("pods", "b", "p0", "Running", "7", "5m")
    people.delete("pods", "c", "p0")
    await until(lambda: restarts(second, "b/p0") == "7" and second.names == ["a/p0", "b/p0", "a/p1", "b/p1"])
    await until(lambda: bool(people.watches) and {watch.token for watch in people.watches} == {"t2"})
    assert second.switches == ["window"]
    assert {state["state"] for state in second.states} <= {"loading", "live"}


async def test_of_a_window_nothing_is_left_when_the_right_to_it_is_lost(
    people: PeopleApiServer, open_page: OpenPage
) -> None:
    first = await shown(open_page(people, "t1").watch())
    page = open_page(people, "t2")
    second = await shown(page.watch())
    people.people["t2"].rights.clear()
    await until(lambda: second.state == "forbidden")
    assert second.in_sight is None
    assert not second.rows
    people.put("pods", "a", "p0", "Running", "secret", "5m")
    await until(lambda: restarts(first, "a/p0") == "secret")
    page.locate("a", "p1")
    await until(lambda: bool(second.located))
    assert second.located[0]["index"] is None
    assert "secret" not in str(page.messages)


@pytest.mark.parametrize("timing", [BRIEFLY_GRANTED], ids=["granted briefly"])
async def test_a_window_stays_as_it_is_while_the_cluster_does_not_say_whether_one_may(
    people: PeopleApiServer, open_page: OpenPage
) -> None:
    first = await shown(open_page(people, "t1").watch())
    page = open_page(people, "t2")
    second = await shown(page.watch())
    people.answer_review = lambda review: (500, b"") if review.token == "t2" and review.path == MAY else None
    await until(lambda: second.state == "reconnecting")
    people.put("pods", "a", "p0", "Running", "7", "5m")
    await until(lambda: restarts(first, "a/p0") == "7")
    page.look(2, descending=True)
    page.locate("a", "p0")
    await until(page.all_is_heard)
    await asyncio.sleep(0.02)
    assert (second.names, restarts(second, "a/p0"), second.answered, second.located) == (TOP, "0", 1, [])
    people.answer_review = lambda _: None
    await until(lambda: second.state == "live" and second.answered == 2 and bool(second.located))
    assert second.names == ["a/p2", "b/p2", "c/p2", "a/p1"]
    assert second.located[0]["index"] == 6
    page.look(3)
    await until(lambda: second.answered == 3 and restarts(second, "a/p0") == "7")


async def test_a_window_is_right_again_when_the_api_server_is_back(open_page: OpenPage) -> None:
    api = FakeApiServer()
    fill(api)
    page = open_page(api, "t1")
    view = await shown(page.watch())
    await until(lambda: bool(api.watches))
    api.down = True
    api.end_watches()
    await until(lambda: view.state == "reconnecting")
    assert view.names == TOP
    # The page goes on in what is known.
    page.look(2, filter="ns:b")
    await until(lambda: view.answered == 2)
    assert view.names == ["b/p0", "b/p1", "b/p2"]
    api.put("pods", "b", "p0", "Failed", "1", "5m")
    api.delete("pods", "b", "p1")
    api.put("pods", "b", "new", "Running", "0", "0s")
    api.oldest = api.version
    api.down = False
    await until(lambda: view.state == "live" and view.names == ["b/new", "b/p0", "b/p2"])
    assert restarts(view, "b/p0") == "1"
    assert view.in_sight is not None
    await until(lambda: view.in_sight is not None and view.in_sight.total == 9)


async def test_one_who_reads_slowly_has_the_window_of_those_who_do_not_in_the_end(
    people: PeopleApiServer, open_page: OpenPage
) -> None:
    quick = await shown(open_page(people, "t1").watch())
    page = open_page(people, "t2")
    slow = await shown(page.watch())
    page.stuck = asyncio.Event()
    for number in range(1, 15):
        people.put("pods", "a", "p0", "Running", str(number), "5m")
        people.put("pods", "a", f"x{number}", "Failed", "0", "5m")
        await until(lambda number=number: restarts(quick, "a/p0") == str(number))  # type: ignore[misc]
    people.delete("pods", "b", "p0")
    page.look(2, filter="x", sort="@urgent", count=20)
    page.look(3, sort="@urgent", count=20)
    page.stuck.set()
    await until(lambda: slow.answered == 3 and slow.in_sight is not None and slow.in_sight.total == 22)
    assert slow.in_sight is not None
    assert slow.in_sight.facets is not None
    assert {facet["value"]: facet["count"] for facet in slow.in_sight.facets} == {"Failed": 14, "Running": 8}
    assert slow.names[:14] == [f"a/x{number}" for number in range(1, 15)]
    assert slow.switches == ["window"]
