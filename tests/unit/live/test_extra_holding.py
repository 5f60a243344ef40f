"""Extra columns that decide which rows are in sight, and in which order: values of all rows, known to the server."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from tests.unit.live.extra_apiserver import ObjectApiServer
from tests.unit.live.kit import FAST, FakeViewer, until

from headlamp.live.extra.allowance import Allowance
from headlamp.live.extra.extras import FAULT, TOO_MANY_LOOKS, Extras
from headlamp.live.members import alone
from headlamp.live.protocol import Column, Key
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.upstream import Upstream
from headlamp.live.viewer import Access

TIMING = replace(FAST, extra=0.05, usage=0.05, refused_pause=0.05)
PODS = Selection("", "v1", "pods", namespaced=True, namespaces=("a",))
P1, P2 = ("a", "p1"), ("a", "p2")
Make = Callable[[Allowance], Awaitable[Extras]]


@pytest.fixture
def api() -> ObjectApiServer:
    server = ObjectApiServer()
    server.namespace("a")
    for name, replicas in (("p1", "3"), ("p2", "10")):
        server.put_object("a", name, metadata={"labels": {"app": name, "count": replicas}}, spec={"containers": []})
    return server


@pytest.fixture
def table() -> RowTable:
    made = RowTable()
    made.define((Column("Name", "string", "name", 0, "", instant=False),))
    for namespace, name in (P1, P2):
        made.put((namespace, name, [name]), time.time())
    return made


@pytest.fixture
async def make(api: ObjectApiServer, table: RowTable) -> AsyncIterator[Make]:
    made: list[Extras] = []
    viewer = FakeViewer(api)

    async def open_access() -> Access:
        return await viewer.open("demo")

    async def extras(allowance: Allowance) -> Extras:
        upstream = Upstream(alone(await open_access(), open_access), timing=TIMING, now=time.time)
        made.append(
            Extras(upstream, PODS, lambda: table, allowance=allowance, random=lambda: 0.5, changed=lambda: None)
        )
        return made[-1]

    yield extras
    for one in made:
        one.close()


async def test_values_of_all_rows_are_known_and_told_of_once(make: Make) -> None:
    extras = await make(Allowance())
    extras.hold(["label:count"])
    told: list[Key] = []

    def all_told() -> bool:
        told.extend(extras.changed_values())
        return len(told) == 2

    await until(all_told)
    assert sorted(told) == [P1, P2]
    assert [extras.value_of(key, "label:count") for key in (P1, P2)] == ["3", "10"]
    assert extras.value_of(P1, "label:app") is None
    assert extras.changed_values() == []


async def test_a_row_that_the_cluster_speaks_of_is_read_again(
    make: Make, api: ObjectApiServer, table: RowTable
) -> None:
    extras = await make(Allowance())
    extras.hold(["label:count"])
    await until(lambda: extras.value_of(P1, "label:count") == "3")
    api.put_object("a", "p1", metadata={"labels": {"count": "4"}}, spec={"containers": []})
    table.put((*P1, ["p1"]), time.time())
    await until(lambda: extras.value_of(P1, "label:count") == "4")


async def test_a_use_sorts_by_its_number(make: Make, api: ObjectApiServer) -> None:
    api.metrics = {P1: {"cpu": "125m", "memory": "1Mi"}, P2: {"cpu": "1", "memory": "1Mi"}}
    extras = await make(Allowance())
    extras.hold(["usage:cpu"])
    await until(lambda: [extras.value_of(key, "usage:cpu") for key in (P1, P2)] == [0.25, 2.0])


async def test_nothing_is_held_any_more_when_nobody_sorts_by_it(make: Make) -> None:
    extras = await make(Allowance())
    extras.hold(["label:count"])
    await until(lambda: extras.value_of(P1, "label:count") == "3")
    extras.hold([])
    assert extras.value_of(P1, "label:count") is None


async def test_a_list_has_its_columns_when_another_gives_up_the_place(make: Make) -> None:
    allowance = Allowance(max_looks=1)
    first, second = await make(allowance), await make(allowance)
    heard = Heard(second)
    first.look(["label:app"], [P1])
    second.look(["label:app"], [P1])
    heard.listen()
    assert heard.problems == [TOO_MANY_LOOKS]
    first.close()
    second.look(["label:app"], [P1])
    await until(lambda: heard.listen().rows == [[*P1, ["p1"]]])
    assert heard.problems[-1] == ""


async def test_a_fault_of_ours_is_said_in_the_column_and_the_next_round_goes_on(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [True]
    counts = RowTable.counts

    def failing(table: RowTable) -> dict[str, int]:
        if faults:
            faults.pop()
            raise ZeroDivisionError
        return counts(table)

    monkeypatch.setattr(RowTable, "counts", failing)
    extras = await make(Allowance())
    heard = Heard(extras)
    extras.look(["label:app"], [P1])
    await until(lambda: FAULT in heard.listen().problems)
    await until(lambda: heard.listen().problems[-1] == "" and heard.rows == [[*P1, ["p1"]]])


class Heard:
    """What a page is told: the problem of the first column whenever columns come, and rows."""

    def __init__(self, extras: Extras) -> None:
        self._extras = extras
        self.problems: list[str] = []
        self.rows: list[object] = []

    def listen(self) -> Heard:
        """Take in what there is to be sent."""
        for payload in self._extras.take():
            frame = payload.frame(1)
            message = json.loads(frame if isinstance(frame, str) else gzip.decompress(frame))
            self.rows += message["rows"]
            if message["columns"]:
                self.problems.append(message["columns"][0]["problem"])
        return self
