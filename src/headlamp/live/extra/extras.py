"""The extra columns of one subscription: read as its own viewer, for the rows in view, and again when those change."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable

from headlamp.live.extra.agenda import Agenda
from headlamp.live.extra.allowance import Allowance
from headlamp.live.extra.announcing import Announcing
from headlamp.live.extra.asked import Asked
from headlamp.live.extra.column import Seen
from headlamp.live.extra.filling import Filling
from headlamp.live.extra.measuring import Measuring
from headlamp.live.extra.plain import plain
from headlamp.live.extra.reading import ObjectReader
from headlamp.live.extra.rounds import Rounds
from headlamp.live.extra.values import Values
from headlamp.live.frames import Payload
from headlamp.live.protocol import Cell, Extra, Key
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.upstream import Upstream

ROWS_A_MESSAGE = 1000
TOO_MANY_LOOKS = "Extra columns are open in too many lists, in all tabs together."
TOO_MUCH = "There is too much in these columns to read them for so many rows."
FAULT = "The server failed to read this column."
# Values of so many rows that are no more are kept, before it is worth a look at all.
_GONE = 100


class Extras:
    """Does nothing until `look` or `hold`. `changed` is called when `take` or `changed_values` has something.

    All is read with the credential of the subscription's own viewer (`upstream`), whoever reads the rows. `table` is
    asked for the rows as they are, and which have changed; it may become another.
    """

    def __init__(
        self,
        upstream: Upstream,
        selection: Selection,
        table: Callable[[], RowTable],
        *,
        allowance: Allowance,
        random: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        timing = upstream.timing
        reader = ObjectReader(upstream, selection, allowance.gate)
        self._selection = selection
        self._table = table
        self._allowance = allowance
        self._announcing = Announcing(timing.loading_batch, changed)
        self._rounds = Rounds(self._round, self._failed, timing.refused_pause)
        self._agenda = Agenda(timing, self._rounds.hasten)
        at_once = selection.namespaced and selection.namespaces is None
        self._filling = Filling(reader, self._agenda, self, timing=timing, random=random, at_once=at_once)
        self._measuring = Measuring(reader, timing)
        self._shown = Values(Asked((), selection), allowance)
        self._held = Values(Asked((), selection), allowance)
        self._in_view: dict[Key, None] | None = {}
        self._heard: RowTable | None = None
        self._trouble = ""
        self._full = self._reset = self._redefined = self._looking = False

    def look(self, ids: Iterable[str], rows: Iterable[Key] | None) -> None:
        """Read these extra columns for these rows (None: for all), instead of those asked for before."""
        asked = Asked(ids, self._selection)
        before = self._in_view
        self._in_view = None if rows is None else dict.fromkeys((namespace, name) for namespace, name in rows)
        as_before = asked.ids == self._shown.asked.ids and (before is None) == (rows is None)
        if as_before and (self._looking or not asked.any):
            if self._in_view == before and self._heard is self._table():
                return
            self._shown.retain(self._in_sight)
        else:
            self._shown.clear()
            self._shown = Values(asked, self._allowance)
            self._reset = self._redefined = True
            self._restart()
        self._seek()
        self._announcing.soon()

    def hold(self, ids: Iterable[str]) -> None:
        """Know these extra columns of all rows, for sorting and filtering here; `value_of` tells them."""
        asked = Asked(ids, self._selection)
        if asked.ids == self._held.asked.ids:
            return
        self._held.clear()
        self._held = Values(asked, self._allowance)
        self._restart()
        self._seek()

    def value_of(self, key: Key, extra_id: str) -> Cell:
        """What a row sorts and is filtered by in a column that is held; None when it has no value, or it is not known.

        See `plain` for what that is of columns whose cells are no plain values.
        """
        ids = self._held.asked.ids
        return plain(self._held.cell(key, ids.index(extra_id))) if extra_id in ids else None

    def changed_values(self) -> list[Key]:
        """The rows of which a held column's value has become known, or another, since the last call."""
        return [(namespace, name) for namespace, name, _ in self._held.take(len(self._held))]

    def take(self) -> list[Payload]:
        """What is to be sent now; `changed` is called again when there is more."""
        rows = [row for row in self._shown.take(ROWS_A_MESSAGE) if (row[0], row[1]) in self._table()]
        if self._shown.has_untold:
            self._announcing.soon()
        if not rows and not self._redefined:
            return []
        columns = None
        if self._redefined:
            trouble = self._trouble if self._looking or not self._shown.asked.any else TOO_MANY_LOOKS
            columns = self._shown.asked.definitions(trouble, self._measuring.trouble)
        message = Extra(0, self._reset, columns, rows)
        self._reset = self._redefined = False
        return [Payload(message)]

    def close(self) -> None:
        """Stop reading and forget all."""
        self._shown.clear()
        self._held.clear()
        self._shown = self._held = Values(Asked((), self._selection), self._allowance)
        self._restart()
        self._announcing.cancel()

    def _restart(self) -> None:
        """Begin anew: what is on its way is of columns that are not wanted any more."""
        self._rounds.stop()
        self._filling.reset()
        self._measuring.reset()
        self._full = False
        self._trouble = ""
        wanted = self._shown.asked.any or self._held.asked.any
        if wanted and not self._looking:
            self._looking = self._allowance.begin_look()
        elif not wanted and self._looking:
            self._looking = False
            self._allowance.end_look()
        if self._looking:
            self._rounds.start()
        self._listen(self._table() if self._looking else None)

    def _listen(self, table: RowTable | None) -> None:
        if self._heard is not None and self._heard is not table:
            self._heard.mentioned.discard(self._mention)
        if table is not None:
            table.mentioned.add(self._mention)
        self._heard = table

    def _in_sight(self, key: Key) -> bool:
        return self._in_view is None or key in self._in_view

    def wants(self, key: Key) -> bool:
        """Whether something is wanted of this row."""
        return bool(self._held.asked.ids) or self._in_sight(key)

    def _seek(self) -> None:
        """Read what is wanted and not known, without waiting."""
        self._agenda.retain(self.wants)
        if not self._looking:
            return
        self._agenda.want(key for key in self._wanted_keys() if not self._knows(key))
        if self._shown.asked.measured and self._shown.lacks_usage(self._in_view or ()):
            self._measuring.hasten()
        self._plan_next()

    def _wanted_keys(self) -> list[Key]:
        table = self._table()
        if self._held.asked.ids or self._in_view is None:
            return [(namespace, name) for namespace, name, _ in table]
        return [key for key in self._in_view if key in table]

    def _knows(self, key: Key) -> bool:
        held = key in self._held or not self._held.asked.ids
        return held and (key in self._shown or not self._in_sight(key))

    @property
    def _measures(self) -> bool:
        return self._shown.asked.measured or self._held.asked.measured

    def _mention(self, key: Key) -> None:
        """The cluster has spoken of a row: what is known of it may be old."""
        if self._heard is not None and key not in self._heard:
            # It was gone and comes again: the page has forgotten what it was told of it.
            self._shown.drop(key)
            self._held.drop(key)
        if self.wants(key):
            self._agenda.mention(key)

    def _plan_next(self) -> None:
        self._rounds.hasten(min(self._agenda.next_at, self._measuring.due_at if self._measures else math.inf))

    # Reading

    async def _round(self) -> None:
        table = self._table()
        self._listen(table)
        for values in (self._shown, self._held):
            if len(values) > len(table) + _GONE:
                values.retain(table.__contains__)
        await asyncio.gather(self._filling.read_due(table), self._measure())
        self._blame(TOO_MUCH if self._full else self._filling.trouble)
        self._announce_values()
        self._plan_next()

    def _failed(self) -> None:
        """A round ended in the middle: what it was to read is due again."""
        self._filling.reset()
        self._blame(FAULT)
        self._plan_next()

    async def _measure(self) -> None:
        if not self._measures:
            return
        before = self._measuring.trouble
        usage = await self._measuring.read(dict.fromkeys(namespace for namespace, _ in self._wanted_keys()))
        if usage is not None:
            self._shown.put_usage(usage, self._in_sight)
            self._held.put_usage(usage, self.wants)
        if self._measuring.trouble != before:
            self._redefine()

    @property
    def whole(self) -> bool:
        """Whether a column needs more of an object than its metadata."""
        return self._shown.asked.whole or self._held.asked.whole

    def put(self, key: Key, seen: Seen | None) -> None:
        """The object of a row has been read; None when it is gone, or may not be read."""
        for values, wanted in ((self._shown, self._in_sight(key)), (self._held, bool(self._held.asked.ids))):
            if wanted and not values.put(key, seen):
                self._full = True
        self._announce_values()

    # What the page is told

    def _blame(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._redefine()

    def _redefine(self) -> None:
        self._redefined = True
        self._announcing.soon()

    def _announce_values(self) -> None:
        if self._shown.has_untold or self._held.has_untold:
            self._announcing.soon()
