"""A clock, a provider, and sessions on each kind of store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.sessions.fakes import Clock, FakeProvider, make_sessions

from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.sqlite import SqliteStore
from headlamp.sessions.store import SessionStore


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> FakeProvider:
    return FakeProvider(clock)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SessionStore]:
    store: SessionStore = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "s" / "sessions.db")
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def sessions(store: SessionStore, clock: Clock, provider: FakeProvider) -> Sessions:
    return make_sessions(store, clock, provider)


@pytest.fixture
async def replicas(tmp_path: Path, clock: Clock, provider: FakeProvider) -> AsyncIterator[tuple[Sessions, Sessions]]:
    """Two processes on one database, as far as a database can tell: two connections, nothing else shared."""
    stores = [SqliteStore(tmp_path / "shared.db") for _ in range(2)]
    both = [make_sessions(store, clock, provider) for store in stores]
    for store, each in zip(stores, both, strict=True):
        await store.open()
        await each.tick()
    yield both[0], both[1]
    for each in both:
        await each.close()
