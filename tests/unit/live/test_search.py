"""Objects are found by name: in what the session has open, and in everything when that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FakeViewer, Page, until

from headlamp.live.frames import Payload
from headlamp.live.hub import Hub
from headlamp.live.protocol import Rows
from headlamp.live.search import KEPT_S


def ref(plural: str, *, namespaced: bool = True) -> dict[str, Any]:
    return {"group": "", "version": "v1", "plural": plural, "namespaced": namespaced}


def search(page: Page, number: int, text: str, *everything: str, **more: Any) -> None:
    kinds = [ref(plural) for plural in everything]
    page.say({"type": "search", "search": number, "cluster": "demo", "text": text, "everything": kinds} | more)


async def answer(page: Page, number: int) -> dict[str, Any]:
    """The last answer to a search: everything has been read."""

    def last() -> dict[str, Any] | None:
        answers = [m for m in page.messages if m["type"] == "found" and m["search"] == number]
        return answers[-1] if answers and answers[-1]["read"] == answers[-1]["kinds"] else None

    await until(lambda: last() is not None)
    found = last()
    assert found is not None
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [f"{hit['resource']['plural']} {hit['namespace']}/{hit['name']}" for hit in found["hits"]]


async def test_what_is_open_is_searched_and_nothing_is_read_for_it(page: Page, api: FakeApiServer) -> None:
    api.put("services", "a", "p1-front", "x", "0", "5m")
    view = page.subscribe(1)
    await until(lambda: bool(view.synced) and len(api.watches) == 4)
    asked = len(api.requests)
    search(page, 1, "p1")
    found = await answer(page, 1)
    assert names(found) == ["pods a/p1", "pods b/p1", "pods c/p1"]
    assert len(api.requests) == asked


async def test_lists_of_the_other_tabs_of_the_session_are_searched_and_of_other_sessions_not(
    viewer: FakeViewer, hub: Hub, api: FakeApiServer
) -> None:
    stranger = FakeViewer(api)
    tabs = [Page().connect(viewer, hub), Page().connect(viewer, hub), Page().connect(stranger, hub)]
    view = tabs[0].subscribe(1)
    await until(lambda: bool(view.synced))
    search(tabs[1], 1, "p2")
    search(tabs[2], 1, "p2")
    assert (await answer(tabs[1], 1))["total"] == 3
    assert (await answer(tabs[2], 1))["total"] == 0
    await tabs[0].disconnect()
    search(tabs[1], 2, "p2")
    assert (await answer(tabs[1], 2))["total"] == 0
    for tab in tabs[1:]:
        await tab.disconnect()


async def test_everything_is_read_once_without_objects_and_kept_for_the_next_letters(
    page: Page, api: FakeApiServer, hub: Hub
) -> None:
    api.put("services", "a", "cart", "x", "0", "5m")
    api.put("secrets", "b", "cart-key", "x", "0", "5m")
    search(page, 1, "ca", "services", "secrets", "pods")
    found = await answer(page, 1)
    assert names(found) == ["services a/cart", "secrets b/cart-key"]
    assert (found["read"], found["kinds"]) == (3, 3)
    lists = [path for path, _ in api.requests if "watch=" not in path]
    assert all("includeObject=None" in path for path in lists)
    asked = len(lists)
    search(page, 2, "cart-k", "services", "secrets", "pods")
    assert names(await answer(page, 2)) == ["secrets b/cart-key"]
    assert len([path for path, _ in api.requests if "watch=" not in path]) == asked
    await until(lambda: len(hub) == 0)
    assert KEPT_S > 0


async def test_a_kind_that_may_not_be_listed_is_named_with_the_reason(page: Page, api: FakeApiServer) -> None:
    api.put("secrets", "b", "cart-key", "x", "0", "5m")
    api.forbidden |= {("secrets", namespace, "list") for namespace in (None, "a", "b", "c")}
    search(page, 1, "cart", "secrets", "pods")
    found = await answer(page, 1)
    assert found["total"] == 0
    assert [(each["namespace"], each["code"]) for each in found["missing"]] == [("secrets", "forbidden")]


async def test_the_best_hits_come_first_and_no_more_than_were_asked_for(page: Page, api: FakeApiServer) -> None:
    for name in ("my-web", "web", "web-1", "a-web-b"):
        api.put("services", "a", name, "x", "0", "5m")
    api.put("services", "web", "other", "x", "0", "5m")
    api.namespace("web")
    search(page, 1, "web", "services", limit=4)
    found = await answer(page, 1)
    assert [hit["name"] for hit in found["hits"]] == ["web", "web-1", "my-web", "a-web-b"]
    assert found["total"] == 5


async def test_a_name_that_is_none_ends_nothing(page: Page) -> None:
    view = page.subscribe(1)
    page.say({"type": "search", "search": 1, "cluster": "demo", "text": "x", "everything": [ref("../secrets")]})
    await until(lambda: any(m["type"] == "error" for m in page.messages))
    search(page, 2, "p0")
    await until(lambda: bool(view.synced))
    search(page, 3, "p0")
    assert (await answer(page, 3))["total"] == 3


async def test_the_next_search_ends_the_one_before(page: Page, api: FakeApiServer) -> None:
    for number in range(8):
        api.put(f"kind{number}s", "a", "web", "x", "0", "5m")
    search(page, 1, "web", *[f"kind{number}s" for number in range(8)])
    search(page, 2, "p0")
    await answer(page, 2)
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    last = [m for m in page.messages if m["type"] == "found"][-1]
    assert last["search"] == 2


async def test_rows_that_are_read_for_a_search_are_not_encoded_for_anybody(
    page: Page, api: FakeApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def payload(message: Any) -> Payload:
        made.append(message)
        return Payload(message)

    monkeypatch.setattr("headlamp.live.topic.Payload", payload)
    search(page, 1, "p1", "pods")
    assert (await answer(page, 1))["total"] == 3
    assert made
    assert not [message for message in made if isinstance(message, Rows)]


async def test_a_kind_that_a_fault_of_ours_keeps_from_being_read_is_named(
    page: Page, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the transport is closed")

    monkeypatch.setattr(hub, "subscribe", broken)
    search(page, 1, "p1", "pods")
    found = await answer(page, 1)
    assert [(each["namespace"], each["code"]) for each in found["missing"]] == [("pods", "internal")]


async def test_what_one_tab_has_read_for_a_search_the_others_of_the_session_need_not(
    viewer: FakeViewer, hub: Hub, api: FakeApiServer
) -> None:
    tabs = [Page().connect(viewer, hub), Page().connect(viewer, hub), Page().connect(FakeViewer(api), hub)]
    lists = []
    for tab in tabs:
        search(tab, 1, "p1", "pods", namespaces=["a"])
        assert names(await answer(tab, 1)) == ["pods a/p1"]
        await until(lambda: len(hub) == 0)
        lists.append(len([path for path, _ in api.requests if "watch=" not in path]))
    assert lists == [1, 1, 2]
    for tab in tabs:
        await tab.disconnect()


async def test_the_names_that_are_kept_are_bounded_for_all_tabs_together(
    viewer: FakeViewer, hub: Hub, api: FakeApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headlamp.live.search.MOST_NAMES", 4)
    tabs = [Page().connect(viewer, hub), Page().connect(viewer, hub), Page().connect(FakeViewer(api), hub)]
    missing = []
    for tab, namespace in zip(tabs, "abb", strict=True):
        search(tab, 1, "p1", "pods", namespaces=[namespace])
        missing.append([each["code"] for each in (await answer(tab, 1))["missing"]])
    assert missing == [[], ["live.too_many"], []]
    for tab in tabs:
        await tab.disconnect()
