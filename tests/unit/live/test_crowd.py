"""Namespaces that come and go while those of a crowd are read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, Page, View, until

from headlamp.live.hub import Hub
from headlamp.live.upstream import Upstream

# So many that they are watched together, and so few that one more may be listed beside them.
NAMES = [f"n{number}" for number in range(7)]


@pytest.fixture
def api() -> FakeApiServer:
    server = FakeApiServer()
    server.namespace(*NAMES)
    for name in NAMES:
        server.put("pods", name, "x", "Running", "0", "5m")
    return server


async def when_listed(api: FakeApiServer, page: Page) -> tuple[View, asyncio.Event]:
    """A list of all pods, of which the API server has answered the lists, which are on their way until the event."""
    arrive = asyncio.Event()
    asked: set[str] = set()

    def hold_up(path: str) -> None:
        if "/pods?" in path and "watch" not in path:
            asked.add(path)
            api.lists_on_the_way = arrive

    api.before_answer = hold_up
    view = page.subscribe(1)
    await until(lambda: len(asked) == len(NAMES) == api.lists_in_flight)
    api.lists_on_the_way = None
    api.before_answer = None
    return view, arrive


async def when_told_that_it_went(api: FakeApiServer, name: str) -> None:
    """Delete a namespace with its pod; returns when whoever watches namespaces knows of it."""
    api.delete("pods", name, "x")
    api.delete("namespaces", "", name)
    api.namespace("later")
    await until(lambda: any("/later/pods" in path for path, _ in api.requests))


async def test_the_rows_of_a_namespace_that_went_while_it_was_listed_are_not_shown(
    api: FakeApiServer, page: Page
) -> None:
    view, arrive = await when_listed(api, page)
    await when_told_that_it_went(api, "n3")
    arrive.set()
    await until(lambda: view.state == "live" and bool(view.synced))
    assert view.statuses() == api.keys("pods")


async def test_a_namespace_that_came_back_while_it_was_listed_has_its_new_rows(api: FakeApiServer, page: Page) -> None:
    view, arrive = await when_listed(api, page)
    await when_told_that_it_went(api, "n3")
    api.namespace("n3")
    api.put("pods", "n3", "y", "Running", "0", "0s")
    await until(lambda: sum("/n3/pods" in path for path, _ in api.requests) == 2)
    arrive.set()
    await until(lambda: view.state == "live" and view.statuses() == api.keys("pods"))
    api.put("pods", "n3", "y", "Failed", "0", "1s")
    await until(lambda: view.statuses() == api.keys("pods"))


async def test_a_fault_of_ours_in_the_list_of_a_new_namespace_is_told(
    api: FakeApiServer, viewer: FakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nor is it found out by a watch that is silent for too long.
    hub = Hub(timing=replace(FAST, silence=600.0))
    page = Page().connect(viewer, hub)
    view = page.subscribe(1)
    await until(lambda: view.state == "live" and bool(view.synced))
    original = Upstream.page

    async def faulty(self: Upstream, selection: object, namespace: str | None, *rest: object, **more: object) -> bytes:
        if namespace == "n9":
            raise RuntimeError("nobody has thought of this")
        return await original(self, selection, namespace, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Upstream, "page", faulty)
    api.namespace("n9")
    await until(lambda: bool(view.errors))
    assert view.errors[0]["code"] == "internal"
    await page.disconnect()
    await hub.close()
