"""What a connection answers to messages, good and bad."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FakeViewer, Page, until

from headlamp.live.hub import Hub
from headlamp.live.quotas import MAX_SUBSCRIPTIONS
from headlamp.problems import Problem


class NoSuchCluster(Problem):
    code = "cluster.unknown"
    status = 404
    title = "There is no such cluster"
    remedy = "Choose another one."


POD = {"group": "", "version": "v1", "plural": "pods", "namespaced": True}


def subscribe(**more: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": 1, "cluster": "demo", "resource": POD, "namespaces": ["a"]} | more


async def test_hello_comes_first(page: Page) -> None:
    await until(lambda: bool(page.messages))
    assert page.messages[0]["type"] == "hello"
    assert page.messages[0]["version"] == 1


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ("nonsense", 0),
        ("[" * 50_000, 0),
        ("[]", 0),
        ('{"type":"dance","id":5}', 5),
        ('{"type":"subscribe"}', 0),
        (subscribe(id=0), 0),
        (subscribe(id=-1), 0),
        (subscribe(id="1"), 0),
        (subscribe(id=2**60), 2**60),
        (subscribe(cluster=7), 1),
        (subscribe(namespaces="a"), 1),
        (subscribe(namespaces=[]), 1),
        (subscribe(namespaces=["../kube-system"]), 1),
        (subscribe(namespaces=["a/secrets"]), 1),
        (subscribe(namespaces=["a?watch=1"]), 1),
        (subscribe(namespaces=["A"]), 1),
        (subscribe(namespaces=["a\n"]), 1),
        (subscribe(namespaces=["x" * 64]), 1),
        (subscribe(namespaces=[f"n{number}" for number in range(501)]), 1),
        (subscribe(resource=POD | {"plural": "pods/log"}), 1),
        (subscribe(resource=POD | {"plural": "pods?x"}), 1),
        (subscribe(resource=POD | {"plural": ""}), 1),
        (subscribe(resource=POD | {"group": "apps/../x"}), 1),
        (subscribe(resource=POD | {"group": "apps..x"}), 1),
        (subscribe(resource=POD | {"group": "%2e%2e"}), 1),
        (subscribe(resource=POD | {"version": "v1/x"}), 1),
        (subscribe(resource=POD | {"version": ".."}), 1),
        (subscribe(label_selector="a=b\r\nX: y"), 1),
        (subscribe(label_selector="x" * 5000), 1),
    ],
)
async def test_c5_messages_that_are_not_valid_get_a_typed_error_and_reach_no_cluster(
    api: FakeApiServer, page: Page, message: Any, about: int
) -> None:
    page.say(message)
    await until(lambda: len(page.messages) == 2)
    assert page.messages[1]["type"] == "error"
    assert page.messages[1]["code"] == "live.bad_request"
    assert page.messages[1]["id"] == about
    assert page.messages[1]["remedy"]
    assert not api.requests
    page.subscribe(9, namespaces=["a"])
    await until(lambda: bool(page.views[9].synced))


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (
            subscribe(namespaces=[f"n{number}" for number in range(501)]),
            "Name fewer namespaces, or look in all of them.",
        ),
        (subscribe(namespaces=["Shop"]), "Correct the names of the namespaces."),
        (subscribe(label_selector=f"app in ({'x' * 4096})"), "Name fewer values in the selectors."),
        (subscribe(field_selector="x" * 4097), "Name fewer values in the selectors."),
    ],
)
async def test_whoever_asks_for_too_much_is_told_to_ask_for_less(page: Page, message: Any, remedy: str) -> None:
    page.say(message)
    await until(lambda: len(page.messages) == 2)
    assert (page.messages[1]["id"], page.messages[1]["remedy"]) == (1, remedy)


async def test_c5_a_message_that_is_too_large_closes_the_connection(viewer: FakeViewer, hub: Hub) -> None:
    page = Page().connect(viewer, hub)
    page.say(subscribe(label_selector="x" * 70_000))
    await page.served()
    assert page.messages[-1]["code"] == "live.message_too_large"
    assert page.closed == (1009, "live.message_too_large")


async def test_c5_a_thousand_subscriptions_are_served_and_one_more_refused(api: FakeApiServer, page: Page) -> None:
    for number in range(1, MAX_SUBSCRIPTIONS + 2):
        page.subscribe(number, namespaces=["abc"[number % 3]])
    last = page.views[MAX_SUBSCRIPTIONS + 1]
    await until(lambda: bool(last.errors))
    assert last.errors[0]["code"] == "live.too_many_subscriptions"
    await until(lambda: all(view.synced for view in page.views.values() if view is not last))
    await until(lambda: len(api.watches) == 3)
    page.say({"type": "unsubscribe", "id": 1})
    page.subscribe(5000, namespaces=["a"])
    await until(lambda: bool(page.views[5000].synced))


async def test_c5_a_flood_of_bad_messages_is_read_no_faster_than_it_is_answered(
    viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    for _ in range(2000):
        page.say("{}")
    await until(lambda: len(page.messages) == 2001)


async def test_c6_ids_mean_something_in_their_own_connection_only(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub
) -> None:
    mine, other = Page().connect(viewer, hub), Page().connect(viewer, hub)
    view = mine.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    other.say({"type": "unsubscribe", "id": 1})
    third = other.subscribe(1, namespaces=["b"])
    await until(lambda: bool(third.synced))
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: "a/new" in view.rows)
    assert set(third.rows) == set(api.keys("pods", "b"))
    await mine.disconnect()
    await other.disconnect()


async def test_an_id_that_is_in_use_is_refused_and_its_subscription_left_alone(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    page.subscribe(1, namespaces=["b"])
    await until(lambda: 0 in page.views and bool(page.views[0].errors))
    assert not view.errors
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: "a/new" in view.rows)


async def test_after_unsubscribing_nothing_more_comes(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    page.say({"type": "unsubscribe", "id": 1})
    page.say({"type": "unsubscribe", "id": 77})
    other = page.subscribe(2, namespaces=["a"])
    await until(lambda: bool(other.synced))
    api.put("pods", "a", "new", "Running", "0", "0s")
    await until(lambda: "a/new" in other.rows)
    assert "a/new" not in view.rows
    assert not view.errors


async def test_a_cluster_that_there_is_not_is_an_error_of_the_subscription(
    viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    viewer.problem = NoSuchCluster()
    view = page.subscribe(1)
    await until(lambda: bool(view.errors))
    error = {"type": "error", "id": 1, "code": "cluster.unknown", "message": "There is no such cluster"}
    assert view.errors == [error | {"remedy": "Choose another one."}]
    viewer.problem = None
    again = page.subscribe(1)
    await until(lambda: bool(again.synced))


@pytest.mark.parametrize("at", ["viewer.open", "hub.subscribe"])
async def test_a_fault_of_ours_is_an_error_of_the_subscription_and_gives_its_place_back(
    viewer: FakeViewer, hub: Hub, page: Page, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, at: str
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("the transport is closed")

    owner, name = (viewer, "open") if at == "viewer.open" else (hub, "subscribe")
    monkeypatch.setattr("headlamp.live.quotas.MAX_SUBSCRIPTIONS", 1)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, broken)
        view = page.subscribe(1)
        await until(lambda: bool(view.errors))
    assert view.errors[0]["code"] == "internal"
    assert "the transport is closed" not in str(view.errors)
    assert "the transport is closed" in caplog.text
    again = page.subscribe(1)
    await until(lambda: bool(again.synced))


async def test_a_connection_that_goes_leaves_nothing_behind(api: FakeApiServer, viewer: FakeViewer, hub: Hub) -> None:
    page = Page().connect(viewer, hub)
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    await page.disconnect()
    assert page.closed == (1000, "")
    await until(lambda: len(hub) == 0 and not api.watches)
