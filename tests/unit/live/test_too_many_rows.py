"""A cluster that never stops to add rows makes one list as large as a list may be, and no larger."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import Page, View, until

from headlamp.live import crowd, topic
from headlamp.live.hub import Hub
from headlamp.live.reflector import ALL_EACH
from headlamp.live.rows import RowTable

MOST = 20
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic, "RowTable", partial(RowTable, most=MOST))


def add(api: FakeApiServer, namespace: str, numbers: range) -> None:
    for number in numbers:
        api.put("pods", namespace, f"more-{number}", "Running", "0", "0s")


def codes(view: View) -> Iterator[str]:
    return (missing["code"] for state in view.states for missing in state["missing"])


async def settled(view: View, api: FakeApiServer) -> None:
    await until(
        lambda: view.state == "live" and bool(view.synced) and view.statuses() == api.keys("pods"),
        PATIENCE_S,
    )


@pytest.fixture(params=[2, ALL_EACH + 2], ids=["watched each", "watched together"])
def namespaces(request: pytest.FixtureRequest, api: FakeApiServer) -> list[str]:
    count: int = request.param
    names = [f"n{number}" for number in range(count)]
    api.namespace(*names)
    return names


@pytest.mark.parametrize("listed", [False, True], ids=["by the watch", "by the list"])
async def test_rows_beyond_the_bound_are_refused_and_said_to_be(
    api: FakeApiServer, page: Page, hub: Hub, namespaces: list[str], listed: bool
) -> None:
    view = page.subscribe(1)
    await settled(view, api)
    (topic_of_all,) = hub
    if listed:
        api.forget_versions()
        api.end_watches()
    add(api, namespaces[0], range(3 * MOST))
    await until(lambda: "live.too_many_rows" in codes(view), PATIENCE_S)
    assert len(topic_of_all.table) <= MOST
    for number in range(3 * MOST):
        api.delete("pods", namespaces[0], f"more-{number}")
    add(api, namespaces[1], range(5))
    await settled(view, api)


async def test_rows_that_are_no_more_do_not_take_the_place_of_those_that_are(
    api: FakeApiServer, page: Page, namespaces: list[str]
) -> None:
    room = MOST - len(api.keys("pods"))
    add(api, namespaces[0], range(room))
    view = page.subscribe(1)
    await settled(view, api)
    api.forget_versions()
    api.end_watches()
    for number in range(room):
        api.delete("pods", namespaces[0], f"more-{number}")
    add(api, namespaces[0], range(room, 2 * room))
    await settled(view, api)


async def test_what_is_kept_back_for_a_namespace_that_is_being_listed_is_bounded(
    api: FakeApiServer, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowd, "MOST_HELD", 10)
    api.namespace(*(f"n{number}" for number in range(ALL_EACH + 2)))
    view = page.subscribe(1)
    await settled(view, api)
    api.lists_on_the_way = asyncio.Event()
    api.namespace("late")
    await until(lambda: api.lists_in_flight > 0, PATIENCE_S)
    for number in range(30):
        api.put("pods", "late", "p0", "Running", str(number), "0s")
    await until(lambda: any("faster" in state["message"] for state in view.states), PATIENCE_S)
    api.lists_on_the_way.set()
    await settled(view, api)
