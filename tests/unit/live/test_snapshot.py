"""What was told is kept for those who come later, for as long as that costs less than to tell it anew."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.unit.live.readers import Reader, topic_by_hand

from headlamp.live.frames import Payload
from headlamp.live.protocol import Changes, Column, Columns, Rows, WireRow
from headlamp.live.reflector import Overall
from headlamp.live.snapshot import Snapshot
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic

NARROW = (Column("Name", "string", "name", 0, "", False),)
WIDE = (*NARROW, Column("Status", "string", "", 0, "", False))


def rows(count: int, *, reset: bool = True) -> Payload:
    listed: list[WireRow] = [("a", [f"p{number}"]) for number in range(count)]
    return Payload(Rows(0, reset, listed))


def change(name: str) -> Payload:
    return Payload(Changes(0, 1.0, [("a", [name])]))


def begun(count: int = 40) -> Snapshot:
    snapshot = Snapshot()
    snapshot.begin([Payload(Columns.telling(NARROW)), rows(count)], count)
    return snapshot


def test_a_change_is_kept_behind_the_rows() -> None:
    snapshot = begun()
    snapshot.add(change("new"), 41)
    assert snapshot.messages is not None
    assert [json.loads(str(message.frame(1)))["type"] for message in snapshot.messages[-1:]] == ["changes"]
    assert snapshot.count == 41


def test_whoever_is_sending_the_messages_is_not_given_later_ones_in_their_midst() -> None:
    snapshot = begun()
    under_way = snapshot.messages
    snapshot.add(change("new"), 41)
    snapshot.grow([rows(1, reset=False)], 42)
    assert under_way is not None
    assert len(under_way) == 2


def test_more_rows_of_the_same_load_are_part_of_the_rows_and_not_counted_as_changes() -> None:
    snapshot = begun(1)
    for number in range(100):
        snapshot.grow([rows(1, reset=False)], 2 + number)
    assert snapshot.messages is not None
    assert snapshot.count == 101


@pytest.mark.parametrize(("count", "changes"), [(2, 2), (1000, 65)], ids=["few rows", "many rows"])
def test_changes_that_cost_more_than_all_rows_are_not_kept(count: int, changes: int) -> None:
    snapshot = begun(count)
    for number in range(changes):
        snapshot.add(change(f"row that is new, with the number {number}"), count)
    assert snapshot.messages is None


async def flushed(topic: Topic) -> None:
    topic.changed()
    while topic.table.has_changes:
        await asyncio.sleep(0)


async def test_a_list_that_was_empty_when_its_columns_changed_has_them_for_everybody() -> None:
    topic = topic_by_hand(Timing(batch=0.0, loading_batch=0.0), asyncio.get_running_loop().time)
    topic.table.define(NARROW)
    first = Reader(topic)
    # So many changes that what was told is no longer kept.
    for number in range(70):
        topic.table.retain("a", set())
        topic.table.put(("a", f"p{number}", [f"p{number}"]), 0.0)
        await flushed(topic)
        first.read_all()
    topic.overall(Overall("live", 0.0, loaded=True))
    topic.table.remove("a", "p69")
    await flushed(topic)
    first.read_all()
    topic.table.define(WIDE)
    second = Reader(topic)
    second.read_all()
    topic.table.put(("a", "q", ["q", "Running"]), 0.0)
    await flushed(topic)
    first.read_all()
    second.read_all()
    assert first.client.rows == second.client.rows == {("a", "q"): ["q", "Running"]}
    await topic.stop()
