"""Windows that are sorted and filtered by extra columns: by what of a row only its object says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.live.extra_apiserver import ObjectApiServer
from tests.unit.live.kit import FAST, FakeViewer, until
from tests.unit.live.window_page import WindowPage

from headlamp.live.client_messages import MAX_EXTRAS
from headlamp.live.extra.extras import Extras
from headlamp.live.hub import Hub

PODS = 12


def put(api: ObjectApiServer, number: int, rank: int) -> None:
    """A pod that says `rank` in every way that an extra column can read."""
    requests = {"cpu": f"{rank * 100}m", "example.com/gpu": f"{rank}"}
    api.put_object(
        "a",
        f"p{number}",
        metadata={
            "labels": {"rank": f"r{rank}"},
            "annotations": {"Team": f"t{rank}"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": f"set-{rank}"}],
        },
        spec={"nodeName": f"node-{rank}", "containers": [{"name": "app", "resources": {"requests": requests}}]},
    )
    statuses = [{"name": "app", "state": {"waiting": {"reason": f"Reason{rank}"}}}]
    api.objects["pods", "a", f"p{number}"]["status"] = {"containerStatuses": statuses}


@pytest.fixture
def api() -> ObjectApiServer:
    made = ObjectApiServer()
    made.namespace("a")
    for number in range(PODS):
        put(made, number, 20 - number)
    return made


@pytest.fixture
async def page(api: ObjectApiServer) -> AsyncIterator[WindowPage]:
    hub = Hub(timing=FAST, random=lambda: 0.5, window_from=8)
    made = WindowPage()
    made.connect(FakeViewer(api), hub)
    yield made
    await made.disconnect()
    await hub.close()


async def test_an_extra_column_is_sorted_by(page: WindowPage) -> None:
    view = page.watch(sort="label:rank", count=3)
    await until(lambda: view.names == ["a/p11", "a/p10", "a/p9"])
    page.look(2, sort="label:rank", descending=True, count=2)
    await until(lambda: view.answered == 2 and view.names == ["a/p0", "a/p1"])
    page.look(3, sort="Name", count=2)
    await until(lambda: view.answered == 3 and view.names == ["a/p0", "a/p1"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("requests:cpu>1850m", ["a/p0", "a/p1"]),
        ("-requests:cpu<=1.8", ["a/p0", "a/p1"]),
        ("requests:example.com/gpu>18 requests:cpu<2", ["a/p1"]),
        ("label:rank:r1 label:rank:9", ["a/p1"]),
        ("annotation:Team=t17", ["a/p3"]),
        ("jsonpath:{.spec.nodeName}:node-20", ["a/p0"]),
        ("owner:replicaset/set-15", ["a/p5"]),
        ("containers:reason12", ["a/p8"]),
        ("last-restart:oom", []),
    ],
)
async def test_an_extra_column_is_filtered_by_under_its_id(page: WindowPage, text: str, names: list[str]) -> None:
    view = page.watch(filter=text)
    await until(lambda: view.state == "live" and view.names == names)
    assert view.in_sight is not None
    assert view.in_sight.problem == ""
    await until(lambda: view.in_sight is not None and view.in_sight.total == PODS)


async def test_a_row_comes_into_sight_when_its_object_says_so(api: ObjectApiServer, page: WindowPage) -> None:
    view = page.watch(filter="requests:cpu>1850m")
    await until(lambda: view.names == ["a/p0", "a/p1"])
    put(api, 7, 30)
    await until(lambda: view.names == ["a/p0", "a/p1", "a/p7"])


async def test_what_is_no_extra_column_of_the_kind_is_told(page: WindowPage) -> None:
    view = page.watch(filter="usage:gpu>1")
    await until(lambda: view.in_sight is not None)
    assert view.in_sight is not None
    assert "There is no column “usage:gpu”" in view.in_sight.problem


async def test_nothing_is_read_for_a_comparison_that_is_still_being_typed(
    api: ObjectApiServer, page: WindowPage
) -> None:
    view = page.watch(filter="requests:cpu>")
    await until(lambda: view.state == "live" and bool(view.synced))
    page.look(2, filter="requests:cpu>=")
    await until(lambda: view.answered == 2)
    assert view.names == ["a/p0", "a/p1", "a/p2", "a/p3"]
    assert not api.asked


async def test_one_viewers_extra_columns_decide_nobody_elses_rows(api: ObjectApiServer, page: WindowPage) -> None:
    mine, other = page.watch(1, filter="label:rank:r20"), page.watch(2)
    await until(lambda: mine.names == ["a/p0"])
    await until(lambda: other.names == ["a/p0", "a/p1", "a/p2", "a/p3"])
    page.say({"type": "unsubscribe", "id": 1})
    put(api, 0, 1)
    message: dict[str, Any] = {"type": "view", "id": 2, "view": {"number": 2, "sort": "Name", "count": 1}}
    page.say(json.dumps(message))
    await until(lambda: other.answered == 2)
    assert other.names == ["a/p0"]


async def test_no_more_extra_columns_are_read_for_a_filter_than_a_look_may_name(
    page: WindowPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[list[str]] = []
    hold = Extras.hold

    def noted(extras: Extras, ids: list[str]) -> None:
        held.append(ids)
        hold(extras, ids)

    monkeypatch.setattr(Extras, "hold", noted)
    conditions = [f"-annotation:key{number}:x" for number in range(MAX_EXTRAS + 5)]
    view = page.watch(sort="owner", descending=True, filter=" ".join(conditions), count=2)
    await until(lambda: view.names == ["a/p0", "a/p1"])
    assert held[-1] == ["owner", *(f"annotation:key{number}" for number in range(MAX_EXTRAS - 1))]
    assert view.in_sight is not None
    # What is not read is looked for as a word, and that is told.
    assert f"annotation:key{MAX_EXTRAS}" in view.in_sight.problem
