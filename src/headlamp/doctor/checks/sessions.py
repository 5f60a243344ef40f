"""Where sessions are kept: whether that can be written, and whether the server's secret is there and its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

from headlamp.doctor.evidence import Case
from headlamp.doctor.findings import Finding, Point
from headlamp.problems import Problem
from headlamp.sessions.secret import FILE_NAME, read_secret, secret_from_text
from headlamp.sessions.sqlite_schema import VERSION
from headlamp.settings import Settings

STORE = Point("sessions.store", "Session store", "Without it nobody can sign in, or stay signed in.")
SPACE = Point("sessions.space", "Room for sessions", "A full disk ends sign-ins, and renewals of tokens.")
SECRET = Point(
    "sessions.secret",
    "Server's secret",
    "It seals sessions and sign-ins under way. Servers that stand for each other must have the same one.",
)

LEAST_SPACE = 32 * 1024 * 1024
BUSY_S = 2.0


async def check(case: Case) -> AsyncIterator[Finding]:
    """Store, room and secret; nothing is made or changed for it."""
    settings = case.settings
    database = settings.session_database
    if database is None:
        remedy = "Set -session-store=sqlite."
        found = "Sessions are kept in memory: a restart signs everybody out, and a second server knows none of them."
        yield STORE.warning(found, remedy)
    else:
        yield await asyncio.to_thread(_store, database)
        if (space := await asyncio.to_thread(_space, database)) is not None:
            yield space
    yield await asyncio.to_thread(_secret, settings)


def _store(database: Path) -> Finding:
    if not database.exists():
        return _folder(database)
    try:
        if os.name == "posix" and os.geteuid() not in (0, database.stat().st_uid):
            remedy = f"chown it to the user that the server runs as, or name another file: {_another()}"
            return STORE.failed(f"{database} belongs to another user.", remedy)
        # Read and write, never create. The lock that a write takes is given back at once.
        connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_S)
        try:
            connection.isolation_level = None
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        if "locked" in str(error):
            remedy = "Try again; if it stays, find the program that holds it: `fuser -v` with the file's name."
            return STORE.warning(f"{database} is being written by another program for long.", remedy)
        remedy = f"Check the file and its folder (owner, rights, disk), or name another one: {_another()}"
        return STORE.failed(f"{database} can't be written: {error}.", remedy)
    if version > VERSION:
        remedy = f"Remove the file (people then sign in again), or name another one: {_another()}"
        return STORE.failed(f"{database} was written by a later release (format {version}).", remedy)
    return STORE.ok(f"{database} can be written.")


def _folder(database: Path) -> Finding:
    folder = _nearest(database.parent)
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = f"Let the server's user write there, or name another place: {_another()}"
        return STORE.failed(f"{database} is not there yet, and can't be made: {folder} is not writable.", remedy)
    return STORE.ok(f"{database} will be made at the first start; {folder} is writable.")


def _space(database: Path) -> Finding | None:
    try:
        free = shutil.disk_usage(_nearest(database.parent)).free
    except OSError:
        return None
    if free < LEAST_SPACE:
        found = f"There are {free // 1024} KiB free on the disk of {database}."
        return SPACE.warning(found, f"Make room, or name another place: {_another()}")
    return SPACE.ok(f"{free // (1024 * 1024)} MiB free.")


def _secret(settings: Settings) -> Finding:
    try:
        if settings.session_secret is not None:
            secret_from_text(settings.session_secret.reveal())
            return SECRET.ok("It is given by a setting.")
        path = settings.state_dir / FILE_NAME
        if not path.exists():
            folder = _nearest(settings.state_dir)
            if not os.access(folder, os.W_OK | os.X_OK):
                remedy = "Set -state-dir to a folder that the server may write to, or -session-secret-file."
                return SECRET.failed(f"There is none yet, and {folder} is not writable.", remedy)
            return SECRET.ok(f"{path} will be made at the first start.")
        if os.name == "posix" and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            return SECRET.failed(
                f"Others may read {path} (mode {mode:04o}): sessions would be theirs, so the server does not start.",
                f"chmod 600 {path}; if somebody may have read it, remove it, and everybody signs in again.",
            )
        read_secret(path)
    except PermissionError:
        remedy = "Run this as the user that the server runs as."
        return SECRET.warning(f"{settings.state_dir} can't be looked into by this user.", remedy)
    except (Problem, OSError) as error:
        remedy = error.remedy if isinstance(error, Problem) else "Check the folder of -state-dir."
        return SECRET.failed(error.message if isinstance(error, Problem) else f"{error.strerror}.", remedy)
    return SECRET.ok(f"{path} is there, and its owner's alone.")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that there is."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _another() -> str:
    return "-session-store=sqlite:///path/to/sessions.sqlite3 or -state-dir=/path."
