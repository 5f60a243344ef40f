"""The extra columns of one subscription: read as its own viewer, for the rows in view, and again when those change."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable
from contextlib import suppress

from headlamp.clusters.errors import AnswerTooLarge
from headlamp.live.errors import Busy, CannotPrint, Forbidden, IdentityChanged, NoSuchKind, Rejected, SignInAgain
from headlamp.live.extra.agenda import Agenda
from headlamp.live.extra.allowance import Allowance
from headlamp.live.extra.cells import ExtraCell
from headlamp.live.extra.column import BadExtra, ExtraColumn, Seen
from headlamp.live.extra.reading import ObjectReader, Read, plan_reads
from headlamp.live.extra.registry import extra_column
from headlamp.live.extra.values import Values
from headlamp.live.frames import Payload
from headlamp.live.protocol import Extra, ExtraDefinition, Key
from headlamp.live.resources import Selection
from headlamp.live.rows import RowTable
from headlamp.live.timing import Backoff
from headlamp.live.upstream import Upstream
from headlamp.problems import Problem

ROWS_A_MESSAGE = 1000
NO_METRICS = "Nobody measures what pods use here: the cluster has no metrics.k8s.io."
TOO_MANY_LOOKS = "Extra columns are open in too many lists of this tab."
TOO_MUCH = "There is too much in these columns to read them for so many rows."
# Nothing that passes by itself in a moment.
_LASTING = (Forbidden, Rejected, SignInAgain, IdentityChanged, NoSuchKind, CannotPrint, AnswerTooLarge)


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
        self._timing = upstream.timing
        self._selection = selection
        self._table = table
        self._allowance = allowance
        self._changed = changed
        self._reader = ObjectReader(upstream, selection, allowance.gate)
        self._backoff = Backoff(upstream.timing, random)
        self._ids: tuple[str, ...] = ()
        self._faults: dict[str, str] = {}
        self._values = Values((), allowance)
        self._in_view: dict[Key, None] | None = {}
        self._held: tuple[str, ...] = ()
        self._held_values = Values((), allowance)
        self._heard: RowTable | None = None
        self._agenda = Agenda(upstream.timing, self._hasten)
        self._round_at = math.inf
        self._usage_at = self._usage_read_at = -math.inf
        self._at_once = selection.namespaced and selection.namespaces is None
        self._failing: dict[Key, str] = {}
        self._full = False
        self._trouble = self._usage_trouble = ""
        self._reset = self._redefined = self._looking = False
        self._wake = asyncio.Event()
        self._announcing: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    # What is asked for

    def look(self, ids: Iterable[str], rows: Iterable[Key] | None) -> None:
        """Read these extra columns for these rows (None: for all), instead of those asked for before."""
        asked = tuple(dict.fromkeys(ids))
        was_everything = self._in_view is None
        self._in_view = None if rows is None else dict.fromkeys((namespace, name) for namespace, name in rows)
        if asked == self._ids and was_everything == (rows is None):
            self._values.retain(self._in_sight)
        else:
            self._ids = asked
            self._values.clear()
            self._values = Values(self._columns(asked), self._allowance)
            self._reset = self._redefined = True
            self._restart()
        self._seek()
        self._announce()

    def hold(self, ids: Iterable[str]) -> None:
        """Know these extra columns of all rows, for sorting and filtering here; `value_of` tells them."""
        held = tuple(dict.fromkeys(ids))
        if held == self._held:
            return
        self._held = held
        self._held_values.clear()
        self._held_values = Values(self._columns(held), self._allowance)
        self._restart()
        self._seek()

    def value_of(self, key: Key, extra_id: str) -> ExtraCell:
        """The cell of a row in a column that is held; None when it has none, or it is not read yet."""
        if extra_id not in self._held:
            return None
        return self._held_values.cell(key, self._held.index(extra_id))

    def changed_values(self) -> list[Key]:
        """The rows of which a held column's value has become known, or another, since the last call."""
        return [(row[0], row[1]) for row in self._held_values.take(len(self._held_values))]

    def take(self) -> list[Payload]:
        """What is to be sent now; `changed` is called again when there is more."""
        rows = [row for row in self._values.take(ROWS_A_MESSAGE) if (row[0], row[1]) in self._table()]
        if self._values.has_untold:
            self._announce()
        if not rows and not self._redefined and not self._reset:
            return []
        columns = self._definitions() if self._redefined else None
        message = Extra(0, self._reset, columns, rows)
        self._reset = self._redefined = False
        return [Payload(message)]

    def close(self) -> None:
        """Stop reading and forget all."""
        self._values.clear()
        self._held_values.clear()
        self._values = self._held_values = Values((), self._allowance)
        self._ids = self._held = ()
        self._restart()
        if self._announcing is not None:
            self._announcing.cancel()

    def _columns(self, ids: Iterable[str]) -> list[ExtraColumn | None]:
        columns: list[ExtraColumn | None] = []
        for extra_id in ids:
            try:
                columns.append(extra_column(extra_id, self._selection))
                self._faults.pop(extra_id, None)
            except BadExtra as problem:
                columns.append(None)
                self._faults[extra_id] = problem.message
        self._faults = {name: fault for name, fault in self._faults.items() if name in (*self._ids, *self._held)}
        return columns

    def _definitions(self) -> list[ExtraDefinition]:
        general = self._trouble if self._looking or not self._ids else TOO_MANY_LOOKS
        definitions = []
        for extra_id, column in zip(self._ids, self._values.columns, strict=True):
            if column is None:
                definitions.append(ExtraDefinition(extra_id, extra_id, "string", self._faults[extra_id]))
                continue
            problem = general or (self._usage_trouble if column.usage else "")
            definitions.append(ExtraDefinition(extra_id, column.name, column.type, problem))
        return definitions

    # When it is read

    def _restart(self) -> None:
        """Begin anew: what is on its way is of columns that are not wanted any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._agenda.interrupt()
        self._failing.clear()
        self._full = False
        self._trouble = self._usage_trouble = ""
        self._round_at, self._usage_at = math.inf, -math.inf
        wanted = any((*self._values.columns, *self._held_values.columns))
        if wanted and not self._looking:
            self._looking = self._allowance.begin_look()
        elif not wanted and self._looking:
            self._looking = False
            self._allowance.end_look()
        if self._looking:
            self._task = asyncio.create_task(self._run())
        self._listen(self._table() if self._looking else None)

    def _listen(self, table: RowTable | None) -> None:
        if self._heard is not None and self._heard is not table:
            self._heard.mentioned.discard(self._mention)
        if table is not None:
            table.mentioned.add(self._mention)
        self._heard = table

    def _in_sight(self, key: Key) -> bool:
        return self._in_view is None or key in self._in_view

    def _wants(self, key: Key) -> bool:
        return bool(self._held) or self._in_sight(key)

    def _seek(self) -> None:
        """Read what is wanted and not known, without waiting."""
        self._agenda.retain(self._wants)
        if not self._looking:
            return
        self._agenda.want(key for key in self._wanted_keys() if not self._knows(key))
        now = asyncio.get_running_loop().time()
        if self._measures and not self._usage_trouble and self._values.lacks_usage(self._in_view or ()):
            self._usage_at = min(self._usage_at, max(now, self._usage_read_at + self._timing.extra))
        self._hasten(min(self._agenda.next_at, self._usage_at if self._measures else math.inf))

    def _wanted_keys(self) -> list[Key]:
        table = self._table()
        if self._held or self._in_view is None:
            return [(namespace, name) for namespace, name, _ in table]
        return [key for key in self._in_view if key in table]

    def _knows(self, key: Key) -> bool:
        return (key in self._values or not self._in_sight(key)) and (key in self._held_values or not self._held)

    @property
    def _measures(self) -> bool:
        return any(column is not None and column.usage for column in self._values.columns)

    def _mention(self, key: Key) -> None:
        """The cluster has spoken of a row: what is known of it may be old."""
        if self._wants(key):
            self._agenda.mention(key)

    def _hasten(self, due: float) -> None:
        if due < self._round_at:
            self._round_at = due
            self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while (left := self._round_at - loop.time()) > 0:
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if left == math.inf else left):
                        await self._wake.wait()
            try:
                await self._round()
            except Exception:
                logging.getLogger("headlamp.live").exception("reading extra columns failed")
                self._blame("The server failed to read this column.")
                await asyncio.sleep(self._timing.refused_pause)

    # Reading

    async def _round(self) -> None:
        self._round_at = math.inf
        table = self._table()
        self._listen(table)
        self._forget_gone(table)
        keys = [key for key in self._agenda.begin() if key in table]
        reads = plan_reads(keys, table.counts(), at_once=self._at_once)
        await asyncio.gather(*map(self._read, reads), self._read_usage())
        self._agenda.end()
        if reads and not self._failing:
            self._backoff.reset()
        self._blame(TOO_MUCH if self._full else next(iter(self._failing.values()), ""))
        self._announce_values()
        self._hasten(min(self._agenda.next_at, self._usage_at if self._measures else math.inf))

    async def _read(self, read: Read) -> None:
        missing = set(read.keys)
        try:
            async for key, seen in self._reader.objects(read, whole=self._whole):
                missing.discard(key)
                self._put(key, seen)
        except Forbidden as problem:
            if read.namespace is None and self._at_once:
                self._at_once = False
                self._agenda.postpone(missing, 0.0)
                return
            self._put_nothing(missing)
            self._failed(missing, problem)
        except Problem as problem:
            self._failed(missing, problem)
        else:
            self._put_nothing(missing)

    @property
    def _whole(self) -> bool:
        columns = (*self._values.columns, *self._held_values.columns)
        return any(column is not None and column.whole for column in columns)

    def _put(self, key: Key, seen: Seen) -> None:
        self._failing.pop(key, None)
        for values, wanted in ((self._values, self._in_sight(key)), (self._held_values, bool(self._held))):
            if wanted and not values.put(key, [column.of(seen) if column else None for column in values.columns]):
                self._full = True
        self._announce_values()

    def _put_nothing(self, keys: Iterable[Key]) -> None:
        """These rows have no values: their objects are gone, or may not be read."""
        for key in keys:
            self._failing.pop(key, None)
            if self._in_sight(key):
                self._values.put(key, [None] * len(self._ids))
            if self._held:
                self._held_values.put(key, [None] * len(self._held))

    def _forget_gone(self, table: RowTable) -> None:
        """Rows that are no more, once there are enough of them to be worth a look at all."""
        for values in (self._values, self._held_values):
            if len(values) > len(table) + 100:
                values.retain(table.__contains__)
        self._failing = {key: message for key, message in self._failing.items() if key in table and self._wants(key)}

    def _failed(self, keys: Iterable[Key], problem: Problem) -> None:
        again = [key for key in keys if self._wants(key)]
        self._failing |= dict.fromkeys(again, problem.message)
        pause = self._timing.refused_pause if isinstance(problem, _LASTING) else self._backoff.next(problem.retry_after)
        self._agenda.postpone(again, pause)

    async def _read_usage(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._measures or self._usage_at > now:
            return
        pause = self._timing.usage
        try:
            namespaces = dict.fromkeys(namespace for namespace, _ in self._wanted_keys())
            usage, refusal = await self._reader.usage(list(namespaces))
            self._values.put_usage(usage, self._in_sight)
            trouble = refusal.message if refusal else ""
        except (NoSuchKind, Busy) as problem:
            pause, trouble = problem.retry_after or self._timing.no_usage, NO_METRICS
        except Problem as problem:
            trouble = problem.message
        self._usage_read_at = asyncio.get_running_loop().time()
        self._usage_at = self._usage_read_at + pause
        if trouble != self._usage_trouble:
            self._usage_trouble = trouble
            self._redefine()

    # What the page is told

    def _blame(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._redefine()

    def _redefine(self) -> None:
        self._redefined = True
        self._announce()

    def _announce_values(self) -> None:
        if self._values.has_untold or self._held_values.has_untold:
            self._announce()

    def _announce(self) -> None:
        """Say that there is something to take, in a moment, when more has come together."""
        if self._announcing is None:
            pause = self._timing.loading_batch
            self._announcing = asyncio.get_running_loop().call_later(pause, self._tell)

    def _tell(self) -> None:
        self._announcing = None
        self._changed()
