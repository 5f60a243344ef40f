"""The rows of a long list are worked on in slices, and what is kept of them is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from headlamp.live import kept_indexes
from headlamp.live import shelf as shelf_module
from headlamp.live.filtering.candidate import Candidate
from headlamp.live.filtering.grammar import parse
from headlamp.live.filtering.matching import Matcher
from headlamp.live.items import Change, Item, coalesced
from headlamp.live.plan import Plan, no_extras
from headlamp.live.protocol import Column, Row
from headlamp.live.rows import NamespaceRows, RowTable
from headlamp.live.shelf import Shelf
from headlamp.live.slices import ROWS_A_TURN, sorted_in_slices

COLUMNS = (Column("Name", "string", "name", 0, "", False), Column("Status", "string", "", 0, "", False))
BY_NAME = Plan((), "Name", descending=False, status="")


def rows(count: int, status: str = "Running") -> list[Row]:
    return [(f"n{number % 7}", f"p{number}", [f"p{number}", status]) for number in range(count)]


def first(count: int) -> list[NamespaceRows]:
    """The same rows, to begin with."""
    table = RowTable()
    table.define(COLUMNS)
    for row in rows(count):
        table.put(row, 0.0)
    return table.by_namespace()


def by_name(direction: str = "up", text: str = "") -> Plan:
    return Plan(parse(text), "Name", descending=direction == "down", status="")


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    made = Shelf("pods", now=lambda: 0.0, changed=lambda: None)
    yield made
    made.close()


async def built(shelf: Shelf, plan: Plan) -> list[str]:
    """The names in an index, once there is one."""
    for _ in range(10_000):
        if (index := shelf.index(plan)) is not None:
            return [item.name for item in index.items]
        await asyncio.sleep(0)
    raise AssertionError("it is not built")


class Turns:
    """Counts what is done between two turns of the event loop."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._task = asyncio.create_task(self._watch())

    def did(self) -> None:
        self._now += 1
        self.most = max(self.most, self._now)

    async def _watch(self) -> None:
        while True:
            self._now = 0
            await asyncio.sleep(0)

    def stop(self) -> None:
        self._task.cancel()


@pytest.fixture
async def turns() -> AsyncIterator[Turns]:
    made = Turns()
    yield made
    made.stop()


async def test_no_more_rows_are_shelved_or_tested_in_one_turn_than_a_slice_has(
    shelf: Shelf, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tested = Item, Matcher.__init__

    def counted_item(*fields: Any) -> Item:
        turns.did()
        return made(*fields)

    def counted_matcher(self: Matcher, *arguments: Any) -> None:
        tested(self, *arguments)
        matches = self.matches

        def counted(item: Candidate, now: float) -> bool:
            turns.did()
            return matches(item, now)

        self.matches = counted

    monkeypatch.setattr(shelf_module, "Item", counted_item)
    monkeypatch.setattr(Matcher, "__init__", counted_matcher)
    shelf.begin(COLUMNS, first(10 * ROWS_A_TURN))
    shelf.hold(by_name(text="status:running"), no_extras)
    assert len(await built(shelf, by_name(text="status:running"))) == 10 * ROWS_A_TURN
    assert 0 < turns.most <= ROWS_A_TURN


async def test_very_many_changes_are_taken_in_in_slices(
    shelf: Shelf, turns: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Item

    def counted_item(*fields: Any) -> Item:
        turns.did()
        return made(*fields)

    shelf.begin(COLUMNS, first(3 * ROWS_A_TURN))
    shelf.hold(BY_NAME, no_extras)
    await built(shelf, BY_NAME)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    monkeypatch.setattr(shelf_module, "Item", counted_item)
    shelf.apply(rows(3 * ROWS_A_TURN, "Failed"), [])
    assert shelf.index(BY_NAME) is None
    await built(shelf, BY_NAME)
    index = shelf.index(BY_NAME)
    assert index is not None
    assert {item.cells[1] for item in index.items} == {"Failed"}
    assert 0 < turns.most <= ROWS_A_TURN


async def test_changes_while_an_index_is_built_are_in_it(shelf: Shelf) -> None:
    shelf.begin(COLUMNS, first(3 * ROWS_A_TURN))
    shelf.hold(BY_NAME, no_extras)
    number = 0
    while shelf.index(BY_NAME) is None:
        shelf.apply([("new", f"q{number}", [f"q{number}", "Running"])], [("n0", f"p{7 * number}")])
        number += 1
        await asyncio.sleep(0)
    expected = {f"p{at}" for at in range(3 * ROWS_A_TURN)} - {f"p{7 * at}" for at in range(number)}
    assert set(await built(shelf, BY_NAME)) == expected | {f"q{at}" for at in range(number)}
    assert number > 3


async def test_indexes_that_nobody_looks_into_go_and_the_rest_has_a_bound(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_indexes, "MOST_PLACES", 250)
    shelf.begin(COLUMNS, first(100))
    plans = [by_name(direction, text) for direction in ("up", "down") for text in ("p", "-q", "-r", "n")]
    for plan in plans:
        shelf.hold(plan, no_extras)
        await built(shelf, plan)
        there = [index for other in plans if (index := shelf.index(other)) is not None]
        assert sum(len(index.items) for index in there) <= 250
    assert shelf.index(plans[0]) is None
    # It is held still, so that it is there again as soon as its viewer asks.
    shelf.want(plans[0])
    assert len(await built(shelf, plans[0])) == 100


async def test_there_are_no_more_indexes_than_can_be_kept_up_with(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_indexes, "MOST_INDEXES", 3)
    shelf.begin(COLUMNS, first(20))
    plans = [by_name("up", f"no-row-has-this-{number}") for number in range(6)]
    for plan in plans:
        shelf.hold(plan, no_extras)
        await built(shelf, plan)
        assert sum(shelf.index(other) is not None for other in plans) <= 3
    assert [shelf.index(plan) is not None for plan in plans] == [False] * 3 + [True] * 3


async def test_what_one_viewer_alone_may_know_goes_with_the_viewer(shelf: Shelf) -> None:
    mine = Plan((), "owner", descending=False, status="", owner=1)
    shelf.begin(COLUMNS, first(10))
    shelf.hold(mine, lambda _: lambda key: key[1])
    await built(shelf, mine)
    shelf.release(mine)
    assert shelf.index(mine) is None


@pytest.mark.parametrize("reverse", [False, True])
async def test_sorting_in_slices_is_sorting(reverse: bool) -> None:
    numbers = [(number * 7919 % 97, number) for number in range(5 * ROWS_A_TURN + 17)]
    found = await sorted_in_slices(numbers, lambda pair: pair[0], reverse=reverse)
    assert found == sorted(numbers, key=lambda pair: pair[0], reverse=reverse)
    assert await sorted_in_slices([], str) == []


def changes() -> Iterator[tuple[list[Change], Change]]:
    a, b, c = (Item("n", "p", [cell]) for cell in "abc")
    yield [Change(None, a), Change(a, b)], Change(None, b)
    yield [Change(a, b), Change(b, None)], Change(a, None)
    yield [Change(a, None), Change(None, c)], Change(a, c)
    yield [Change(None, a), Change(a, None)], Change(None, None)


@pytest.mark.parametrize(("several", "one"), list(changes()))
def test_changes_of_a_row_come_to_one(several: list[Change], one: Change) -> None:
    assert coalesced(several) == [one]
