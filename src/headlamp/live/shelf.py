"""The rows of one long list, and the indexes of them that viewers look into: built in slices, then kept by changes.

Work on 50,000 rows takes tens of milliseconds, so it is cut into pieces between which other connections have their
turn. While a list is gone through piece by piece it is replaced and not changed, so that this needs no lock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from math import inf

from headlamp.live import kept_indexes
from headlamp.live.filtering.matching import FindColumn
from headlamp.live.index import RowIndex
from headlamp.live.indexing import by_ties, empty_index, fill
from headlamp.live.items import Change, Item, coalesced
from headlamp.live.kept_indexes import KeptIndexes
from headlamp.live.plan import Plan
from headlamp.live.protocol import Column, Key, Row
from headlamp.live.rows import NamespaceRows
from headlamp.live.slices import Turns
from headlamp.live.sorted_rows import SortedRows

# With more changes at once the indexes are built anew, in slices, instead of being changed in one go.
_MANY = 300


class Shelf:
    """See above. `changed` is called whenever an index that somebody holds has been built, or has other rows."""

    def __init__(self, plural: str, *, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._plural = plural
        self._now = now
        self._changed = changed
        self._columns: tuple[Column, ...] = ()
        self._rows = SortedRows([])
        self._indexes = KeptIndexes()
        self._ready = False
        # Whether a list is gone through, piece by piece, and must not be changed in place.
        self._reading = False
        # What changes while rows are shelved or an index is built.
        self._meanwhile: list[Change] = []
        # The rows to begin with, and changes of them.
        self._first: Sequence[NamespaceRows] = ()
        self._arriving: list[tuple[Sequence[Row], Sequence[Key]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._tidying: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def begin(self, columns: tuple[Column, ...], rows: Sequence[NamespaceRows]) -> None:
        """Take all rows that there are, and answer what is wanted from then on."""
        self.clear()
        self._columns = columns
        self._first = rows
        self._work()

    def clear(self) -> None:
        """Forget all rows; what is held is built again after the next `begin`."""
        self.close()
        self._rows = SortedRows([])
        self._ready = False
        self._first = ()
        self._arriving = []
        self._indexes.clear()

    def close(self) -> None:
        """Stop working."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        if self._tidying is not None:
            self._tidying.cancel()
            self._tidying = None

    def hold(self, plan: Plan, find: FindColumn) -> None:
        """Somebody looks into this index."""
        self._indexes.hold(plan, find)
        self._work()

    def want(self, plan: Plan) -> None:
        """Build what has been dropped of a plan that is held, and of what is counted for it."""
        self._indexes.want(plan.facets, plan)
        self._work()

    def release(self, plan: Plan) -> None:
        """Somebody looks into it no longer. It is kept for a while, in case that it is looked into again."""
        loop = asyncio.get_running_loop()
        self._indexes.release(plan, loop.time())
        if self._tidying is None:
            self._tidying = loop.call_later(kept_indexes.IDLE_S, self._tidy)

    def index(self, plan: Plan) -> RowIndex | None:
        """The index, if it is built."""
        return self._indexes.get(plan)

    def is_refused(self, plan: Plan) -> bool:
        """Whether the index can't be built, so that there is nothing to wait for."""
        return self._indexes.is_refused(plan)

    def place(self, plan: Plan, key: Key) -> int | None:
        """The place of a row in an index; None when it is not there, or the index is not built."""
        index, item = self._indexes.get(plan), self._rows.get(key)
        place = -1 if index is None or item is None else index.position(item)
        return None if place < 0 else place

    def apply(self, changed: Sequence[Row], gone: Sequence[Key]) -> None:
        """Take in rows that are new or other, and keys of those that are gone."""
        # What is being built is built to the end, however much changes: viewers would be kept waiting for ever.
        if self._ready and self._worker is None and len(changed) + len(gone) > _MANY:
            self._ready = False
            self._indexes.clear()
            self._changed()
        if self._ready:
            self._take(self._rows.apply(changed, gone, read=self._reading))
        else:
            self._arriving.append((changed, gone))
            self._work()

    def touch(self, owner: int, keys: Iterable[Key]) -> None:
        """Extra columns of these rows have other values."""
        self._take([Change(item, item) for key in keys if (item := self._rows.get(key)) is not None], owner)

    @property
    def next_flip(self) -> float:
        """When a row may begin or cease to match by its age, in seconds since the epoch; infinity for never."""
        return min((index.next_flip for _, index in self._indexes), default=inf)

    def grow_older(self) -> None:
        """Look again at the rows whose time has come."""
        now = self._now()
        for plan, index in list(self._indexes):
            items = index.due(now)
            if len(items) > _MANY:
                # Very many rows were created in one moment, or seem so: ages are printed coarsely.
                self._indexes.drop(plan)
            elif due := [Change(item, item) for item in items if self._rows.get(item.key) is item]:
                self._note(due)
                self._change(plan, index, due, now)
        self._work()
        self._changed()

    def _take(self, changes: list[Change], owner: int | None = None) -> None:
        now = self._now()
        self._note(changes)
        for plan, index in list(self._indexes):
            if owner is None or plan.owner == owner:
                self._change(plan, index, changes, now)
        self._indexes.want_all()
        self._work()
        self._changed()

    def _change(self, plan: Plan, index: RowIndex, changes: list[Change], now: float) -> None:
        """Take changes into one index: it goes when it can't, so that the others lose nothing for it."""
        try:
            index.apply(changes, now, read=self._reading)
            index.renew_ages(self._rows.items, now)
        except Exception:
            _log().exception("changing an index of rows failed")
            self._indexes.drop(plan)

    def _note(self, changes: list[Change]) -> None:
        """Keep what an index that is being built has to take in at the end."""
        if self._reading:
            self._meanwhile += changes

    def _tidy(self) -> None:
        """Drop what has not been looked into for a while."""
        loop = asyncio.get_running_loop()
        self._tidying = None
        self._indexes.drop_idle(loop.time())
        if self._indexes.has_idle:
            self._tidying = loop.call_later(kept_indexes.IDLE_S, self._tidy)

    # Work that is done in slices

    def _work(self) -> None:
        if self._worker is None and (self._first or self._arriving or (self._ready and self._indexes.wanted)):
            self._worker = asyncio.create_task(self._run())
            self._worker.add_done_callback(self._worked)

    def _worked(self, worker: asyncio.Task[None]) -> None:
        if worker is not self._worker or worker.cancelled():
            return
        self._worker = None
        if (error := worker.exception()) is not None:
            _log().error("indexing rows failed", exc_info=error)
        else:
            self._work()

    async def _run(self) -> None:
        if not self._ready:
            await self._shelve()
        loop = asyncio.get_running_loop()
        while self._indexes.wanted:
            plan = next(iter(self._indexes.wanted))
            began = loop.time()
            try:
                index = await self._build(plan)
            except Exception:
                # Whatever it is that one viewer looks for, the others are answered.
                _log().exception("an index of rows can't be built")
                self._indexes.refuse(plan)
                self._changed()
                continue
            if index is None:
                self._indexes.wanted.pop(plan, None)
                continue
            evicted = self._indexes.put(plan, index, loop.time())
            self._changed()
            # With more in use than there is room for, no more than half of the time goes into building it.
            await asyncio.sleep(loop.time() - began if evicted else 0)

    async def _shelve(self) -> None:
        """Take in what has arrived, and what arrives in the meantime."""
        first, self._first = self._first, ()
        if first:
            self._rows = SortedRows(await by_ties(await _items_of(first)))
        arrived, self._arriving = self._arriving, []
        for changed, gone in arrived:
            await self._merge(changed, gone)
        self._ready = True
        # What came meanwhile is put in its places at once: in slices it might never come to an end.
        arrived, self._arriving = self._arriving, []
        for changed, gone in arrived:
            self._take(self._rows.apply(changed, gone, read=False))

    async def _merge(self, changed: Sequence[Row], gone: Sequence[Key]) -> None:
        """Put many changes where they belong."""
        namespaces: dict[str, list[Item]] = {}
        others = set(gone)
        turns = Turns()
        async for part in turns.through(changed):
            for item in [Item(*row) for row in part]:
                namespaces.setdefault(item.namespace, []).append(item)
                others.add(item.key)
        async for before in turns.through(self._rows.items):
            for item in before:
                if item.key not in others:
                    namespaces.setdefault(item.namespace, []).append(item)
        self._rows = SortedRows(await by_ties(namespaces))

    async def _build(self, plan: Plan) -> RowIndex | None:
        """An index of the rows as they are at the end; None when nobody wants it any more."""
        index = empty_index(plan, self._columns, self._plural, self._indexes.finder(plan))
        parent = self._indexes.parent(plan)
        items = self._rows.items if parent is None else parent.items
        self._meanwhile = []
        self._reading = True
        try:
            filled = await fill(
                index, items, in_order=parent is not None, wanted=lambda: plan in self._indexes.wanted, now=self._now()
            )
        finally:
            self._reading = False
        meanwhile, self._meanwhile = self._meanwhile, []
        if not filled:
            return None
        index.apply(coalesced(meanwhile), self._now())
        return index


def _log() -> logging.Logger:
    return logging.getLogger("headlamp.live")


async def _items_of(rows: Sequence[NamespaceRows]) -> dict[str, list[Item]]:
    items: dict[str, list[Item]] = {}
    turns = Turns()
    for namespace, names, cells in rows:
        made: list[Item] = []
        items[namespace] = made
        async for places in turns.through(range(len(names))):
            made += [Item(namespace, names[place], cells[place]) for place in places]
    return items
