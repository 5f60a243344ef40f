"""Sessions in an SQLite file: they survive a restart, and several processes on one machine may share them."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.sqlite_schema import prepare
from headlamp.sessions.store import Changes, StoredSession

Result = TypeVar("Result")
# Every process asks twice a second, so the log need not reach far back.
REMEMBERED_CHANGES = 10_000

SWITCH_PAUSE_S = 0.02


class SqliteStore:
    """`SessionStore` in the file `path`, which its owner alone can read (mode 0600).

    The connection lives in one thread of its own, so the event loop never waits for the disk, and calls of one
    process follow one another. `busy_timeout` (seconds) is how long to wait for another process's write.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 5.0) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._data_version = -1

    async def open(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessions-sqlite")
        try:
            await self._run(self._connect)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.get_running_loop().run_in_executor(thread, connection.close)
        thread.shutdown(wait=False)

    async def create(self, row: StoredSession) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO sessions (handle, sealed, version, expires_at, label) VALUES (?, ?, ?, ?, ?)",
                (row.handle, row.sealed, row.version, row.expires_at, row.label),
            )
            _write_indexes(db, row)

        await self._write(work)

    async def load(self, handle: bytes) -> StoredSession | None:
        def work(db: sqlite3.Connection) -> StoredSession | None:
            found = db.execute(
                "SELECT sealed, version, expires_at, label FROM sessions WHERE handle = ?", (handle,)
            ).fetchone()
            if found is None:
                return None
            names = db.execute("SELECT name FROM indexes WHERE handle = ?", (handle,)).fetchall()
            indexes = frozenset(name for (name,) in names)
            return StoredSession(handle, found[0], found[1], found[2], indexes, found[3])

        return await self._read(work)

    async def replace(self, row: StoredSession) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            done = db.execute(
                "UPDATE sessions SET sealed = ?, version = ?, expires_at = ?, label = ?"
                " WHERE handle = ? AND version = ?",
                (row.sealed, row.version, row.expires_at, row.label, row.handle, row.version - 1),
            )
            if done.rowcount != 1:
                return False
            _write_indexes(db, row)
            return True

        return await self._write(work)

    async def delete(self, handle: bytes) -> bool:
        return await self._write(
            lambda db: db.execute("DELETE FROM sessions WHERE handle = ?", (handle,)).rowcount == 1
        )

    async def find(self, index: bytes) -> list[bytes]:
        def work(db: sqlite3.Connection) -> list[bytes]:
            return [handle for (handle,) in db.execute("SELECT handle FROM indexes WHERE name = ?", (index,))]

        return await self._read(work)

    async def labels(self, index: bytes) -> dict[bytes, bytes]:
        def work(db: sqlite3.Connection) -> dict[bytes, bytes]:
            return dict(
                db.execute(
                    "SELECT s.handle, s.label FROM indexes i JOIN sessions s ON s.handle = i.handle WHERE i.name = ?",
                    (index,),
                )
            )

        return await self._read(work)

    async def purge(self, now: float) -> int:
        def work(db: sqlite3.Connection) -> int:
            db.execute("DELETE FROM leases WHERE expires_at <= ?", (now,))
            gone = db.execute("DELETE FROM sessions WHERE expires_at <= ?", (now,)).rowcount
            db.execute("DELETE FROM changes WHERE number <= ?", (_newest_change(db) - REMEMBERED_CHANGES,))
            return gone

        return await self._write(work)

    async def changes(self, cursor: int | None) -> Changes:
        def work(db: sqlite3.Connection) -> Changes:
            # Changes when *another* connection has written, and costs one look at shared memory to ask.
            data_version = int(db.execute("PRAGMA data_version").fetchone()[0])
            if cursor is not None and data_version == self._data_version:
                return Changes(cursor)
            newest = _newest_change(db)
            if cursor is None:
                self._data_version = data_version
                return Changes(newest)
            rows = db.execute(
                "SELECT DISTINCT c.handle, s.version FROM changes c LEFT JOIN sessions s ON s.handle = c.handle"
                " WHERE c.number > ? AND c.number <= ?",
                (cursor, newest),
            ).fetchall()
            oldest = db.execute("SELECT min(number) FROM changes").fetchone()[0]
            complete = newest == cursor or (oldest is not None and oldest <= cursor + 1)
            self._data_version = data_version
            return Changes(newest, dict(rows), complete)

        return await self._read(work)

    async def lease(self, name: bytes, owner: bytes, *, now: float, seconds: float) -> bool:
        def work(db: sqlite3.Connection) -> bool:
            taken = db.execute(
                "INSERT INTO leases (name, owner, expires_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE"
                " SET owner = excluded.owner, expires_at = excluded.expires_at"
                " WHERE leases.owner = excluded.owner OR leases.expires_at <= ?",
                (name, owner, now + seconds, now),
            )
            return taken.rowcount == 1

        return await self._write(work)

    async def held_until(self, *names: bytes) -> float:
        def work(db: sqlite3.Connection) -> float:
            found = [db.execute("SELECT expires_at FROM leases WHERE name = ?", (name,)).fetchone() for name in names]
            return max((float(row[0]) for row in found if row is not None), default=0.0)

        return await self._read(work)

    async def release(self, name: bytes, owner: bytes) -> None:
        await self._write(
            lambda db: db.execute("DELETE FROM leases WHERE name = ? AND owner = ?", (name, owner)).rowcount
        )

    def _connect(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path.touch(mode=0o600, exist_ok=True)
        # SQLite gives its journal files the mode of the database file.
        self._path.chmod(0o600)
        # Threads take turns through the executor alone; `close` may come from a thread of the interpreter's end.
        db = sqlite3.connect(self._path, timeout=self._busy_timeout, isolation_level=None, check_same_thread=False)
        try:
            self._use_wal(db)
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            # What is deleted is a session's tokens, if only sealed: don't leave them in free pages.
            db.execute("PRAGMA secure_delete = ON")
            prepare(db, self._path)
        except BaseException:
            db.close()
            raise
        self._connection = db

    def _use_wal(self, db: sqlite3.Connection) -> None:
        """Switch to write-ahead logging, which several processes may do to a new file at the same moment.

        SQLite answers "locked" at once to all but one of them: its busy timeout does not hold for this statement
        (sqlite.org/wal.html, section 8), so the waiting is ours.
        """
        give_up = time.monotonic() + self._busy_timeout
        while True:
            try:
                db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() >= give_up:
                    raise
                time.sleep(SWITCH_PAUSE_S)
            else:
                return

    async def _read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return await self._run(lambda: work(self._db()))

    async def _write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        def in_transaction() -> Result:
            db = self._db()
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                db.rollback()
                raise
            return result

        return await self._run(in_transaction)

    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StoreUnavailable("The session store is closed.", retry_after=None)
        return self._connection

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._thread is None:
            raise StoreUnavailable("The session store is not open.", retry_after=None)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"The session file {self._path.name} can't be used: {error}.") from error


def _write_indexes(db: sqlite3.Connection, row: StoredSession) -> None:
    db.execute("DELETE FROM indexes WHERE handle = ?", (row.handle,))
    db.executemany("INSERT INTO indexes (name, handle) VALUES (?, ?)", [(name, row.handle) for name in row.indexes])


def _newest_change(db: sqlite3.Connection) -> int:
    # Not max(number): the log may have been purged, and AUTOINCREMENT never gives a number twice.
    found = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return 0 if found is None else int(found[0])
