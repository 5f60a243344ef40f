"""Which indexes a long list has: those that somebody looks into, and for a while those that somebody looked into."""

from __future__ import annotations

from collections.abc import Iterator

from headlamp.live.filtering.matching import FindColumn
from headlamp.live.index import RowIndex
from headlamp.live.plan import Plan, no_extras

# Indexes that nobody looks into any more and that may be wanted again: an earlier filter, the list without one.
_IDLE_INDEXES = 4
IDLE_S = 30.0
"""How long they are kept, in seconds."""
# Places in all indexes of one list together, at 8 bytes each. Beyond that the oldest go, and are built again whenever
# their viewers are due: they lag, and nobody else does.
MOST_PLACES = 2_000_000
# Each index has a part in every change of the list, however few places it has.
MOST_INDEXES = 200


class KeptIndexes:
    """Indexes by plan. `wanted` are those that somebody looks into and that are not built, the first one first.

    Moments are in seconds of any one clock.
    """

    def __init__(self) -> None:
        self.wanted: dict[Plan, None] = {}
        # Those that can't be built, until all rows are taken anew or nobody looks into them.
        self._refused: set[Plan] = set()
        # In the order in which they were built or looked into, the newest last.
        self._indexes: dict[Plan, RowIndex] = {}
        self._holders: dict[Plan, int] = {}
        self._idle_since: dict[Plan, float] = {}
        self._finders: dict[int, FindColumn] = {}

    def __iter__(self) -> Iterator[tuple[Plan, RowIndex]]:
        return iter(self._indexes.items())

    def get(self, plan: Plan) -> RowIndex | None:
        """The index, if it is built."""
        return self._indexes.get(plan)

    def finder(self, plan: Plan) -> FindColumn:
        """What finds the extra columns that a plan needs."""
        return self._finders.get(plan.owner, no_extras)

    def hold(self, plan: Plan, find: FindColumn) -> None:
        """Somebody looks into it."""
        if plan.owner:
            self._finders[plan.owner] = find
        self._holders[plan] = self._holders.get(plan, 0) + 1
        self._idle_since.pop(plan, None)
        if plan in self._indexes:
            self._indexes[plan] = self._indexes.pop(plan)
        elif plan not in self._refused:
            self.wanted[plan] = None

    def release(self, plan: Plan, now: float) -> None:
        """Somebody looks into it no longer."""
        left = self._holders[plan] - 1
        if left:
            self._holders[plan] = left
            return
        del self._holders[plan]
        self.wanted.pop(plan, None)
        self._refused.discard(plan)
        if plan in self._indexes:
            self._idle_since[plan] = now
        if plan.owner and not any(held.owner == plan.owner for held in self._holders):
            # Nobody else can use what was read for this viewer.
            self._finders.pop(plan.owner, None)
            for other in [other for other in self._indexes if other.owner == plan.owner]:
                self._drop(other)
        self.drop_idle(now)

    def want(self, *plans: Plan) -> None:
        """Build what has been dropped of these plans, where somebody looks into them."""
        for plan in plans:
            if plan in self._holders and plan not in self._indexes and plan not in self._refused:
                self.wanted.setdefault(plan)

    def want_all(self) -> None:
        """Build all that somebody looks into."""
        self.want(*self._holders)

    def clear(self) -> None:
        """Drop all indexes; those that somebody looks into are wanted again."""
        self._indexes = {}
        self._idle_since = {}
        self._refused.clear()
        self.wanted = dict.fromkeys(self._holders)

    def put(self, plan: Plan, index: RowIndex, now: float) -> bool:
        """Keep an index that has been built. Returns whether another that is in use had to go for it."""
        self.wanted.pop(plan, None)
        self._indexes[plan] = index
        if plan not in self._holders:
            self._idle_since[plan] = now
        self.drop_idle(now)
        evicted = False
        places = sum(len(kept.items) for kept in self._indexes.values())
        for other in list(self._indexes):
            if places <= MOST_PLACES and len(self._indexes) <= MOST_INDEXES:
                break
            if other != plan:
                places -= len(self._indexes[other].items)
                self._drop(other)
                evicted |= other in self._holders
        return evicted

    def drop(self, plan: Plan) -> None:
        """Drop an index, to be built anew if somebody looks into it."""
        self._drop(plan)
        self.want(plan)

    def refuse(self, plan: Plan) -> None:
        """It can't be built: whoever looks into it is not to wait for it."""
        self.wanted.pop(plan, None)
        self._refused.add(plan)

    def is_refused(self, plan: Plan) -> bool:
        """Whether it, or what is counted for it, can't be built."""
        return plan in self._refused or plan.facets in self._refused

    def parent(self, plan: Plan) -> RowIndex | None:
        """An index in the same order that has all rows which this one will have, and stays so."""
        parents = [
            index
            for other, index in self._indexes.items()
            if plan.narrows(other) and not index.matcher.timed and index.ordering.settled
        ]
        return min(parents, key=lambda parent: len(parent.items), default=None)

    def drop_idle(self, now: float) -> None:
        """Drop what nobody looks into, but for a few that somebody has just looked into."""
        for plan in list(self._idle_since)[:-_IDLE_INDEXES]:
            self._drop(plan)
        for plan, since in list(self._idle_since.items()):
            if since + IDLE_S <= now:
                self._drop(plan)

    @property
    def has_idle(self) -> bool:
        """Whether there is something that nobody looks into."""
        return bool(self._idle_since)

    def _drop(self, plan: Plan) -> None:
        del self._indexes[plan]
        self._idle_since.pop(plan, None)
