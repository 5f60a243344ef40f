"""Between sealed rows in a store and live sessions in memory: reading, writing, ending, noticing others' changes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Callable, Collection

import msgspec
import structlog

from headlamp.sessions.active import ActiveSession
from headlamp.sessions.cache import ActiveSessions
from headlamp.sessions.cookie import Ticket
from headlamp.sessions.errors import BadSeal, SessionEnded, StoreUnavailable
from headlamp.sessions.label import Label, open_label, seal_label
from headlamp.sessions.record import Login, Session, decode, encode
from headlamp.sessions.refresh import Renewals
from headlamp.sessions.sealing import Sealer
from headlamp.sessions.store import SessionStore, StoredSession

PURPOSE = "session record"
MOST_WRITE_TRIES = 10

log = structlog.stdlib.get_logger("headlamp.sessions")


class Ledger:
    """The one place that writes session rows.

    A row is created once and then only ever replaced by its next version, so a session that was ended anywhere can't
    come back by a late write. `idle` and `grace` (seconds) say how long
    after its last use a row may be purged. `renewals` is handed to the sessions, and set before the first use.
    """

    renewals: Renewals

    def __init__(
        self,
        store: SessionStore,
        sealer: Sealer,
        cache: ActiveSessions,
        *,
        idle: float,
        grace: float,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._cache = cache
        self._idle = idle
        self._grace = grace
        self._now = now
        self._loading: dict[Ticket, asyncio.Task[ActiveSession | None]] = {}
        self._doomed: set[bytes] = set()
        self._unwritten: deque[tuple[ActiveSession, Callable[[Session], Session]]] = deque()
        self._cursor: int | None = None

    async def create(self, ticket: Ticket, record: Session) -> ActiveSession:
        """Store a new session."""
        row = self._row(ticket.handle, ticket.key, record, version=1)
        await self._store.create(row)
        session = self._activate(ticket, record, row)
        self._cache.add(session)
        return session

    async def load(self, ticket: Ticket) -> ActiveSession | None:
        """Read a session from the store; requests that want the same one at once share one reading."""
        task = self._loading.get(ticket)
        if task is None:
            task = self._loading[ticket] = asyncio.create_task(self._load(ticket), name="load session")
            task.add_done_callback(lambda _: self._loading.pop(ticket, None))
        return await asyncio.shield(task)

    async def reload(self, session: ActiveSession) -> None:
        """Take over what the store has now. The session is finished when the store has it no more."""
        if session.ended.is_set():
            return
        row = await self._store.load(session.handle)
        record = None if row is None else self._open(row, session.key)
        if row is None or record is None:
            self.forget(session.handle)
        elif row.version > session.version:
            for unwritten, change in self._unwritten:
                record = change(record) if unwritten is session else record
            self._accept(session, record, row)

    def write_later(self, session: ActiveSession, change: Callable[[Session], Session]) -> None:
        """Apply `change` at once here, and in the store as soon as it answers again (`finish_writes`)."""
        session.record = change(session.record)
        self._unwritten.append((session, change))

    async def finish_writes(self) -> None:
        """Store what could not be stored. Raises `StoreUnavailable` when it still can't."""
        while self._unwritten:
            session, change = self._unwritten[0]
            with contextlib.suppress(SessionEnded):
                await self.update(session, change, again=True)
            self._unwritten.popleft()

    async def update(
        self, session: ActiveSession, change: Callable[[Session], Session], *, again: bool = False
    ) -> None:
        """Apply `change` to the record, to a newer one of another process if need be, and store the outcome.

        A `change` that returns the record itself writes nothing, unless it was made before and not stored (`again`).
        Raises `SessionEnded`: nothing is ever written for a session that is over.
        """
        async with session.lock:
            for _ in range(MOST_WRITE_TRIES):
                if session.ended.is_set():
                    raise SessionEnded("The session is over.")
                record = change(session.record)
                if record is session.record and not again:
                    return
                row = self._row(session.handle, session.key, record, version=session.version + 1)
                if await self._store.replace(row):
                    self._accept(session, record, row)
                    return
                await self.reload(session)
        raise StoreUnavailable("Too many processes write to one session at once.")

    async def end(self, session: ActiveSession) -> bool:
        """End a session: at once here, within a second elsewhere. False when it was no more in the store.

        Raises `StoreUnavailable`; the session is over here all the same, and `finish_ends` removes its row.
        """
        session.finish()
        return await self._end(session.handle)

    async def end_all(self, handles: Collection[bytes]) -> int:
        """End the sessions of these rows, and say how many there were. Raises `StoreUnavailable`, as `end` does."""
        self._doomed.update(handles)
        return sum([await self._end(handle) for handle in handles])

    async def find(self, index: bytes) -> list[bytes]:
        """The rows that have `index`."""
        return await self._store.find(index)

    async def labels(self, index: bytes) -> dict[bytes, Label]:
        """What may be listed of the rows that have `index`; those of another release are left out."""
        sealed = await self._store.labels(index)
        opened = {handle: open_label(self._sealer, label, handle=handle) for handle, label in sealed.items()}
        return {handle: label for handle, label in opened.items() if label is not None and handle not in self._doomed}

    def at_hand(self, handle: bytes) -> ActiveSession | None:
        """The session of a row, if anybody in this process holds it."""
        return self._cache.alive(handle)

    async def finish_ends(self) -> None:
        """Remove the rows of sessions that were ended while the store did not answer."""
        for handle in list(self._doomed):
            await self._end(handle)

    async def _end(self, handle: bytes) -> bool:
        self._doomed.add(handle)
        self.forget(handle)
        deleted = await self._store.delete(handle)
        self._doomed.discard(handle)
        self.forget(handle)
        return deleted

    def forget(self, handle: bytes) -> None:
        """Finish the session here; its row is somebody else's business."""
        session = self._cache.remove(handle)
        if session is not None:
            session.finish()

    async def notice_changes(self) -> None:
        """Take over what other processes have written or ended since the last call."""
        changes = await self._store.changes(self._cursor)
        for session in self._cache.all() if not changes.complete else map(self._cache.alive, changes.rows):
            if session is None:
                continue
            version = changes.rows.get(session.handle)
            if changes.complete and version is None:
                self.forget(session.handle)
            elif not changes.complete or (version is not None and version > session.version):
                await self.reload(session)
        self._cursor = changes.cursor

    def index(self, kind: str, issuer: str, value: str) -> bytes:
        """The keyed hash that a row can be found by: `kind` is "sub", "sid", or "sub without sid"."""
        return self._sealer.mac(f"session index {kind}", issuer, value)

    def indexes(self, login: Login) -> frozenset[bytes]:
        """All that the row of a session with this login can be found by."""
        named = ("sid", login.sid) if login.sid else ("sub without sid", login.subject)
        return frozenset(self.index(kind, login.issuer, value) for kind, value in (("sub", login.subject), named))

    def public_id(self, handle: bytes) -> str:
        """A name for a row that may be told to its owner: it leads to nothing but the row."""
        return base64.urlsafe_b64encode(self._sealer.mac("session public id", handle.hex())[:16]).rstrip(b"=").decode()

    async def _load(self, ticket: Ticket) -> ActiveSession | None:
        row = await self._store.load(ticket.handle)
        # One that is being ended may still have been there when the store was asked.
        record = None if row is None or row.handle in self._doomed else self._open(row, ticket.key)
        if row is None or record is None:
            return None
        session = self._cache.get(ticket.handle)
        if session is None:
            session = self._activate(ticket, record, row)
            self._cache.add(session)
        return session

    def _activate(self, ticket: Ticket, record: Session, row: StoredSession) -> ActiveSession:
        return ActiveSession(
            ticket, record, version=row.version, size=len(row.sealed), renewals=self.renewals, now=self._now
        )

    def _accept(self, session: ActiveSession, record: Session, row: StoredSession) -> None:
        session.accept(record, row.version, len(row.sealed))
        if self._cache.alive(session.handle) is session:
            self._cache.add(session)

    def _open(self, row: StoredSession, key: bytes) -> Session | None:
        """The record of a row; None for a cookie whose key is wrong, or a row that is not what it was."""
        try:
            return decode(self._sealer.open_for(key, PURPOSE, row.sealed, aad=row.handle))
        except BadSeal:
            return None
        except msgspec.MsgspecError:
            log.warning("a session record of another release is left out")
            return None

    def _row(self, handle: bytes, key: bytes, record: Session, *, version: int) -> StoredSession:
        return StoredSession(
            handle=handle,
            sealed=self._sealer.seal_for(key, PURPOSE, encode(record), aad=handle),
            version=version,
            expires_at=min(record.expires_at, record.last_seen + self._idle + self._grace),
            indexes=frozenset[bytes]().union(*map(self.indexes, record.logins.values())),
            label=seal_label(self._sealer, record, handle=handle),
        )
