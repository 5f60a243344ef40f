"""The tables of a session file: made in a new one, brought up to date in one that an earlier release wrote."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from headlamp.sessions.errors import StoreUnavailable

VERSION = 2
TABLES = (
    """CREATE TABLE sessions (
         handle BLOB PRIMARY KEY, sealed BLOB NOT NULL, version INTEGER NOT NULL, expires_at REAL NOT NULL,
         label BLOB NOT NULL DEFAULT x''
       ) WITHOUT ROWID""",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",
    """CREATE TABLE indexes (
         name BLOB NOT NULL, handle BLOB NOT NULL REFERENCES sessions (handle) ON DELETE CASCADE,
         PRIMARY KEY (name, handle)
       ) WITHOUT ROWID""",
    "CREATE INDEX indexes_handle ON indexes (handle)",
    "CREATE TABLE leases (name BLOB PRIMARY KEY, owner BLOB NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, handle BLOB NOT NULL)",
    """CREATE TRIGGER session_created AFTER INSERT ON sessions
         BEGIN INSERT INTO changes (handle) VALUES (new.handle); END""",
    """CREATE TRIGGER session_replaced AFTER UPDATE ON sessions
         BEGIN INSERT INTO changes (handle) VALUES (new.handle); END""",
    """CREATE TRIGGER session_deleted AFTER DELETE ON sessions
         BEGIN INSERT INTO changes (handle) VALUES (old.handle); END""",
)
# What leads from the version before to each later one.
UPGRADES = {2: ("ALTER TABLE sessions ADD COLUMN label BLOB NOT NULL DEFAULT x''",)}


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Bring the file to `VERSION`, in one transaction: two processes may start at once, and the second waits.

    Raises `StoreUnavailable` for a file of a later release or of somebody else, and `sqlite3.Error`.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if not 0 <= found <= VERSION:
            raise StoreUnavailable(
                f"The session file {path} was written by a later release, or by something else (format {found}).",
                remedy="Name another file with -session-store, or remove this one: people then sign in again.",
                retry_after=None,
            )
        steps = [TABLES] if found == 0 else [UPGRADES[version] for version in range(found + 1, VERSION + 1)]
        for statement in (statement for step in steps for statement in step):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
