"""Rows stay equal to what a fresh list would say, whatever happens to the streams."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer, status_body
from tests.unit.live.kit import FAST, FakeViewer, Page, View, until

from headlamp.live.hub import Hub
from headlamp.live.reflector import choose_watch


async def live(view: View) -> View:
    await until(lambda: view.state == "live" and bool(view.synced))
    return view


@pytest.mark.parametrize("namespaces", [["a"], ["a", "c"], None])
async def test_rows_of_one_several_and_all_namespaces_arrive_and_stay_current(
    api: FakeApiServer, page: Page, namespaces: list[str] | None
) -> None:
    view = await live(page.subscribe(1, namespaces=namespaces))
    assert view.statuses() == api.keys("pods", *namespaces or ())
    api.put("pods", "a", "p1", "Failed", "1", "5m")
    api.put("pods", "a", "new", "Pending", "0", "0s")
    api.delete("pods", "a", "p0")
    await until(lambda: view.statuses() == api.keys("pods", *namespaces or ()))
    assert view.resets == 1


async def test_cluster_scoped_rows_have_no_namespace(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1, "namespaces", namespaced=False))
    assert set(view.rows) == {"/a", "/b", "/c"}


async def test_objects_are_never_asked_for_where_the_server_prints(api: FakeApiServer, page: Page) -> None:
    await live(page.subscribe(1))
    await live(page.subscribe(2, namespaces=["a"]))
    assert all("includeObject=None" in path for path, _ in api.requests)
    assert all("User-Agent" not in headers or "Mozilla" not in headers["User-Agent"] for _, headers in api.requests)


async def test_rows_without_objects_come_in_one_answer_and_from_the_cache(api: FakeApiServer, page: Page) -> None:
    for number in range(4500):
        api.put("pods", "big", f"x{number:04}", "Running", "0", "5m")
    view = await live(page.subscribe(1, namespaces=["big"]))
    assert len(view.rows) == 4500
    (asked,) = [path for path, _ in api.requests if "watch=" not in path]
    assert "limit=" not in asked
    assert "resourceVersion=0" in asked


async def test_rows_with_metadata_are_read_page_by_page(api: FakeApiServer, page: Page) -> None:
    api.forbidden.add(("namespaces", None, "list"))
    for number in range(1200):
        api.put("pods", "big", f"x{number:04}", "Running", "0", "5m")
    view = await live(page.subscribe(1))
    assert view.statuses() == api.keys("pods")
    assert sum("continue=" in path for path, _ in api.requests) == 2


async def test_a_first_list_that_is_behind_is_made_good_by_the_watch(api: FakeApiServer, page: Page) -> None:
    api.put("pods", "a", "p0", "Failed", "0", "5m")
    api.delete("pods", "a", "p1")
    api.cache_lag = 2
    view = await live(page.subscribe(1, namespaces=["a"]))
    await until(lambda: view.statuses() == api.keys("pods", "a"))


async def test_a_list_that_is_read_again_is_never_one_from_the_cache(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1))
    api.put("pods", "a", "p0", "Failed", "0", "5m")
    # One of each namespace, and one of which there are.
    await until(lambda: view.rows["a/p0"][1] == "Failed" and len(api.watches) == 4)
    api.cache_lag = 1
    asked = len(api.requests)
    changes = view.changes
    disturb_410_in_stream(api)
    await until(lambda: sum("/pods?" in path and "watch=" not in path for path, _ in api.requests[asked:]) == 3)
    assert not any("resourceVersion=0" in path for path, _ in api.requests[asked:])
    await asyncio.sleep(0.03)
    assert view.changes == changes


async def test_g3_a_list_that_expires_between_its_pages_is_begun_again(api: FakeApiServer, page: Page) -> None:
    api.forbidden.add(("namespaces", None, "list"))
    for number in range(700):
        api.put("pods", "big", f"x{number:04}", "Running", "0", "5m")

    def forget_once(path: str) -> None:
        if "continue=" in path:
            api.before_answer = None
            api.delete("pods", "big", "x0000")
            api.forget_versions()

    api.before_answer = forget_once
    view = await live(page.subscribe(1))
    await until(lambda: view.statuses() == api.keys("pods"))
    assert api.before_answer is None, "it did expire"


async def test_namespaces_are_listed_at_most_eight_at_a_time(api: FakeApiServer, page: Page) -> None:
    api.namespace(*(f"n{number}" for number in range(17)))
    await live(page.subscribe(1))
    assert api.most_lists_in_flight <= 8


def disturb_410_at_connect(api: FakeApiServer) -> None:
    api.end_watches()
    api.delete("pods", "a", "p2")
    api.put("pods", "b", "missed", "Running", "0", "1s")
    api.forget_versions()


def disturb_410_in_stream(api: FakeApiServer) -> None:
    api.send_raw(b'{"type":"ERROR","object":' + status_body(410, "too old resource version", "Expired") + b"}\n")


def disturb_error_without_code(api: FakeApiServer) -> None:
    api.send_raw(b'{"type":"ERROR","object":{"kind":"Status","message":"etcd is out"}}\n')


def disturb_error_of_another_kind(api: FakeApiServer) -> None:
    api.send_raw(b'{"type":"ERROR","object":[]}\n')


def disturb_garbage(api: FakeApiServer) -> None:
    api.send_raw(b"<html>\n")


def disturb_orderly_end(api: FakeApiServer) -> None:
    api.end_watches()


def disturb_broken_connection(api: FakeApiServer) -> None:
    api.break_watches()


def disturb_half_a_line(api: FakeApiServer) -> None:
    api.send_raw(b'{"type":"ADDED","object":{"kind":"Tab')
    api.end_watches()


def disturb_bookmarks(api: FakeApiServer) -> None:
    api.bookmark()
    api.end_watches()


def disturb_busy(api: FakeApiServer) -> None:
    api.faults += [(429, {"Retry-After": "0"}, b""), (503, {}, b"<html>no</html>"), (500, {}, b"")]
    api.end_watches()


DISTURBANCES = [
    disturb_410_at_connect,
    disturb_410_in_stream,
    disturb_error_without_code,
    disturb_error_of_another_kind,
    disturb_garbage,
    disturb_orderly_end,
    disturb_broken_connection,
    disturb_half_a_line,
    disturb_bookmarks,
    disturb_busy,
]


@pytest.mark.parametrize("crowded", [False, True], ids=["each", "together"])
@pytest.mark.parametrize("disturb", DISTURBANCES, ids=lambda d: d.__name__.removeprefix("disturb_"))
async def test_g3_after_a_disturbance_no_row_is_missing_doubled_or_stale(
    api: FakeApiServer, page: Page, disturb: Any, crowded: bool
) -> None:
    if crowded:
        api.namespace(*(f"n{number}" for number in range(25)))
    view = await live(page.subscribe(1))
    disturb(api)
    api.put("pods", "a", "during", "Running", "0", "0s")
    api.put("pods", "b", "p0", "Failed", "0", "5m")
    api.delete("pods", "c", "p1")
    await until(lambda: view.statuses() == api.keys("pods") and view.state == "live")
    # And the stream that came instead is a live one.
    api.put("pods", "a", "after", "Running", "0", "0s")
    await until(lambda: "a/after" in view.rows)
    assert view.statuses() == api.keys("pods")
    assert view.resets == 1, "a relist is told as changes"


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("crowded", [False, True], ids=["each", "together"])
async def test_g3_a_random_history_with_disturbances_ends_at_what_a_fresh_list_says(
    api: FakeApiServer, page: Page, crowded: bool, seed: int
) -> None:
    if crowded:
        api.namespace(*(f"n{number}" for number in range(22)))
    view = await live(page.subscribe(1))
    chance = random.Random(seed)
    for step in range(300):
        namespace, name = chance.choice("abc"), f"p{chance.randrange(12)}"
        if f"{namespace}/{name}" in api.keys("pods") and chance.random() < 0.4:
            api.delete("pods", namespace, name)
        else:
            api.put("pods", namespace, name, f"S{step}", "0", "1s")
        if chance.random() < 0.1:
            api.put("pods", "a", "p2", f"S{step}", "0", "1s")
            chance.choice(DISTURBANCES)(api)
        if chance.random() < 0.3:
            await asyncio.sleep(0.01 * chance.random())
    api.faults.clear()
    await until(lambda: view.statuses() == api.keys("pods"))


async def test_g3_after_an_hour_of_bookmarks_the_watch_goes_on_from_the_last(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1, namespaces=["a"]))
    await until(lambda: bool(api.watches))
    for _ in range(60):
        api.put("secrets", "a", "s", "x", "0", "1s")
        api.bookmark()
    api.forget_versions()
    api.oldest = api.version - 1
    lists = sum("watch=" not in path for path, _ in api.requests)
    before = api.watches[0]
    api.end_watches()
    await until(lambda: bool(api.watches) and api.watches[0] is not before)
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: "a/later" in view.rows)
    assert sum("watch=" not in path for path, _ in api.requests) == lists, "no relist was needed"


async def test_g3_an_api_server_that_restarts_is_waited_for_and_the_page_told(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1))
    api.down = True
    api.break_watches()
    await until(lambda: view.state == "reconnecting")
    assert view.states[-1]["message"]
    assert view.states[-1]["retry_at"] is not None
    assert len(view.rows) == 9, "the rows stay while it is away"
    api.put("pods", "a", "p9", "Running", "0", "0s")
    api.down = False
    await until(lambda: view.state == "live" and view.statuses() == api.keys("pods"))


async def test_a_cluster_that_is_away_from_the_start_is_said_so(api: FakeApiServer, page: Page) -> None:
    api.down = True
    view = page.subscribe(1)
    await until(lambda: view.state == "reconnecting")
    assert not view.synced
    api.down = False
    assert (await live(view)).statuses() == api.keys("pods")


async def test_a_relist_that_finds_nothing_new_is_not_told(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1, namespaces=["a"]))
    await until(lambda: bool(api.watches))
    disturb_410_in_stream(api)
    lists = len(api.requests)
    await until(lambda: len(api.requests) >= lists + 2)
    api.put("pods", "a", "last", "Running", "0", "0s")
    await until(lambda: "a/last" in view.rows)
    assert view.changes == 1


async def test_namespaces_that_come_are_picked_up_and_those_that_go_dropped(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1))
    api.namespace("d")
    api.put("pods", "d", "first", "Running", "0", "0s")
    await until(lambda: "d/first" in view.rows)
    api.delete("namespaces", "", "a")
    await until(lambda: not any(key.startswith("a/") for key in view.rows) and view.state == "live")


async def test_in_a_crowd_namespaces_that_come_are_listed_while_the_watch_goes_on(
    api: FakeApiServer, page: Page
) -> None:
    api.namespace(*(f"n{number}" for number in range(25)))
    view = await live(page.subscribe(1))
    # Its pods are older than the watch can tell, as when the namespace comes into view later.
    api.put("pods", "d", "old", "Running", "0", "9m")
    api.namespace("d")
    for number in range(5):
        api.put("pods", "d", "old", f"S{number}", "0", "9m")
    await until(lambda: view.statuses() == api.keys("pods"))
    api.delete("namespaces", "", "d")
    await until(lambda: "d/old" not in view.rows)


async def test_in_a_crowd_events_never_undo_a_list_that_is_newer_than_they_are(api: FakeApiServer, page: Page) -> None:
    api.namespace(*(f"n{number}" for number in range(25)))

    def change_before_the_last_list(path: str) -> None:
        if "/n9/pods" in path:
            api.before_answer = None
            api.put("pods", "n9", "p", "First", "0", "1s")
            api.put("pods", "n9", "p", "Second", "0", "1s")

    api.before_answer = change_before_the_last_list
    view = await live(page.subscribe(1))
    await asyncio.sleep(0.05)
    assert view.statuses()["n9/p"] == "Second"
    assert view.changes == 0, "what the list contained is not told again"


async def test_in_a_crowd_a_list_never_undoes_events_that_are_newer_than_it_is(api: FakeApiServer, page: Page) -> None:
    api.namespace(*(f"n{number}" for number in range(25)))
    view = await live(page.subscribe(1))
    api.lists_on_the_way = asyncio.Event()
    api.put("pods", "d", "old", "Before", "0", "9m")
    api.namespace("d")
    await until(lambda: any("/d/pods" in path for path, _ in api.requests) and api.lists_in_flight == 1)
    await asyncio.sleep(0.01)
    api.put("pods", "d", "old", "After", "0", "9m")
    await asyncio.sleep(0.02)
    api.lists_on_the_way.set()
    await until(lambda: api.lists_in_flight == 0 and view.statuses() == api.keys("pods"))
    await asyncio.sleep(0.03)
    assert view.statuses() == api.keys("pods")


@pytest.mark.parametrize("disturb", [disturb_error_without_code, disturb_garbage], ids=["error", "garbage"])
async def test_g3_after_a_stream_that_broke_the_list_is_read_again(
    api: FakeApiServer, page: Page, disturb: Any
) -> None:
    await live(page.subscribe(1, namespaces=["a"]))
    await until(lambda: bool(api.watches))
    before = len(api.requests)
    disturb(api)
    await until(lambda: any("watch=" not in path for path, _ in api.requests[before:]))


async def test_many_namespaces_are_watched_together_with_metadata(api: FakeApiServer, page: Page) -> None:
    api.namespace(*(f"n{number}" for number in range(25)))
    await live(page.subscribe(1))
    await until(lambda: {watch.plural for watch in api.watches} == {"pods", "namespaces"})
    pods = [watch for watch in api.watches if watch.plural == "pods"]
    assert [(watch.namespace, watch.metadata) for watch in pods] == [(None, True)]
    assert not any("includeObject=Metadata" in path and "watch=" not in path for path, _ in api.requests)
    assert choose_watch(4) == choose_watch(20, named=True) == "each"


async def test_many_namespaces_that_may_not_be_watched_together_are_watched_each(
    api: FakeApiServer, page: Page
) -> None:
    api.namespace(*(f"n{number}" for number in range(25)))
    api.forbidden.add(("pods", None, "watch"))
    view = await live(page.subscribe(1))
    await until(lambda: len([watch for watch in api.watches if watch.plural == "pods"]) == 28)
    assert view.statuses() == api.keys("pods")


async def test_without_the_right_to_list_namespaces_all_rows_are_read_at_once(api: FakeApiServer, page: Page) -> None:
    api.forbidden.add(("namespaces", None, "list"))
    view = await live(page.subscribe(1))
    assert view.statuses() == api.keys("pods")
    api.put("pods", "b", "x", "Running", "0", "0s")
    await until(lambda: view.statuses() == api.keys("pods"))


@pytest.mark.parametrize("crowded", [False, True], ids=["each", "together"])
async def test_losing_the_right_to_list_namespaces_changes_the_way_of_reading_and_no_row(
    api: FakeApiServer, page: Page, crowded: bool
) -> None:
    if crowded:
        api.namespace(*(f"n{number}" for number in range(25)))
    view = await live(page.subscribe(1))
    api.forbidden |= {("namespaces", None, "list"), ("namespaces", None, "watch")}
    api.end_watches()
    await until(lambda: any("includeObject=Metadata" in path and "watch=" not in path for path, _ in api.requests))
    await until(lambda: view.statuses() == api.keys("pods") and view.state == "live")
    api.put("pods", "a", "x", "Running", "0", "0s")
    await until(lambda: view.statuses() == api.keys("pods"))


async def test_g2_what_is_forbidden_is_said_with_the_missing_rule(api: FakeApiServer, page: Page) -> None:
    api.forbidden |= {("namespaces", None, "list"), ("pods", None, "list")}
    view = page.subscribe(1)
    await until(lambda: view.state == "forbidden")
    assert 'cannot list resource "pods"' in view.states[-1]["message"]
    assert page.closed is None


async def test_g2_namespaces_that_may_not_be_read_make_the_view_partial_and_are_named(
    api: FakeApiServer, page: Page
) -> None:
    api.forbidden.add(("pods", "b", "list"))
    view = page.subscribe(1)
    await until(lambda: view.state == "partial" and bool(view.synced))
    assert view.statuses() == api.keys("pods", "a", "c")
    assert [(m["namespace"], m["code"]) for m in view.states[-1]["missing"]] == [("b", "forbidden")]
    api.forbidden.clear()
    await until(lambda: view.state == "live" and view.statuses() == api.keys("pods"))


async def test_rights_that_are_taken_away_take_the_rows_away(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1, namespaces=["a"]))
    api.forbidden |= {("pods", "a", "list"), ("pods", "a", "watch")}
    api.end_watches()
    await until(lambda: view.state == "forbidden" and not view.rows)


async def test_rows_stay_while_a_cluster_that_starts_refuses_everybody(api: FakeApiServer, viewer: FakeViewer) -> None:
    hub = Hub(timing=replace(FAST, doubt=600.0), random=lambda: 0.5)
    page = Page().connect(viewer, hub)
    view = await live(page.subscribe(1, namespaces=["a"]))
    await until(lambda: bool(api.watches))
    shown, snapshots = view.statuses(), view.synced
    refused = {("pods", "a", "list"), ("pods", "a", "watch")}
    api.forbidden |= refused
    api.end_watches()
    await until(lambda: view.state == "reconnecting")
    api.forbidden -= refused
    await until(lambda: view.state == "live")
    assert view.statuses() == shown
    assert view.synced == snapshots
    assert "forbidden" not in [state["state"] for state in view.states]
    await page.disconnect()
    await hub.close()


async def test_what_may_be_listed_but_not_watched_is_listed_again_and_again(api: FakeApiServer, page: Page) -> None:
    api.unwatchable.add("pods")
    view = await live(page.subscribe(1, namespaces=["a"]))
    api.put("pods", "a", "x", "Running", "0", "0s")
    await until(lambda: view.statuses() == api.keys("pods", "a"))
    assert view.state == "live"


async def test_a_server_that_cannot_print_is_read_as_objects_with_name_and_age(api: FakeApiServer, page: Page) -> None:
    api.unprintable = True
    view = await live(page.subscribe(1))
    assert view.columns == ["Name", "Age"]
    assert view.rows["a/p0"] == ["p0", {"at": 1767323045.0}]
    assert set(view.rows) == set(api.keys("pods"))
    api.put("pods", "a", "x")
    api.delete("pods", "a", "p0")
    await until(lambda: set(view.rows) == set(api.keys("pods")))


async def test_other_columns_lead_to_a_fresh_snapshot(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1))
    api.columns["pods"] = [*api.columns["pods"][:3], ("Created", "date", "")]
    api.end_watches()
    api.put("pods", "a", "x", "Running", "0", "0s")
    await until(lambda: "a/x" in view.rows and view.state == "live")
    assert view.columns[-1] == "Created"
    assert view.statuses() == api.keys("pods")
    assert view.resets == 2


async def test_a_kind_that_the_cluster_does_not_serve_fails_and_comes_to_life_once_it_is_there(
    api: FakeApiServer, page: Page
) -> None:
    view = page.subscribe(1, "boats", namespaces=["a"])
    await until(lambda: view.state == "failed")
    assert view.states[-1]["missing"][0]["code"] == "live.no_such_kind"
    api.put("boats", "a", "b1", "afloat", "0", "1m")
    await live(view)
    assert set(view.rows) == {"a/b1"}


async def test_a_selector_that_the_cluster_does_not_understand_ends_the_subscription(
    api: FakeApiServer, page: Page
) -> None:
    api.faults.append((400, {}, status_body(400, "field label not supported: foo", "BadRequest")))
    view = page.subscribe(1, namespaces=["a"], field_selector="foo=bar")
    await until(lambda: bool(view.errors))
    assert view.errors[0]["code"] == "live.bad_selector"
    assert "foo" in view.errors[0]["message"]
    assert "fieldSelector=foo%3Dbar" in api.requests[0][0]


async def test_retry_after_is_honoured(api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page) -> None:
    api.faults.append((429, {"Retry-After": "70"}, status_body(429, "too many requests")))
    began = hub.now()
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "reconnecting")
    assert view.states[-1]["retry_at"] - began >= 70
    assert len(api.requests) == 1


async def test_an_empty_list_is_synced_too(api: FakeApiServer, page: Page) -> None:
    view = await live(page.subscribe(1, namespaces=["nothing-here"]))
    assert view.synced[0]["count"] == 0
    assert view.resets == 1
