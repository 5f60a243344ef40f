from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest
from tests.unit.live.extra_apiserver import METADATA, ObjectApiServer
from tests.unit.live.extra_page import ExtraPage
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, until

from headlamp.live import paging
from headlamp.live.extra.allowance import MAX_LOOKS, Allowance
from headlamp.live.extra.extras import TOO_MANY_LOOKS, TOO_MUCH
from headlamp.live.extra.measuring import NO_METRICS
from headlamp.live.hub import Hub

TIMING = replace(FAST, extra=0.05, usage=0.05, no_usage=60.0)
ROWS = 60


@pytest.fixture
def api() -> ObjectApiServer:
    server = ObjectApiServer()
    server.namespace("a", "b")
    for namespace in "ab":
        for number in range(ROWS):
            spec = {"nodeName": f"node-{number}", "containers": [{"name": "app", "env": [{"value": "secret"}]}]}
            metadata = {"labels": {"app": f"{namespace}{number}"}, "annotations": {"pad": "x" * 5000}}
            server.put_object(namespace, f"p{number}", metadata=metadata, spec=spec)
    return server


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub(timing=TIMING, random=lambda: 0.5)
    yield made
    await made.close()


@pytest.fixture
async def page(api: ObjectApiServer, hub: Hub) -> AsyncIterator[ExtraPage]:
    made = ExtraPage()
    made.connect(FakeViewer(api), hub)
    view = made.subscribe(1)
    await until(lambda: bool(view.synced))
    yield made
    await made.disconnect()


async def quiet(api: ObjectApiServer) -> None:
    """Long enough for whatever is under way to be asked."""
    before = -1
    while before != len(api.asked):
        before = len(api.asked)
        await asyncio.sleep(0.1)


async def test_only_rows_in_view_are_read_and_only_their_metadata(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", "owner", rows=["a/p1", "b/p7"])
    await until(lambda: len(page.cells) == 2)
    assert page.column("label:app") == {"a/p1": "a1", "b/p7": "b7"}
    await quiet(api)
    assert sorted(api.asked) == [
        "/api/v1/namespaces/a/pods?limit=500&fieldSelector=metadata.name%3Dp1",
        "/api/v1/namespaces/b/pods?limit=500&fieldSelector=metadata.name%3Dp7",
    ]
    assert {accept for accept, _ in api.asked_as} == {METADATA}
    assert api.sent_bytes < 2 * 5600


async def test_an_object_is_read_whole_for_a_column_that_needs_it(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", "jsonpath:{.spec.nodeName}", "containers", rows=["a/p1"])
    await until(lambda: bool(page.cells))
    assert page.cells["a/p1"] == {
        "label:app": "a1",
        "jsonpath:{.spec.nodeName}": "node-1",
        "containers": [{"name": "app", "state": ""}],
    }
    assert [accept for accept, _ in api.asked_as] == ["application/json"]
    assert "secret" not in "".join(map(str, page.messages))


async def test_many_rows_of_a_namespace_are_read_by_one_list(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=[f"a/p{number}" for number in range(50)])
    await until(lambda: len(page.cells) == 50)
    await quiet(api)
    assert api.asked == ["/api/v1/namespaces/a/pods?limit=500"]


async def test_scrolling_reads_and_sends_what_comes_into_view_and_nothing_else(
    api: ObjectApiServer, page: ExtraPage
) -> None:
    page.look("label:app", rows=["a/p1", "a/p2"])
    await until(lambda: len(page.cells) == 2)
    page.look("label:app", rows=["a/p2", "a/p3"])
    await until(lambda: len(page.cells) == 3)
    await quiet(api)
    assert len(api.asked) == 3
    sent = [(row[1]) for message in page.extra_messages for row in message["rows"]]
    # The first two are read at the same time.
    assert (sorted(sent[:2]), sent[2:]) == (["p1", "p2"], ["p3"])
    assert [message["columns"] is not None for message in page.extra_messages if message["rows"]].count(True) <= 1


async def test_a_row_that_comes_back_into_view_is_read_again(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: len(page.cells) == 1)
    page.look("label:app", rows=["a/p2"])
    await until(lambda: len(page.cells) == 2)
    api.put_object("a", "p1", metadata={"labels": {"app": "new"}})
    page.look("label:app", rows=["a/p1"])
    await until(lambda: page.cells["a/p1"]["label:app"] == "new")


async def test_a_change_that_no_cell_of_the_row_shows_is_seen(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1", "a/p2"])
    await until(lambda: len(page.cells) == 2)
    changes = page.views[1].changes
    api.put_object("a", "p1", metadata={"labels": {"app": "other"}})
    api.put_object("a", "p9", metadata={"labels": {"app": "out of view"}})
    await until(lambda: page.cells["a/p1"]["label:app"] == "other")
    await quiet(api)
    assert page.views[1].changes == changes
    assert len(api.asked) == 3
    assert page.column("label:app") == {"a/p1": "other", "a/p2": "a2"}


async def test_a_row_that_changes_all_the_time_is_read_in_turns(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: len(page.cells) == 1)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(100):
        api.put_object("a", "p1", metadata={"labels": {"app": str(number)}})
        await asyncio.sleep(0.002)
    await until(lambda: page.cells["a/p1"]["label:app"] == "99")
    turns = (loop.time() - began) / TIMING.extra
    assert len(api.asked) <= 2 + turns


async def test_the_same_values_are_not_sent_again(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: len(page.cells) == 1)
    sent = len(page.extra_messages)
    api.put_object("a", "p1", status="Failed", metadata={"labels": {"app": "a1"}})
    await until(lambda: page.views[1].statuses()["a/p1"] == "Failed" and len(api.asked) >= 2)
    await quiet(api)
    assert len(api.asked) == 2
    assert len(page.extra_messages) == sent


async def test_all_rows_are_read_page_by_page_for_a_view_that_sorts_by_a_column(
    api: ObjectApiServer, page: ExtraPage
) -> None:
    for number in range(1100):
        api.put_object("c", f"q{number}", metadata={"labels": {"app": "c"}})
    await until(lambda: len(page.views[1].rows) == 2 * ROWS)  # c is no namespace yet
    api.namespace("c")
    await until(lambda: len(page.views[1].rows) == 2 * ROWS + 1100)
    page.look("label:app", rows=None)
    await until(lambda: len(page.cells) == 2 * ROWS + 1100)
    await quiet(api)
    assert len(api.asked) <= 5
    assert all("fieldSelector" not in target for target in api.asked)
    api.put_object("a", "new", metadata={"labels": {"app": "new"}})
    await until(lambda: page.cells.get("a/new") == {"label:app": "new"})


async def test_another_column_starts_over(page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: len(page.cells) == 1)
    page.look("label:app", "label:no", rows=["a/p1"])
    await until(lambda: page.cells.get("a/p1") == {"label:app": "a1", "label:no": None})
    page.look(rows=[])
    await until(lambda: not page.definitions)
    assert not page.cells


async def test_a_column_that_makes_no_sense_leaves_the_others_alone(page: ExtraPage) -> None:
    page.look("label:app", "colour", "jsonpath:{..x}", rows=["a/p1"])
    await until(lambda: bool(page.cells))
    assert page.cells["a/p1"] == {"label:app": "a1", "colour": None, "jsonpath:{..x}": None}
    assert page.problems["label:app"] == ""
    assert "no column" in page.problems["colour"]
    assert "not understood" in page.problems["jsonpath:{..x}"]


async def test_a_look_before_the_rows_are_there_is_answered_when_they_come(api: ObjectApiServer, hub: Hub) -> None:
    page = ExtraPage()
    page.connect(FakeViewer(api), hub)
    page.subscribe(1)
    page.look("label:app", rows=["a/p1"])
    await until(lambda: page.column("label:app") == {"a/p1": "a1"})
    await page.disconnect()


async def test_rows_that_do_not_exist_are_not_asked_for(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/nobody", "../p1", "a?x=/p1", "b/p1"])
    await until(lambda: bool(page.cells))
    await quiet(api)
    assert len(api.asked) == 1


async def test_a_refusal_is_said_in_the_column_and_the_rows_stay(api: ObjectApiServer, page: ExtraPage) -> None:
    api.refusals["a"] = (403, 'pods is forbidden: User "ann" cannot list resource "pods" in the namespace "a"')
    page.look("label:app", rows=["a/p1", "b/p1"])
    await until(lambda: page.cells.get("b/p1") == {"label:app": "b1"} and "cannot list" in page.problems["label:app"])
    await until(lambda: page.cells.get("a/p1") == {"label:app": None})
    assert len(page.views[1].rows) == 2 * ROWS
    assert page.views[1].state == "live"
    del api.refusals["a"]
    await until(lambda: page.cells["a/p1"] == {"label:app": "a1"})
    await until(lambda: page.problems["label:app"] == "")


async def test_values_go_when_the_right_to_read_them_goes(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: page.column("label:app") == {"a/p1": "a1"})
    api.refusals["a"] = (403, "no longer")
    api.put_object("a", "p1")
    await until(lambda: page.column("label:app") == {"a/p1": None})


async def test_a_cluster_that_can_not_answer_is_asked_again(api: ObjectApiServer, page: ExtraPage) -> None:
    api.refusals["a"] = (503, "busy")
    page.look("label:app", rows=["a/p1"])
    await until(lambda: "busy" in page.problems.get("label:app", ""))
    del api.refusals["a"]
    await until(lambda: page.column("label:app") == {"a/p1": "a1"})
    await until(lambda: page.problems["label:app"] == "")


async def test_a_list_without_an_end_is_given_up(
    api: ObjectApiServer, page: ExtraPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MAX_ROWS", 500)
    api.endless = True
    api.put("pods", "a", "row-alone", "Running", "0", "0s")
    page.look("label:app", rows=["a/p1", "a/row-alone"])
    await until(lambda: "does not end" in page.problems.get("label:app", ""))
    api.endless = False
    await until(lambda: page.problems["label:app"] == "")
    await until(lambda: page.column("label:app") == {"a/p1": "a1", "a/row-alone": None})


async def test_a_server_without_metadata_lists_is_read_in_whole_objects(api: ObjectApiServer, page: ExtraPage) -> None:
    api.no_metadata = True
    page.look("label:app", rows=["a/p1"])
    await until(lambda: page.column("label:app") == {"a/p1": "a1"})


async def test_secrets_are_never_read_whole(api: ObjectApiServer, page: ExtraPage) -> None:
    api.put_object("a", "token", plural="secrets", metadata={"labels": {"app": "s"}}, data={"password": "aHVudGVy"})
    page.subscribe(2, "secrets")
    ids = ("label:app", "jsonpath:{.metadata.name}", "jsonpath:{.data.password}", "jsonpath:{.*}")
    page.look(*ids, rows=["a/token"], number=2)
    await until(lambda: "a/token" in page.cells)
    assert list(page.cells["a/token"].values()) == ["s", "token", None, None]
    assert {accept for accept, _ in api.asked_as} == {METADATA}
    api.no_metadata = True
    api.asked_as.clear()
    page.look("label:app", "owner", rows=["a/token"], number=2)
    await until(lambda: "accepted" in page.problems.get("label:app", ""))
    assert {accept for accept, _ in api.asked_as} == {METADATA}


async def test_extra_columns_are_read_as_the_one_who_looks(api: ObjectApiServer, hub: Hub) -> None:
    """Two people share what they may share; what they look at is read with each one's own token."""
    pages = []
    for token in ("t-ann", "t-bob"):
        page = ExtraPage()
        page.connect(FakeViewer(api, FakeCredential("same", token)), hub)
        view = page.subscribe(1)
        await until(lambda view=view: bool(view.synced))  # type: ignore[misc]
        page.look("label:app", rows=["a/p1"])
        await until(lambda page=page: bool(page.cells))  # type: ignore[misc]
        pages.append(page)
    assert [token for _, token in api.asked_as] == ["t-ann", "t-bob"]
    for page in pages:
        await page.disconnect()


async def test_usage_is_read_again_and_again_beside_requests_and_limits(api: ObjectApiServer, page: ExtraPage) -> None:
    resources = {"requests": {"memory": "64Mi"}, "limits": {"memory": "128Mi"}}
    api.put_object("a", "p1", spec={"containers": [{"name": "app", "resources": resources}]})
    api.metrics = {("a", "p1"): {"cpu": "125m", "memory": "16Mi"}}
    page.look("usage:memory", "usage:cpu", rows=["a/p1", "a/p2"])
    mebi = 2.0**20
    measured = {
        "usage:memory": {"value": 32 * mebi, "text": "32Mi", "request": 64 * mebi, "limit": 128 * mebi},
        "usage:cpu": {"value": 0.25, "text": "250m", "request": None, "limit": None},
    }
    await until(lambda: page.cells.get("a/p1") == measured)
    await until(lambda: "a/p2" in page.cells)
    assert page.cells["a/p2"]["usage:cpu"]["value"] is None
    api.metrics = {("a", "p1"): {"cpu": "1", "memory": "16Mi"}}
    await until(lambda: page.cells["a/p1"]["usage:cpu"]["text"] == "2")
    assert {target.split("?")[0] for target in api.metrics_asked} == {"/apis/metrics.k8s.io/v1beta1/namespaces/a/pods"}


async def test_where_nobody_measures_the_column_says_so_and_is_seldom_asked(
    api: ObjectApiServer, page: ExtraPage
) -> None:
    page.look("usage:cpu", rows=["a/p1"])
    await until(lambda: page.problems.get("usage:cpu") == NO_METRICS and bool(page.cells))
    assert page.cells["a/p1"]["usage:cpu"] == {"value": None, "text": "", "request": None, "limit": None}
    page.look("usage:cpu", rows=["a/p2"])
    await until(lambda: "a/p2" in page.cells)
    await quiet(api)
    assert len(api.metrics_asked) == 1


async def test_nothing_is_read_for_columns_without_usage(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: bool(page.cells))
    assert not api.metrics_asked


async def test_no_more_than_eight_requests_run_at_once(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=[f"{namespace}/p{number}" for namespace in "ab" for number in range(10)])
    await until(lambda: len(page.cells) == 20)
    assert 1 < api.most_in_flight <= 8


async def test_what_is_too_much_to_keep_is_said(
    api: ObjectApiServer, page: ExtraPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headlamp.live.extra.allowance.Allowance.take_bytes", lambda _, count: count <= 0)
    page.look("annotation:pad", rows=["a/p1"])
    await until(lambda: page.problems.get("annotation:pad") == TOO_MUCH)
    assert not page.cells


async def test_extra_columns_in_a_few_lists_at_a_time(api: ObjectApiServer, page: ExtraPage) -> None:
    last = MAX_LOOKS + 1
    for number in range(1, last + 1):
        if number > 1:
            page.subscribe(number)
        page.look("label:app", rows=["a/p1"], number=number)

    def refused() -> bool:
        told = [message["columns"] for message in page.extra_messages if message["id"] == last]
        return any(columns[0]["problem"] == TOO_MANY_LOOKS for columns in told if columns)

    await until(refused)
    page.say({"type": "unsubscribe", "id": 1})
    page.extra_messages.clear()
    page.look("owner", rows=["a/p1"], number=last)
    await until(lambda: any(message["id"] == last and message["rows"] for message in page.extra_messages))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "look", "id": 1, "extra": ["label:app"] * 21, "rows": []},
        {"type": "look", "id": 1, "extra": ["label:app"], "rows": [["a", "p"]] * 501},
        {"type": "look", "id": 1, "extra": ["label:" + "x" * 600], "rows": []},
        {"type": "look", "id": 1, "extra": [""], "rows": []},
        {"type": "look", "id": 1, "extra": ["label:app"]},
        {"type": "look", "id": 1, "extra": "label:app", "rows": []},
    ],
)
async def test_a_look_beyond_the_bounds_is_refused(page: ExtraPage, message: object) -> None:
    page.say(message)
    await until(lambda: bool(page.views.get(0) and page.views[0].errors))
    assert page.views[0].errors[0]["code"] == "live.bad_request"


async def test_a_look_at_no_subscription_is_ignored(page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"], number=77)
    page.look("label:app", rows=["a/p1"])
    await until(lambda: bool(page.cells))
    assert {message["id"] for message in page.extra_messages} == {1}


async def test_nothing_is_read_any_more_when_the_list_is_left(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=["a/p1"])
    await until(lambda: bool(page.cells))
    page.say({"type": "unsubscribe", "id": 1})
    other = page.subscribe(2)
    await until(lambda: bool(other.synced))
    api.put_object("a", "p1", metadata={"labels": {"app": "late"}})
    await quiet(api)
    assert len(api.asked) == 1


async def defined(tab: ExtraPage) -> None:
    await until(lambda: bool(tab.definitions))


async def test_the_tabs_of_a_session_have_one_allowance_together(
    api: ObjectApiServer, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headlamp.live.quotas.Allowance", partial(Allowance, max_looks=1))
    session = FakeViewer(api)
    tabs = [ExtraPage(), ExtraPage(), ExtraPage()]
    for tab, viewer in zip(tabs, (session, session, FakeViewer(api)), strict=True):
        tab.connect(viewer, hub)
        tab.subscribe(1)
        tab.look("label:app", rows=["a/p1"])
        await defined(tab)
    assert [tab.problems["label:app"] for tab in tabs] == ["", TOO_MANY_LOOKS, ""]
    await tabs[0].disconnect()
    tabs[1].look("label:app", rows=["a/p1"])
    await until(lambda: tabs[1].column("label:app") == {"a/p1": "a1"})
    for tab in tabs[1:]:
        await tab.disconnect()


async def test_a_row_that_comes_again_is_told_again(api: ObjectApiServer, page: ExtraPage) -> None:
    page.look("label:app", rows=None)
    await until(lambda: len(page.cells) == 2 * ROWS)
    api.delete("pods", "a", "p1")
    await until(lambda: "a/p1" not in page.views[1].rows)
    # A page keeps no cells of rows that are gone.
    del page.cells["a/p1"]
    api.put_object("a", "p1", metadata={"labels": {"app": "a1"}}, spec={})
    await until(lambda: page.cells.get("a/p1") == {"label:app": "a1"})
