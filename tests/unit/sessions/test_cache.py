"""Which sessions are at hand: as many as may be, by number and by size."""

from __future__ import annotations

import gc

from tests.unit.sessions.fakes import Clock, FakeProvider, make_sessions, make_sign_in

from headlamp.sessions.active import ActiveSession
from headlamp.sessions.cache import ActiveSessions
from headlamp.sessions.memory import MemoryStore


async def _sessions(clock: Clock, provider: FakeProvider, count: int) -> list[ActiveSession]:
    sessions = make_sessions(MemoryStore(), clock, provider, cache_entries=1)
    return [(await sessions.create(make_sign_in(subject=f"person-{number}")))[1] for number in range(count)]


async def test_the_least_recently_used_leave_first(clock: Clock, provider: FakeProvider) -> None:
    cache = ActiveSessions(entries=2, size=10**9)
    one, two, three = await _sessions(clock, provider, 3)
    cache.add(one)
    cache.add(two)
    assert cache.get(one.handle) is one
    cache.add(three)
    assert len(cache) == 2
    handle = two.handle
    del two
    gc.collect()
    assert cache.get(handle) is None
    assert cache.get(one.handle) is one
    assert cache.get(three.handle) is three


async def test_a_session_that_has_grown_counts_with_its_new_size(clock: Clock, provider: FakeProvider) -> None:
    one, two, three = await _sessions(clock, provider, 3)
    for session in (one, two, three):
        session.size = 100
    cache = ActiveSessions(entries=10, size=300)
    for session in (one, two, three):
        cache.add(session)
    assert len(cache) == 3
    three.size = 250
    cache.add(three)
    assert len(cache) == 1
    three.size = 100
    cache.add(three)
    cache.add(one)
    cache.add(two)
    assert len(cache) == 3
    cache.remove(one.handle)
    two.size = 200
    cache.add(two)
    assert len(cache) == 2
