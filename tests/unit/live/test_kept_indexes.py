"""Indexes of long lists: how long they are kept, what they are built from, and how little each row takes in them."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from headlamp.live import kept_indexes, shelf
from headlamp.live.filtering.grammar import parse
from headlamp.live.indexing import empty_index
from headlamp.live.items import Item
from headlamp.live.kept_indexes import IDLE_S, KeptIndexes
from headlamp.live.plan import Plan, no_extras
from headlamp.live.protocol import Cell, Column, Instant
from headlamp.live.rows import RowTable
from headlamp.live.shelf import Shelf

COLUMNS = (
    Column("Name", "string", "name", 0, "", False),
    Column("Status", "string", "", 0, "", False),
    Column("Age", "string", "", 0, "", True),
)
ROWS = 5000


def plan(text: str = "", sort: str = "Name", owner: int = 0) -> Plan:
    return Plan(parse(text), sort, descending=False, status="", owner=owner)


def built(kept: KeptIndexes, *plans: Plan, rows: int = 0, now: float = 0.0) -> None:
    for each in plans:
        index = empty_index(each, COLUMNS, "pods", no_extras)
        items = [Item("a", f"p{number}", [f"p{number}", "Running", None]) for number in range(rows)]
        index.fill(items, [])
        kept.put(each, index, now)


def there(kept: KeptIndexes) -> list[Plan]:
    return [each for each, _ in kept]


def test_what_nobody_looks_into_any_more_is_kept_for_a_while() -> None:
    kept = KeptIndexes()
    for number in range(2):
        kept.hold(plan(f"p{number}"), no_extras)
        built(kept, plan(f"p{number}"))
    kept.release(plan("p0"), now=10.0)
    assert there(kept) == [plan("p0"), plan("p1")]
    kept.drop_idle(10.0 + IDLE_S - 1)
    assert there(kept) == [plan("p0"), plan("p1")]
    kept.drop_idle(10.0 + IDLE_S)
    assert there(kept) == [plan("p1")]
    assert not kept.has_idle


def test_what_is_looked_into_again_in_time_is_there_still() -> None:
    kept = KeptIndexes()
    kept.hold(plan(), no_extras)
    built(kept, plan())
    kept.release(plan(), now=10.0)
    kept.hold(plan(), no_extras)
    kept.drop_idle(10.0 + 2 * IDLE_S)
    assert there(kept) == [plan()]
    assert not kept.wanted


def test_of_many_that_nobody_looks_into_the_latest_few_are_kept() -> None:
    kept = KeptIndexes()
    plans = [plan(f"p{number}") for number in range(9)]
    for each in plans:
        kept.hold(each, no_extras)
        built(kept, each)
        kept.release(each, now=0.0)
    assert there(kept) == plans[-4:]


def test_what_was_built_for_one_who_has_gone_meanwhile_is_not_kept_for_ever() -> None:
    kept = KeptIndexes()
    built(kept, plan(), now=5.0)
    assert kept.has_idle
    kept.drop_idle(5.0 + IDLE_S)
    assert there(kept) == []


def test_the_fewest_rows_that_will_do_are_looked_through() -> None:
    kept = KeptIndexes()
    for text, rows in (("", 9), ("ca", 5), ("car", 3), ("car status:running", 2), ("tx", 1), ("age>1h", 1)):
        kept.hold(plan(text), no_extras)
        built(kept, plan(text), rows=rows)
    built(kept, plan("cart", sort="Age"), rows=1)
    chosen = kept.parent(plan("cart status:failed"))
    assert chosen is not None
    assert len(chosen.items) == 3
    assert kept.parent(plan("cart", sort="Status")) is None


@pytest.fixture
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


def bytes_now() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def look(on: Shelf, *plans: Plan) -> None:
    for each in plans:
        on.hold(each, no_extras)
    async with asyncio.timeout(60):
        while any(on.index(each) is None for each in plans):
            await asyncio.sleep(0)


@pytest.mark.usefixtures("traced")
async def test_searching_and_sorting_take_a_place_a_row_and_give_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_indexes, "IDLE_S", 0.01)
    table = RowTable()
    table.define(COLUMNS)
    for number in range(ROWS):
        name = f"pod-{number:05}-with-a-long-name"
        cells: list[Cell] = [name, "Running", Instant(at=1_764_000_000 + number)]
        table.put((f"namespace-{number % 50}", name, cells), 0.0)
    table.take_changes()
    made = Shelf("pods", now=lambda: 1_764_000_000.0, changed=lambda: None)
    made.begin(COLUMNS, table.by_namespace())
    await look(made, plan(sort="@urgent"))
    before = bytes_now()
    others = [plan(), plan("pod"), plan(sort="Age"), plan("with -x", sort="Age"), plan("age<10d", sort="Age")]
    await look(made, *others)
    taken = bytes_now() - before
    # A place is a pointer; the last of them has moments too, at which rows come of age.
    assert taken < ROWS * 8 * (len(others) + 45)
    for each in others:
        made.release(each)
    async with asyncio.timeout(60):
        while any(made.index(each) is not None for each in others):
            await asyncio.sleep(0.01)
    assert made.index(plan(sort="@urgent")) is not None
    assert bytes_now() - before < ROWS
    made.close()


async def test_very_many_rows_that_come_of_age_at_once_are_looked_at_in_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shelf, "_MANY", 10)
    now = 1_764_000_000.0
    table = RowTable()
    table.define(COLUMNS)
    for number in range(100):
        table.put(("a", f"p{number}", [f"p{number}", "Running", Instant(at=now - number // 50)]), 0.0)
    made = Shelf("pods", now=lambda: now, changed=lambda: None)
    made.begin(COLUMNS, table.by_namespace())
    await look(made, plan("age>1m"))
    assert made.next_flip == now + 59
    now += 59.5
    made.grow_older()
    assert made.index(plan("age>1m")) is None
    await look(made, plan("age>1m"))
    index = made.index(plan("age>1m"))
    assert index is not None
    assert {item.name for item in index.items} == {f"p{number}" for number in range(50, 100)}
    assert made.next_flip == now + 0.5
    made.close()
