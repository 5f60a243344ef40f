"""What every session store must do; each test runs on all of them."""

from __future__ import annotations

import dataclasses

import pytest

from headlamp.sessions.store import SessionStore, StoredSession


def row(
    handle: bytes = b"h", *, version: int = 1, sealed: bytes = b"sealed", expires_at: float = 100.0
) -> StoredSession:
    return StoredSession(handle, sealed, version, expires_at, frozenset({b"index"}), b"label of " + sealed)


async def test_a_row_is_kept_as_it_is(store: SessionStore) -> None:
    await store.create(row())
    assert await store.load(b"h") == row()


async def test_an_unknown_row_is_none(store: SessionStore) -> None:
    assert await store.load(b"h") is None


async def test_a_row_is_replaced_by_its_next_version(store: SessionStore) -> None:
    await store.create(row())
    assert await store.replace(row(version=2, sealed=b"newer"))
    assert await store.load(b"h") == row(version=2, sealed=b"newer")


@pytest.mark.parametrize("version", [1, 3])
async def test_a_writer_that_has_not_seen_the_last_version_is_turned_away(store: SessionStore, version: int) -> None:
    await store.create(row())
    assert not await store.replace(row(version=version, sealed=b"late"))
    assert await store.load(b"h") == row()


async def test_h3_replacing_a_deleted_row_does_not_bring_it_back(store: SessionStore) -> None:
    await store.create(row())
    assert await store.delete(b"h")
    assert not await store.replace(row(version=2))
    assert await store.load(b"h") is None


async def test_deleting_twice_says_so(store: SessionStore) -> None:
    await store.create(row())
    assert await store.delete(b"h")
    assert not await store.delete(b"h")


async def test_rows_are_found_by_their_present_indexes(store: SessionStore) -> None:
    await store.create(row(b"a"))
    await store.create(row(b"b"))
    await store.replace(dataclasses.replace(row(b"b", version=2), indexes=frozenset({b"other"})))
    assert await store.find(b"index") == [b"a"]
    assert await store.find(b"other") == [b"b"]
    await store.delete(b"a")
    assert await store.find(b"index") == []


async def test_expired_rows_are_purged_and_others_stay(store: SessionStore) -> None:
    await store.create(row(b"old", expires_at=10.0))
    await store.create(row(b"new", expires_at=20.0))
    assert await store.purge(10.0) == 1
    assert await store.load(b"old") is None
    assert await store.load(b"new") is not None


async def test_a_lease_has_one_holder(store: SessionStore) -> None:
    assert await store.lease(b"l", b"one", now=0.0, seconds=30.0)
    assert not await store.lease(b"l", b"two", now=29.0, seconds=30.0)
    assert await store.lease(b"l", b"one", now=29.0, seconds=30.0)


async def test_a_released_lease_is_free(store: SessionStore) -> None:
    await store.lease(b"l", b"one", now=0.0, seconds=30.0)
    await store.release(b"l", b"two")
    assert not await store.lease(b"l", b"two", now=1.0, seconds=30.0)
    await store.release(b"l", b"one")
    assert await store.lease(b"l", b"two", now=1.0, seconds=30.0)


async def test_a_lease_of_somebody_who_died_runs_out(store: SessionStore) -> None:
    await store.lease(b"l", b"one", now=0.0, seconds=30.0)
    assert await store.lease(b"l", b"two", now=30.0, seconds=30.0)


async def test_it_is_known_until_when_a_lease_is_held(store: SessionStore) -> None:
    assert await store.held_until(b"l") == 0.0
    await store.lease(b"l", b"one", now=0.0, seconds=30.0)
    await store.lease(b"m", b"one", now=5.0, seconds=30.0)
    assert await store.held_until(b"l") == 30.0
    assert await store.held_until(b"l", b"m", b"n") == 35.0
    await store.lease(b"l", b"one", now=10.0, seconds=30.0)
    assert await store.held_until(b"l", b"m") == 40.0
    await store.release(b"l", b"one")
    assert await store.held_until(b"l") == 0.0


async def test_labels_are_found_as_rows_are(store: SessionStore) -> None:
    await store.create(row(b"a"))
    await store.create(row(b"b"))
    await store.replace(row(b"b", version=2, sealed=b"newer"))
    await store.create(dataclasses.replace(row(b"c"), indexes=frozenset({b"other"})))
    assert await store.labels(b"index") == {b"a": b"label of sealed", b"b": b"label of newer"}
    await store.delete(b"a")
    assert list(await store.labels(b"index")) == [b"b"]
    assert await store.labels(b"nothing") == {}
