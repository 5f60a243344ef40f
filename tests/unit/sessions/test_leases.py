"""Leases of renewals, and what holds when a process dies, stands still or can't write in the middle of one."""

from __future__ import annotations

import asyncio

from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in
from tests.unit.sessions.test_refresh import BreakableStore, bearer, credential_of

from headlamp.oidc.errors import RefreshRefused
from headlamp.sessions.leases import KEEP_UP_EVERY_S, LEASE_S, Lease
from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.record import PastedToken
from headlamp.sessions.refresh import MOST_AHEAD_OF_TIME
from headlamp.sessions.store import StoredSession

NAME = b"renewal of somebody"


class Sleeper:
    """Sleeping moves the clock, and lets everybody else run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._clock.advance(seconds)


class SlowStore(MemoryStore):
    """Takes a tenth of a second for each write."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.written = 0
        self.cookies: list[str] = []

    async def replace(self, row: StoredSession) -> bool:
        self._clock.advance(0.1)
        self.written += 1
        return await super().replace(row)


def lease(store: MemoryStore, clock: Clock, owner: bytes) -> Lease:
    return Lease(store, NAME, owner, now=clock, sleep=Sleeper(clock))


async def test_a_lease_is_kept_up_for_as_long_as_its_holder_works(clock: Clock) -> None:
    store = MemoryStore()
    holder, other = lease(store, clock, b"one"), lease(store, clock, b"two")
    assert await holder.take()
    async with holder.held():
        while clock() < START + 10 * LEASE_S:
            await asyncio.sleep(0)
            assert not await other.take()
    assert await other.take()


async def test_h3_the_lease_of_a_process_that_died_is_free_within_ten_seconds(clock: Clock) -> None:
    store = MemoryStore()
    assert await lease(store, clock, b"one").take()
    other = lease(store, clock, b"two")
    clock.advance(LEASE_S - 0.1)
    assert not await other.take()
    clock.advance(0.1)
    assert await other.take()
    assert LEASE_S <= 10.0


async def test_a_holder_that_stood_still_for_too_long_leaves_the_lease_to_the_next(clock: Clock) -> None:
    store = MemoryStore()
    holder, other = lease(store, clock, b"one"), lease(store, clock, b"two")
    assert await holder.take()
    async with holder.held():
        clock.advance(LEASE_S)
        assert await other.take()
        for _ in range(10):
            await asyncio.sleep(0)
    assert not await holder.take()


async def test_a_lease_that_is_left_runs_out_by_itself(clock: Clock) -> None:
    store = MemoryStore()
    holder, other = lease(store, clock, b"one"), lease(store, clock, b"two")
    assert await holder.take()
    async with holder.held():
        holder.leave()
    assert not await other.take()
    clock.advance(LEASE_S + KEEP_UP_EVERY_S)
    assert await other.take()


async def test_h5_a_process_that_has_not_heard_of_a_renewal_finds_it_before_it_asks(
    replicas: tuple[Sessions, Sessions], provider: FakeProvider, clock: Clock
) -> None:
    cookie, here = await replicas[0].create(make_sign_in())
    there = await replicas[1].resolve(cookie)
    assert there is not None
    clock.advance(301)
    assert await bearer(credential_of(here)) == "id-token-2"
    # The other process's housekeeping has not looked yet, and the lease is free again.
    assert await bearer(credential_of(there)) == "id-token-2"
    assert provider.calls == ["refresh-1"]


async def test_h3_while_renewed_tokens_can_t_be_stored_no_other_process_sends_the_spent_refresh_token(
    clock: Clock, provider: FakeProvider
) -> None:
    store = BreakableStore()
    here, there = (make_sessions(store, clock, provider) for _ in range(2))
    cookie, session = await here.create(make_sign_in())
    elsewhere = await there.resolve(cookie)
    assert elsewhere is not None
    clock.advance(301)
    store.broken = True
    assert await bearer(credential_of(session)) == "id-token-2"
    waiting = asyncio.create_task(bearer(credential_of(elsewhere)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    store.broken = False
    await here.tick()
    assert await waiting == "id-token-2"
    assert provider.calls == ["refresh-1"]


async def test_h3_what_another_process_writes_meanwhile_does_not_bring_the_spent_refresh_token_back(
    clock: Clock, provider: FakeProvider
) -> None:
    store = BreakableStore()
    here, there = (make_sessions(store, clock, provider) for _ in range(2))
    cookie, session = await here.create(make_sign_in())
    elsewhere = await there.resolve(cookie)
    assert elsewhere is not None
    await there.tick()
    clock.advance(301)
    store.broken = True
    await bearer(credential_of(session))
    store.broken = False
    # The other process notes that the session is in use, and knows nothing of the new tokens yet.
    pasted = PastedToken(id="pasted-1", token="opaque-token", expires_at=None)
    await there._ledger.update(elsewhere, lambda record: record.with_pasted("main", pasted))
    await here._ledger.reload(session)
    assert session.record.logins["default"].tokens.refresh_token == "refresh-2"
    assert "main" in session.record.pasted
    await here.tick()
    await there.tick()
    assert elsewhere.record.logins["default"].tokens.refresh_token == "refresh-2"
    assert "main" in elsewhere.record.pasted
    assert provider.calls == ["refresh-1"]


async def test_a_refusal_that_can_t_be_stored_is_stored_later(clock: Clock, provider: FakeProvider) -> None:
    store = BreakableStore()
    here = make_sessions(store, clock, provider)
    cookie, session = await here.create(make_sign_in())
    clock.advance(230)
    store.broken, provider.outcome = True, RefreshRefused("revoked")
    await bearer(credential_of(session))
    await session._renewals.settle(session)
    assert session.record.logins["default"].refused
    store.broken = False
    await here.tick()
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    assert restarted.record.logins["default"].refused
    assert provider.calls == ["refresh-1"]


async def test_what_could_not_be_stored_is_stored_before_the_end(clock: Clock, provider: FakeProvider) -> None:
    store = BreakableStore()
    here = make_sessions(store, clock, provider)
    cookie, session = await here.create(make_sign_in())
    clock.advance(301)
    store.broken = True
    await bearer(credential_of(session))
    store.broken = False
    await here.close()
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    assert restarted.record.logins["default"].tokens.refresh_token == "refresh-2"


async def test_housekeeping_renews_a_crowd_of_sessions_a_few_at_a_time_and_all_of_them(
    clock: Clock, provider: FakeProvider
) -> None:
    sessions = make_sessions(MemoryStore(), clock, provider)
    held = [(await sessions.create(make_sign_in(subject=f"person-{n}")))[1] for n in range(3 * MOST_AHEAD_OF_TIME)]
    provider.gate = asyncio.Event()
    clock.advance(240)
    await sessions.tick()
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(provider.calls) == MOST_AHEAD_OF_TIME
    provider.gate.set()
    for _ in range(6):
        for session in held:
            await session._renewals.settle(session)
        await sessions.tick()
    assert len(provider.calls) == len(held)


async def test_a_request_does_not_wait_for_the_crowd(clock: Clock, provider: FakeProvider) -> None:
    sessions = make_sessions(MemoryStore(), clock, provider)
    held = [(await sessions.create(make_sign_in(subject=f"person-{n}")))[1] for n in range(2 * MOST_AHEAD_OF_TIME)]
    provider.gate = asyncio.Event()
    clock.advance(301)
    await sessions.tick()
    waiting = [asyncio.create_task(bearer(credential_of(session))) for session in held]
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(provider.calls) == len(held)
    provider.gate.set()
    assert all(token.startswith("id-token-") for token in await asyncio.gather(*waiting))


async def test_a_round_of_housekeeping_ends_in_time_to_hear_of_others_and_the_next_goes_on(
    clock: Clock, provider: FakeProvider
) -> None:
    store = SlowStore(clock)
    sessions = make_sessions(store, clock, provider)
    for number in range(20):
        value, _ = await sessions.create(make_sign_in(subject=f"person-{number}"))
        store.cookies.append(value)
    clock.advance(61)
    for value in store.cookies:
        await sessions.resolve(value)
    rounds = 0
    while store.written < 20:
        before = clock()
        await sessions.tick()
        rounds += 1
        assert clock() - before < 0.5
    assert rounds > 1
