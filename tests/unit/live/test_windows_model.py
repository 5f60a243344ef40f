"""Whatever happens to rows and views, in whatever order: a window shows what sorting and filtering all rows would."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.live.window_page import InSight
from tests.unit.live.window_truth import truth

from headlamp.live import index, kept_indexes, shelf, slices
from headlamp.live.client_messages import ViewSpec
from headlamp.live.filtering.matching import ValuesOf
from headlamp.live.protocol import Cell, Column, Instant, Key
from headlamp.live.rows import RowTable
from headlamp.live.viewport import Viewport
from headlamp.live.window import Windows

COLUMNS = (
    Column("Name", "string", "name", 0, "", False),
    Column("Ready", "string", "", 0, "", False),
    Column("Status", "string", "", 0, "", False),
    Column("Age", "string", "", 0, "", True),
)
STATUSES = ("Running", "Pending", "CrashLoopBackOff", "Completed")
FILTERS = (
    *("", "p1", "-p1", "status:running", "-status:pending status=Running", "ns:a", "age>1m", "age<=2m p", "ready<1"),
    *("owner:x", "owner:y age>30s", "nothing:here", "status:running ns:b age>=1m"),
)
SORTS = ("@urgent", "@namespace", "Name", "Age", "Ready", "Status", "owner", "no such column")
WINDOW_FROM = 10


@dataclass
class Tab:
    """A page with a window, and the extra column "owner" that it alone may see."""

    viewport: Viewport | None = None
    view: ViewSpec | None = None
    in_sight: InSight | None = None
    owners: dict[Key, str] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)

    def wake(self) -> None:
        return

    def switched(self) -> None:
        self.in_sight = None
        if self.viewport is not None:
            self.viewport.reset()

    def find_extra(self, extra_id: str) -> ValuesOf | None:
        return self.owners.get if extra_id == "owner" else None

    def hold_extras(self, extra_ids: list[str]) -> None:
        self.held = extra_ids

    async def drain(self) -> None:
        """Take what there is, once it is ready."""
        assert self.viewport is not None
        for _ in range(20_000):
            payloads = self.viewport.take()
            if payloads is not None:
                break
            await asyncio.sleep(0)
        assert payloads is not None, "nothing comes"
        self.apply([decoded(payload.frame(1)) for payload in payloads])

    def apply(self, messages: Sequence[dict[str, Any]]) -> None:
        for message in messages:
            if message["type"] == "columns":
                self.in_sight = InSight()
            else:
                assert self.in_sight is not None, "a window before its columns"
                self.in_sight.take(message)


def decoded(frame: str | bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(frame if isinstance(frame, str) else gzip.decompress(frame))
    return message


class Model:
    """One table with some tabs, and a clock that stands still unless it is moved."""

    def __init__(self, tabs: int) -> None:
        self.now = 1_764_000_000.0
        self.table = RowTable()
        self.table.define(COLUMNS)
        self.windows = Windows(self.table, "pods", now=lambda: self.now, window_from=WINDOW_FROM)
        self.tabs = [Tab() for _ in range(tabs)]
        for tab in self.tabs:
            tab.viewport = self.windows.open(tab)

    def put(self, key: Key, ready: int, status: int, age: float) -> None:
        cells: list[Cell] = [key[1], f"{ready}/2", STATUSES[status], Instant(at=self.now - age) if age else None]
        self.table.put((*key, cells), self.now)

    def flush(self) -> None:
        self.windows.apply(*self.table.take_changes())
        self.windows.resize()

    def show(self, tab: Tab, spec: ViewSpec) -> None:
        assert tab.viewport is not None
        number = 1 if tab.view is None else tab.view.number + 1
        tab.view = ViewSpec(number, spec.filter, spec.sort, spec.descending, "", spec.first, spec.count)
        tab.viewport.show(tab.view)

    def own(self, tab: Tab, key: Key, owner: str) -> None:
        assert tab.viewport is not None
        tab.owners[key] = owner
        tab.viewport.touch([key])

    async def check(self, *, ask_again: bool) -> None:
        """Everything that happened has been told, to those who ask again if need be."""
        self.flush()
        self.windows.shelf.grow_older()
        for tab in self.tabs:
            if tab.view is None:
                continue
            assert tab.viewport is not None
            if self.windows.on:
                if ask_again:
                    self.show(tab, tab.view)
                await tab.drain()
                self.compare(tab, tab.view)
            else:
                assert tab.viewport.take() is None
                assert not tab.held
        assert self.windows.on is (len(self.windows.shelf) > 0)

    def compare(self, tab: Tab, view: ViewSpec) -> None:
        shown = tab.in_sight
        assert shown is not None
        expected = truth(self.table, COLUMNS, view, now=self.now, find=tab.find_extra)
        assert (shown.view, shown.first) == (view.number, expected.first)
        assert (shown.total, shown.matching) == (expected.total, len(expected.order))
        assert list(shown.rows) == ["/".join(item.key) for item in expected.rows]
        assert [cells[1:3] for cells in shown.rows.values()] == [item.cells[1:3] for item in expected.rows]
        assert {facet["value"]: facet["count"] for facet in shown.facets or ()} == expected.words
        assert bool(shown.problem) is expected.has_problem


keys = st.tuples(st.sampled_from("ab"), st.sampled_from([f"p{number}" for number in range(12)]))
ages = st.sampled_from([0.0, 10.0, 59.0, 60.0, 61.0, 119.0, 200.0])
views = st.builds(
    partial(ViewSpec, 1),
    filter=st.sampled_from(FILTERS),
    sort=st.sampled_from(SORTS),
    descending=st.booleans(),
    first=st.integers(0, 20),
    count=st.integers(1, 8),
)
puts = st.tuples(st.just("put"), keys, st.integers(0, 2), st.integers(0, 3), ages)
steps = st.one_of(
    puts,
    st.tuples(st.just("many"), st.lists(puts, min_size=4, max_size=24)),
    st.tuples(st.just("remove"), st.lists(keys, min_size=1, max_size=12)),
    st.tuples(st.just("flush")),
    st.tuples(st.just("pass"), st.integers(1, 4)),
    st.tuples(st.just("time"), st.sampled_from([1.0, 30.0, 61.0])),
    st.tuples(st.just("show"), st.integers(0, 1), views),
    st.tuples(st.just("own"), st.integers(0, 1), keys, st.sampled_from("xyz")),
    st.tuples(st.just("check")),
)


async def run(story: Sequence[tuple[Any, ...]], *, ask_again: bool = False) -> None:
    model = Model(2)
    try:
        for step in story:
            await take(model, step)
            if step == ("check",):
                await model.check(ask_again=ask_again)
        await model.check(ask_again=ask_again)
    finally:
        model.windows.close()


async def take(model: Model, step: tuple[Any, ...]) -> None:
    match step:
        case ("put", key, ready, status, age):
            model.put(key, ready, status, age)
        case ("many", rows):
            for row in rows:
                model.put(*row[1:])
            model.flush()
        case ("remove", gone):
            for key in gone:
                model.table.remove(*key)
        case ("flush",):
            model.flush()
        case ("pass", turns):
            for _ in range(turns):
                await asyncio.sleep(0)
        case ("time", seconds):
            model.now += seconds
            model.windows.shelf.grow_older()
        case ("show", tab, view):
            model.show(model.tabs[tab], view)
        case ("own", tab, key, owner):
            model.own(model.tabs[tab], key, owner)


@given(
    st.lists(puts, min_size=12, max_size=40).flatmap(
        lambda first: st.lists(steps, max_size=40).map(
            lambda rest: [*first, ("show", 0, ViewSpec(1, count=5)), ("flush",), *rest]
        )
    )
)
@settings(deadline=None, max_examples=100)
def test_a_window_shows_what_sorting_and_filtering_all_rows_would(story: list[tuple[Any, ...]]) -> None:
    # Few rows take all the ways that very many take.
    with (
        patch.object(slices, "ROWS_A_TURN", 3),
        patch.object(shelf, "_MANY", 8),
        patch.object(index, "_FEW", 2),
    ):
        asyncio.run(run(story))


@given(st.lists(steps, max_size=40))
@settings(deadline=None, max_examples=30)
def test_so_it_does_when_there_is_room_for_few_indexes(rest: list[tuple[Any, ...]]) -> None:
    first = [("put", (namespace, f"p{number}"), 1, 0, 60.0) for namespace in "ab" for number in range(12)]
    shows = [("show", tab, ViewSpec(1, "status:running", sort, count=5)) for tab, sort in enumerate(("Age", "Name"))]
    # Of four indexes of up to 24 rows each, three find room.
    with patch.object(kept_indexes, "MOST_PLACES", 75), patch.object(slices, "ROWS_A_TURN", 5):
        asyncio.run(run([*first, *shows, ("flush",), *rest], ask_again=True))
