from __future__ import annotations

from headlamp.sessions.memory import REMEMBERED_CHANGES, MemoryStore
from headlamp.sessions.store import StoredSession


def row(handle: bytes, version: int = 1) -> StoredSession:
    return StoredSession(handle, b"sealed", version, 100.0)


async def test_changes_are_told_with_the_version_that_is_there_now() -> None:
    store = MemoryStore()
    begin = (await store.changes(None)).cursor
    await store.create(row(b"a"))
    await store.create(row(b"b"))
    await store.replace(row(b"a", 2))
    await store.delete(b"b")
    changes = await store.changes(begin)
    assert (changes.rows, changes.complete) == ({b"a": 2, b"b": None}, True)
    assert (await store.changes(changes.cursor)).rows == {}


async def test_a_reader_that_was_away_for_too_long_is_told_that_anything_may_have_changed() -> None:
    store = MemoryStore()
    begin = (await store.changes(None)).cursor
    for number in range(REMEMBERED_CHANGES + 1):
        await store.create(row(number.to_bytes(4, "big")))
    assert not (await store.changes(begin)).complete
