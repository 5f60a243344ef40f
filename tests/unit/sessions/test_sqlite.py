from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import stat
from pathlib import Path

import pytest

from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.sqlite import REMEMBERED_CHANGES, SqliteStore
from headlamp.sessions.store import StoredSession


def row(handle: bytes = b"h", version: int = 1, expires_at: float = 100.0) -> StoredSession:
    return StoredSession(handle, b"sealed", version, expires_at, frozenset({b"index"}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "sessions.db"


async def test_sessions_survive_a_restart(path: Path) -> None:
    first = SqliteStore(path)
    await first.open()
    await first.create(row())
    await first.close()
    second = SqliteStore(path)
    await second.open()
    assert await second.load(b"h") == row()
    await second.close()


async def test_every_file_of_the_database_is_for_its_owner_alone(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.create(row())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    await store.close()
    assert modes == dict.fromkeys(("sessions.db", "sessions.db-wal", "sessions.db-shm"), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_process_sees_what_another_one_changed(path: Path) -> None:
    ours, theirs = SqliteStore(path), SqliteStore(path)
    await ours.open()
    await theirs.open()
    await ours.create(row(b"a"))
    await ours.create(row(b"b"))
    begin = (await ours.changes(None)).cursor
    assert (await ours.changes(begin)).rows == {}
    await theirs.replace(row(b"a", 2))
    await theirs.delete(b"b")
    changes = await ours.changes(begin)
    assert (changes.rows, changes.complete) == ({b"a": 2, b"b": None}, True)
    assert (await ours.changes(changes.cursor)).rows == {}
    await ours.close()
    await theirs.close()


async def test_a_reader_that_was_away_for_too_long_is_told_that_anything_may_have_changed(path: Path) -> None:
    ours, theirs = SqliteStore(path), SqliteStore(path)
    await ours.open()
    await theirs.open()
    begin = (await ours.changes(None)).cursor
    await theirs.create(row(b"a"))
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO changes (handle) VALUES (?)", [(b"x",)] * (REMEMBERED_CHANGES + 5))
    await theirs.purge(0.0)
    changes = await ours.changes(begin)
    assert not changes.complete
    assert (await ours.changes(changes.cursor)).complete
    await ours.close()
    await theirs.close()


async def test_many_processes_may_start_on_a_new_file_at_once(path: Path) -> None:
    stores = [SqliteStore(path) for _ in range(6)]
    await asyncio.gather(*(store.open() for store in stores))
    await stores[0].create(row())
    assert [await store.load(b"h") for store in stores] == [row()] * 6
    for store in stores:
        await store.close()


async def test_writers_of_two_processes_wait_for_each_other(path: Path) -> None:
    stores = [SqliteStore(path), SqliteStore(path)]
    for store in stores:
        await store.open()
    await asyncio.gather(*(stores[n % 2].create(row(bytes([n]))) for n in range(60)))
    assert len(await stores[0].find(b"index")) == 60
    for store in stores:
        await store.close()


async def test_a_database_that_stays_locked_is_a_problem_that_passes(path: Path) -> None:
    store = SqliteStore(path, busy_timeout=0.01)
    await store.open()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable) as caught:
        await store.create(row())
    assert caught.value.status == 503
    holder.execute("ROLLBACK")
    await store.create(row())
    holder.close()
    await store.close()


FIRST_FORMAT = """
CREATE TABLE sessions (
  handle BLOB PRIMARY KEY, sealed BLOB NOT NULL, version INTEGER NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE TABLE indexes (
  name BLOB NOT NULL, handle BLOB NOT NULL REFERENCES sessions (handle) ON DELETE CASCADE, PRIMARY KEY (name, handle)
) WITHOUT ROWID;
CREATE INDEX indexes_handle ON indexes (handle);
CREATE TABLE leases (name BLOB PRIMARY KEY, owner BLOB NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, handle BLOB NOT NULL);
CREATE TRIGGER session_created AFTER INSERT ON sessions BEGIN INSERT INTO changes (handle) VALUES (new.handle); END;
CREATE TRIGGER session_replaced AFTER UPDATE ON sessions BEGIN INSERT INTO changes (handle) VALUES (new.handle); END;
CREATE TRIGGER session_deleted AFTER DELETE ON sessions BEGIN INSERT INTO changes (handle) VALUES (old.handle); END;
INSERT INTO sessions VALUES (x'68', x'73', 1, 100.0);
INSERT INTO indexes VALUES (x'69', x'68');
PRAGMA user_version = 1;
"""


async def test_sessions_in_a_file_of_the_first_format_go_on(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.executescript(FIRST_FORMAT)
    stores = [SqliteStore(path) for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    ours, theirs = stores[:2]
    old = StoredSession(b"h", b"s", 1, 100.0, frozenset({b"i"}))
    assert await ours.load(b"h") == old
    assert await ours.labels(b"i") == {b"h": b""}
    begin = (await ours.changes(None)).cursor
    newer = dataclasses.replace(old, version=2, label=b"label")
    assert await theirs.replace(newer)
    assert await ours.load(b"h") == newer
    assert (await ours.changes(begin)).rows == {b"h": 2}
    for store in stores:
        await store.close()
    again = SqliteStore(path)
    await again.open()
    assert await again.load(b"h") == newer
    await again.close()


async def test_a_file_that_was_brought_up_to_date_has_the_same_tables_as_a_new_one(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.executescript(FIRST_FORMAT)
    columns = []
    for name in (path, path.with_name("new.db")):
        store = SqliteStore(name)
        await store.open()
        await store.close()
        with sqlite3.connect(name) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            columns.append({table: db.execute(f"PRAGMA table_info({table})").fetchall() for table in tables})
    assert columns[0] == columns[1]


@pytest.mark.parametrize("version", [99, -1])
async def test_a_file_of_a_later_release_is_left_alone(path: Path, version: int) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreUnavailable, match="later release"):
        await SqliteStore(path).open()


async def test_a_file_that_is_no_database_is_a_problem_with_a_name(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database " * 100)
    with pytest.raises(StoreUnavailable, match=r"sessions\.db"):
        await SqliteStore(path).open()


async def test_a_store_that_is_not_open_says_so() -> None:
    with pytest.raises(StoreUnavailable):
        await SqliteStore(Path("unused")).load(b"h")
