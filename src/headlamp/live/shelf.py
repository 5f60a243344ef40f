"""The rows of one long list, and the indexes of them that viewers look into: built in slices, then kept by changes.

Work on 50,000 rows takes tens of milliseconds, so it is cut into pieces between which other connections have their
turn. Lists of rows are replaced and never changed (`RowIndex`), so a slow reader of one needs no lock and no copy.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from headlamp.live.filtering.matching import FindColumn, Matcher
from headlamp.live.index import RowIndex
from headlamp.live.items import Change, Item, ItemTable, coalesced
from headlamp.live.ordering import SortKey
from headlamp.live.plan import Plan, no_extras, ordering_of
from headlamp.live.protocol import Column, Key, Row
from headlamp.live.slices import ROWS_A_TURN, sorted_in_slices
from headlamp.live.statuses import status_reader

# With more changes at once the indexes are built anew, in slices, instead of being changed in one go.
_MANY = 300
# Indexes that nobody looks into any more and that may be wanted again: an earlier filter, the list without one.
_IDLE_INDEXES = 4
# Places in all indexes of one list together, at 16 bytes each. Beyond that the oldest go, and are built again whenever
# their viewers are due: they lag, and nobody else does.
MOST_PLACES = 2_000_000


class Shelf:
    """See above. `changed` is called whenever an index that somebody holds has been built, or has other rows."""

    def __init__(self, plural: str, *, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._plural = plural
        self._now = now
        self._changed = changed
        self._columns: tuple[Column, ...] = ()
        self._items = ItemTable()
        self._base: list[Item] = []
        self._ready = False
        self._indexes: dict[Plan, RowIndex] = {}
        self._holders: dict[Plan, int] = {}
        self._finders: dict[int, FindColumn] = {}
        self._wanted: dict[Plan, None] = {}
        # Whether a list is gone through, piece by piece, and must not be changed in place.
        self._reading = False
        # What changes while rows are shelved or an index is built.
        self._meanwhile: list[Change] = []
        self._arriving: list[tuple[Sequence[Row], Sequence[Key]]] = []
        self._worker: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def begin(self, columns: tuple[Column, ...], rows: list[Row]) -> None:
        """Take all rows that there are, and answer what is wanted from then on."""
        self.clear()
        self._columns = columns
        self._arriving = [(rows, ())]
        self._work()

    def clear(self) -> None:
        """Forget all rows; what is held is built again after the next `begin`."""
        self.close()
        self._items = ItemTable()
        self._base = []
        self._ready = False
        self._indexes = {}
        self._arriving = []
        self._wanted = dict.fromkeys(self._holders)

    def _begin_again(self) -> None:
        """Drop the indexes; the rows stay."""
        self.close()
        self._ready = False
        self._indexes = {}
        self._wanted = dict.fromkeys(self._holders)
        self._changed()

    def close(self) -> None:
        """Stop working."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None

    def hold(self, plan: Plan, find: FindColumn) -> None:
        """Somebody looks into this index."""
        if plan.owner:
            self._finders[plan.owner] = find
        self._holders[plan] = self._holders.get(plan, 0) + 1
        if plan in self._indexes:
            self._indexes[plan] = self._indexes.pop(plan)
        else:
            self._wanted[plan] = None
            self._work()

    def want(self, plan: Plan) -> None:
        """Build what has been dropped of a plan that is held, and of what is counted for it."""
        for wanted in (plan.facets, plan):
            if wanted in self._holders and wanted not in self._indexes:
                self._wanted.setdefault(wanted)
        self._work()

    def release(self, plan: Plan) -> None:
        """Somebody looks into it no longer."""
        left = self._holders[plan] - 1
        if left:
            self._holders[plan] = left
            return
        del self._holders[plan]
        self._wanted.pop(plan, None)
        if plan.owner and not any(held.owner == plan.owner for held in self._holders):
            # Nobody else can use what was read for this viewer.
            self._finders.pop(plan.owner, None)
            for other in [other for other in self._indexes if other.owner == plan.owner]:
                del self._indexes[other]
        self._drop_idle()

    def index(self, plan: Plan) -> RowIndex | None:
        """The index, if it is built."""
        return self._indexes.get(plan)

    def apply(self, changed: Sequence[Row], gone: Sequence[Key]) -> None:
        """Take in rows that are new or other, and keys of those that are gone."""
        # What is being built is built to the end, however much changes: viewers would be kept waiting for ever.
        if self._ready and self._worker is None and len(changed) + len(gone) > _MANY:
            self._begin_again()
        if not self._ready:
            self._arriving.append((changed, gone))
            self._work()
            return
        self._put(changed, gone)

    def _put(self, changed: Sequence[Row], gone: Sequence[Key]) -> None:
        changes = []
        for namespace, name, cells in changed:
            after = Item(namespace, name, cells)
            changes.append(Change(self._items.put(after), after))
        lost = map(self._items.pop, gone)
        changes += [Change(item, None) for item in lost if item is not None]
        self._rebase(changes)
        self._take(changes)

    def touch(self, owner: int, keys: Iterable[Key]) -> None:
        """Extra columns of these rows have other values."""
        changes = [Change(item, item) for key in keys if (item := self._items.get(key)) is not None]
        self._take(changes, owner)

    @property
    def next_flip(self) -> float:
        """When a row may begin or cease to match by its age, in seconds since the epoch; infinity for never."""
        return min((index.next_flip for index in self._indexes.values()), default=float("inf"))

    def grow_older(self) -> None:
        """Look again at the rows whose time has come."""
        now = self._now()
        for index in self._indexes.values():
            due = [item for item in index.due(now) if self._items.get(item.key) is item]
            if due:
                changes = [Change(item, item) for item in due]
                index.apply(changes, now, read=self._reading)
                self._note(changes)
        self._changed()

    def _take(self, changes: list[Change], owner: int | None = None) -> None:
        now = self._now()
        self._note(changes)
        for plan, index in self._indexes.items():
            if owner is None or plan.owner == owner:
                index.apply(changes, now, read=self._reading)
                index.renew_ages(self._items, len(self._items), now)
        for plan in self._holders:
            if plan not in self._indexes:
                self._wanted[plan] = None
        self._work()
        self._changed()

    def _note(self, changes: list[Change]) -> None:
        """Keep what an index that is being built has to take in at the end."""
        if self._reading:
            self._meanwhile += changes

    def _rebase(self, changes: list[Change]) -> None:
        base = self._base.copy() if self._reading else self._base
        for before, after in changes:
            item = before if before is not None else after
            assert item is not None
            place = bisect_left(base, item.tie, key=_by_tie)
            base[place : place + (before is not None)] = [] if after is None else [after]
        self._base = base

    def _work(self) -> None:
        if self._worker is None and (self._arriving or (self._ready and self._wanted)):
            self._worker = asyncio.create_task(self._run())
            self._worker.add_done_callback(self._worked)

    def _worked(self, worker: asyncio.Task[None]) -> None:
        if worker is not self._worker or worker.cancelled():
            return
        self._worker = None
        if (error := worker.exception()) is not None:
            logging.getLogger("headlamp.live").error("indexing rows failed", exc_info=error)
        else:
            self._work()

    async def _run(self) -> None:
        if not self._ready:
            await self._shelve()
        loop = asyncio.get_running_loop()
        while self._wanted:
            plan = next(iter(self._wanted))
            began = loop.time()
            index = await self._build(plan)
            self._wanted.pop(plan, None)
            if index is None:
                continue
            self._indexes[plan] = index
            evicted = self._evict(plan)
            self._changed()
            # With more in use than there is room for, no more than half of the time goes into building it.
            await asyncio.sleep(loop.time() - began if evicted else 0)

    async def _shelve(self) -> None:
        """Take in what has arrived, and what arrives in the meantime."""
        items = self._items
        arrived, self._arriving = self._arriving, []
        for changed, gone in arrived:
            for start in range(0, len(changed), ROWS_A_TURN):
                for namespace, name, cells in changed[start : start + ROWS_A_TURN]:
                    items.put(Item(namespace, name, cells))
                await asyncio.sleep(0)
            for key in gone:
                items.pop(key)
        self._base = await _by_ties(list(items))
        self._ready = True
        # What came meanwhile is put in its places at once: in slices it might never come to an end.
        arrived, self._arriving = self._arriving, []
        for changed, gone in arrived:
            self._put(changed, gone)

    async def _build(self, plan: Plan) -> RowIndex | None:
        """An index of the rows as they are at the end; None when nobody wants it any more."""
        self._meanwhile = []
        self._reading = True
        try:
            index = await self._filled(plan)
        finally:
            self._reading = False
        meanwhile, self._meanwhile = self._meanwhile, []
        if index is not None:
            index.apply(coalesced(meanwhile), self._now())
        return index

    async def _filled(self, plan: Plan) -> RowIndex | None:
        read = status_reader(self._columns, plan.status, self._plural)
        find = self._finders.get(plan.owner, no_extras)
        matcher = Matcher(plan.conditions, self._columns, read, find)
        ordering = ordering_of(plan, self._columns, read, find)
        index = RowIndex(matcher, ordering, read)
        parent = self._parent(plan)
        items, keys = (self._base, []) if parent is None else (parent.items, parent.keys)
        chosen: list[Item] = []
        chosen_keys: list[SortKey] = []
        now, matches = self._now(), matcher.matches
        for start in range(0, len(items), ROWS_A_TURN):
            if start:
                await asyncio.sleep(0)
            if plan not in self._wanted:
                return None
            part = items[start : start + ROWS_A_TURN]
            if matcher.wordy:
                for item in part:
                    item.spell_out()
            places = [place for place, item in enumerate(part) if matches(item, now)]
            found = [part[place] for place in places]
            index.count(found)
            index.watch_age(part, now)
            chosen += found
            chosen_keys += map(ordering.key, found) if parent is None else [keys[start + place] for place in places]
        if parent is None:
            mixed = len(set(map(type, chosen_keys)) & {str}) and len(set(map(type, chosen_keys))) > 1
            compare = [(isinstance(key, str), key) for key in chosen_keys] if mixed else chosen_keys
            order = await sorted_in_slices(list(range(len(chosen))), compare.__getitem__, reverse=plan.descending)
            chosen = [chosen[place] for place in order]
            chosen_keys = [chosen_keys[place] for place in order]
        await asyncio.sleep(0)
        index.fill(chosen, chosen_keys)
        return index

    def _parent(self, plan: Plan) -> RowIndex | None:
        """An index in the same order that has all rows which this one will have, and stays so."""
        for conditions in (plan.facets.conditions, plan.conditions[:-1], ()):
            if conditions != plan.conditions:
                parent = self._indexes.get(Plan(conditions, plan.sort, plan.descending, plan.status, plan.owner))
                if parent is not None and not parent.matcher.timed and parent.ordering.settled:
                    return parent
        return None

    def _drop_idle(self) -> None:
        idle = [plan for plan in self._indexes if plan not in self._holders]
        for plan in idle[:-_IDLE_INDEXES]:
            del self._indexes[plan]

    def _evict(self, newest: Plan) -> bool:
        """Drop what there is no room for. Returns whether something that is in use had to go."""
        self._drop_idle()
        evicted = False
        places = sum(len(index.items) for index in self._indexes.values())
        for plan in list(self._indexes):
            if places <= MOST_PLACES:
                break
            if plan != newest:
                places -= len(self._indexes.pop(plan).items)
                evicted |= plan in self._holders
        return evicted


async def _by_ties(items: list[Item]) -> list[Item]:
    ties: list[str] = []
    for start in range(0, len(items), ROWS_A_TURN):
        ties += [item.tie for item in items[start : start + ROWS_A_TURN]]
        await asyncio.sleep(0)
    order = await sorted_in_slices(list(range(len(items))), ties.__getitem__)
    return [items[place] for place in order]


_by_tie = attrgetter("tie")
