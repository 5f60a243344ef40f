"""Indexes of long lists, built in slices between which other connections have their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from headlamp.live.filtering.matching import FindColumn, Matcher
from headlamp.live.index import RowIndex
from headlamp.live.items import Item
from headlamp.live.ordering import SortKey, natural_key
from headlamp.live.plan import Plan, ordering_of
from headlamp.live.protocol import Column
from headlamp.live.slices import Turns, sorted_in_slices
from headlamp.live.statuses import status_reader


def empty_index(plan: Plan, columns: Sequence[Column], plural: str, find: FindColumn) -> RowIndex:
    """An index of rows with these columns, which has none yet."""
    read = status_reader(columns, plan.status, plural)
    matcher = Matcher(plan.conditions, columns, read, find)
    return RowIndex(matcher, ordering_of(plan, columns, read, find), read)


async def fill(
    index: RowIndex, items: Sequence[Item], *, in_order: bool, wanted: Callable[[], bool], now: float
) -> bool:
    """Put into the index those of the items that match. Returns False when it was no longer wanted before the end.

    `in_order`: the items are in the index's own order. They must stay as they are; `wanted` is asked in between.
    """
    matcher, key_of = index.matcher, index.ordering.key
    chosen: list[Item] = []
    keys: list[SortKey] = []
    async for part in Turns().through(items):
        if not wanted():
            return False
        found = [item for item in part if matcher.matches(item, now)]
        index.count(found)
        index.watch_age(part, now)
        chosen += found
        if not in_order:
            keys += map(key_of, found)
    if not in_order:
        types = set(map(type, keys))
        # Texts and numbers don't compare.
        compare = [(isinstance(key, str), key) for key in keys] if str in types and len(types) > 1 else keys
        order = await sorted_in_slices(list(range(len(chosen))), compare.__getitem__, reverse=index.ordering.descending)
        chosen = [chosen[place] for place in order]
        keys = [] if index.ordering.settled else [keys[place] for place in order]
    await asyncio.sleep(0)
    index.fill(chosen, keys)
    return True


async def by_ties(namespaces: Mapping[str, list[Item]]) -> list[Item]:
    """The items of these namespaces in the order of `Item.tie`, worked out for few of them at a time."""
    # "a1" and "a01" are alike but for the last of ties: their rows come mixed.
    alike: dict[str, list[Item]] = {}
    for namespace in sorted(namespaces, key=natural_key):
        alike.setdefault(natural_key(namespace), []).extend(namespaces[namespace])
    ordered: list[Item] = []
    turns = Turns()
    for items in alike.values():
        ties: list[str] = []
        async for part in turns.through(items):
            ties += [item.tie for item in part]
        order = await sorted_in_slices(list(range(len(items))), ties.__getitem__)
        ordered += [items[place] for place in order]
    return ordered
