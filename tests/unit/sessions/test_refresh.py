"""Renewal of tokens: on which store it happens makes no difference, so these run on both."""

from __future__ import annotations

import asyncio

import pytest
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in, make_tokens

from headlamp.clusters.credential import CredentialSource
from headlamp.oidc.errors import ProviderUnavailable, RefreshMismatch, RefreshRefused
from headlamp.oidc.tokens import Tokens
from headlamp.sessions.errors import RenewalDelayed, SessionEnded, SignInAgain, StoreUnavailable
from headlamp.sessions.manager import ActiveSession, Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.store import SessionStore, StoredSession


class BreakableStore(MemoryStore):
    """Replaces nothing while it is broken."""

    broken = False

    async def replace(self, row: StoredSession) -> bool:
        if self.broken:
            raise StoreUnavailable("disk full")
        return await super().replace(row)


def credential_of(session: ActiveSession, provider_id: str = "default") -> CredentialSource:
    source = session.credential_source("any", provider_id)
    assert source is not None
    return source


async def bearer(credential: CredentialSource) -> str:
    current = await credential.current()
    assert current is not None
    return current.token


@pytest.fixture
async def signed_in(sessions: Sessions) -> tuple[str, ActiveSession]:
    return await sessions.create(make_sign_in())


@pytest.fixture
def session(signed_in: tuple[str, ActiveSession]) -> ActiveSession:
    return signed_in[1]


async def test_a_fresh_token_is_handed_out_without_asking_anybody(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    clock.advance(194)
    assert await bearer(credential_of(session)) == "id-token-1"
    assert provider.calls == []


async def test_while_a_renewal_is_under_way_the_old_token_is_used(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.gate = asyncio.Event()
    clock.advance(230)
    assert await bearer(credential_of(session)) == "id-token-1"
    await provider.asked.wait()
    assert await bearer(credential_of(session)) == "id-token-1"
    provider.gate.set()
    await session._renewals.settle(session)
    assert await bearer(credential_of(session)) == "id-token-2"


async def test_h5_five_hundred_requests_at_expiry_make_one_call_and_all_get_the_new_token(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    clock.advance(301)
    credential = credential_of(session)
    tokens = await asyncio.gather(*(bearer(credential) for _ in range(500)))
    assert set(tokens) == {"id-token-2"}
    assert provider.calls == ["refresh-1"]


async def test_h3_a_cancelled_request_does_not_cancel_the_renewal_for_the_others(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.gate = asyncio.Event()
    clock.advance(301)
    credential = credential_of(session)
    impatient, patient = (asyncio.create_task(bearer(credential)) for _ in range(2))
    await provider.asked.wait()
    impatient.cancel()
    await asyncio.wait([impatient])
    provider.gate.set()
    assert await patient == "id-token-2"
    assert impatient.cancelled()
    assert provider.calls == ["refresh-1"]


async def test_h3_signing_out_during_a_renewal_does_not_bring_the_session_back(
    sessions: Sessions, signed_in: tuple[str, ActiveSession], store: SessionStore, provider: FakeProvider, clock: Clock
) -> None:
    cookie, session = signed_in
    provider.gate = asyncio.Event()
    clock.advance(301)
    waiting = asyncio.create_task(bearer(credential_of(session)))
    await provider.asked.wait()
    await sessions.end(session)
    provider.gate.set()
    with pytest.raises(SessionEnded):
        await waiting
    assert await store.load(session.handle) is None
    assert await sessions.resolve(cookie) is None


async def test_h4_a_provider_that_is_down_does_not_end_the_session(
    sessions: Sessions, signed_in: tuple[str, ActiveSession], provider: FakeProvider, clock: Clock
) -> None:
    cookie, session = signed_in
    provider.outcome = ProviderUnavailable("down")
    clock.advance(230)
    await sessions.tick()
    await session._renewals.settle(session)
    assert await bearer(credential_of(session)) == "id-token-1"
    clock.advance(100)
    with pytest.raises(RenewalDelayed) as caught:
        await bearer(credential_of(session))
    assert caught.value.status == 503
    assert caught.value.retry_after is not None
    assert await sessions.resolve(cookie) is session
    assert not credential_of(session).ended.is_set()
    provider.outcome = None
    clock.advance(caught.value.retry_after)
    assert await bearer(credential_of(session)) == "id-token-4"


async def test_h4_tries_at_a_provider_that_is_down_become_rarer(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.outcome = ProviderUnavailable("down", retry_after=None)
    clock.advance(301)
    waits: list[float] = []
    for _ in range(9):
        for _ in range(3):  # who asks meanwhile causes no further call
            with pytest.raises(RenewalDelayed) as caught:
                await bearer(credential_of(session))
        assert caught.value.retry_after is not None
        waits.append(caught.value.retry_after)
        clock.advance(caught.value.retry_after)
    spread = 1 + session.share / 4
    assert waits == pytest.approx([wait * spread for wait in (1, 2, 4, 8, 16, 32, 60, 60, 60)])
    assert len(provider.calls) == 9


async def test_a_provider_that_names_a_time_is_left_alone_until_then(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.outcome = ProviderUnavailable("busy", retry_after=30.0)
    clock.advance(301)
    with pytest.raises(RenewalDelayed) as caught:
        await bearer(credential_of(session))
    assert caught.value.retry_after is not None
    assert 30.0 <= caught.value.retry_after <= 37.5


async def test_sessions_that_failed_together_do_not_try_again_at_one_moment(
    clock: Clock, provider: FakeProvider
) -> None:
    sessions = make_sessions(MemoryStore(), clock, provider)
    provider.outcome = ProviderUnavailable("down", retry_after=None)
    made = [(await sessions.create(make_sign_in()))[1] for _ in range(100)]
    clock.advance(301)
    waits: set[float] = set()
    for session in made:
        for _ in range(7):
            with pytest.raises(RenewalDelayed):
                await bearer(credential_of(session))
            session.attempts["default"].not_before = 0.0
        with pytest.raises(RenewalDelayed) as caught:
            await bearer(credential_of(session))
        assert caught.value.retry_after is not None
        assert 60 <= caught.value.retry_after <= 75
        waits.add(round(caught.value.retry_after))
    assert len(waits) >= 12


async def test_an_unexpected_error_in_the_provider_counts_as_one_that_passes(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.outcome = KeyError("bug")
    clock.advance(301)
    with pytest.raises(RenewalDelayed):
        await bearer(credential_of(session))


async def test_a_refused_renewal_leaves_the_sign_in_until_its_token_ends(
    sessions: Sessions, session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.outcome = RefreshRefused("no")
    credential = credential_of(session)
    clock.advance(230)
    await bearer(credential)
    await session._renewals.settle(session)
    assert await bearer(credential) == "id-token-1"
    clock.advance(71)
    with pytest.raises(SignInAgain) as caught:
        await bearer(credential)
    assert (caught.value.status, caught.value.code) == (401, "session.sign_in_again")
    assert len(provider.calls) == 1
    assert not session.ended.is_set()
    await sessions.tick()
    assert credential.ended.is_set()


async def test_a_refused_refresh_token_is_not_sent_again_after_a_restart(
    store: SessionStore, sessions: Sessions, signed_in: tuple[str, ActiveSession], provider: FakeProvider, clock: Clock
) -> None:
    cookie, session = signed_in
    provider.outcome = RefreshRefused("no")
    clock.advance(230)
    await bearer(credential_of(session))
    await session._renewals.settle(session)
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    clock.advance(71)
    with pytest.raises(SignInAgain):
        await bearer(credential_of(restarted))
    assert len(provider.calls) == 1


async def test_without_a_refresh_token_the_sign_in_lasts_as_long_as_its_token(
    sessions: Sessions, provider: FakeProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=Tokens("only", "access", None, START + 300)))
    clock.advance(290)
    assert await bearer(credential_of(session)) == "only"
    clock.advance(6)  # the last moments of a token are not used
    with pytest.raises(SignInAgain):
        await bearer(credential_of(session))
    assert provider.calls == []


async def test_a10_renewed_tokens_for_somebody_else_end_the_session(
    sessions: Sessions, signed_in: tuple[str, ActiveSession], store: SessionStore, provider: FakeProvider, clock: Clock
) -> None:
    cookie, session = signed_in
    provider.outcome = RefreshMismatch("sub")
    clock.advance(301)
    with pytest.raises(SessionEnded):
        await bearer(credential_of(session))
    assert session.ended.is_set()
    assert await sessions.resolve(cookie) is None
    assert await store.load(session.handle) is None


async def test_a_renewal_that_brings_no_newer_id_token_asks_to_sign_in_again(
    session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    clock.advance(301)
    provider._clock = lambda: START - 100  # type: ignore[assignment]
    for _ in range(3):
        with pytest.raises(SignInAgain):
            await bearer(credential_of(session))
    assert len(provider.calls) == 1


async def test_an_answer_without_a_new_id_token_does_not_make_a_flood_of_renewals(
    sessions: Sessions, session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider._clock = lambda: START  # type: ignore[assignment]  # every answer keeps the old expiry
    for _ in range(300):
        clock.advance(1)
        await sessions.tick()
        await session._renewals.settle(session)
    assert len(provider.calls) < 15


async def test_tokens_that_live_for_seconds_are_renewed_all_the_same(
    sessions: Sessions, provider: FakeProvider, clock: Clock
) -> None:
    _, session = await sessions.create(make_sign_in(tokens=make_tokens(expires_at=START + 4)))
    provider._clock = lambda: clock() - 296  # type: ignore[assignment]
    for _ in range(20):
        clock.advance(1)
        await bearer(credential_of(session))
    assert 4 < len(provider.calls) < 12


async def test_renewed_tokens_that_cannot_be_stored_yet_are_used_and_stored_later(
    clock: Clock, provider: FakeProvider
) -> None:
    store = BreakableStore()
    sessions = make_sessions(store, clock, provider)
    cookie, session = await sessions.create(make_sign_in())
    clock.advance(301)
    store.broken = True
    assert await bearer(credential_of(session)) == "id-token-2"
    store.broken = False
    clock.advance(60)
    assert await sessions.resolve(cookie) is session
    await sessions.tick()
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    assert restarted.record.logins["default"].tokens.id_token == "id-token-2"
    assert provider.calls == ["refresh-1"]


async def test_housekeeping_renews_ahead_of_use(
    sessions: Sessions, session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    await sessions.tick()
    clock.advance(194)
    await sessions.tick()
    assert provider.calls == []
    clock.advance(32)
    await sessions.tick()
    await session._renewals.settle(session)
    assert provider.calls == ["refresh-1"]
    assert session.record.logins["default"].tokens.id_token == "id-token-2"


async def test_renewed_tokens_survive_a_restart(
    store: SessionStore, signed_in: tuple[str, ActiveSession], provider: FakeProvider, clock: Clock
) -> None:
    cookie, session = signed_in
    clock.advance(301)
    await bearer(credential_of(session))
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    assert await bearer(credential_of(restarted)) == "id-token-2"


async def test_each_provider_of_a_session_is_renewed_on_its_own(
    sessions: Sessions, session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    _, both = await sessions.create(
        make_sign_in("other", tokens=make_tokens(7, expires_at=START + 9000)), replacing=session
    )
    clock.advance(301)
    assert await bearer(credential_of(both)) == "id-token-2"
    assert await bearer(credential_of(both, "other")) == "id-token-7"
    assert provider.calls == ["refresh-1"]


async def test_a_provider_that_is_no_longer_configured_does_not_end_the_session(
    store: SessionStore, clock: Clock, provider: FakeProvider
) -> None:
    _, session = await make_sessions(store, clock, provider).create(make_sign_in("gone"))
    clock.advance(301)
    with pytest.raises(RenewalDelayed):
        await bearer(credential_of(session, "gone"))


async def test_closing_waits_for_a_renewal_under_way(
    store: SessionStore, sessions: Sessions, session: ActiveSession, provider: FakeProvider, clock: Clock
) -> None:
    provider.gate = asyncio.Event()
    clock.advance(230)
    await bearer(credential_of(session))
    await provider.asked.wait()
    closing = asyncio.create_task(session._renewals.close())
    await asyncio.sleep(0)
    provider.gate.set()
    await closing
    assert session.record.logins["default"].tokens.id_token == "id-token-2"


# Two processes on one database: two stores on one file, as two processes would have them.


async def test_h5_two_processes_make_one_call_and_both_get_the_new_token(
    replicas: tuple[Sessions, Sessions], provider: FakeProvider, clock: Clock
) -> None:
    cookie, here = await replicas[0].create(make_sign_in())
    there = await replicas[1].resolve(cookie)
    assert there is not None
    provider.gate = asyncio.Event()
    clock.advance(301)
    waiting = [asyncio.create_task(bearer(credential_of(each))) for each in (here, there) * 50]
    await provider.asked.wait()
    await asyncio.sleep(0.02)  # the other process gets to know that it has to wait
    provider.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"id-token-2"}
    assert provider.calls == ["refresh-1"]


async def test_a_process_that_was_refused_uses_what_another_one_got(
    replicas: tuple[Sessions, Sessions], provider: FakeProvider, clock: Clock
) -> None:
    cookie, here = await replicas[0].create(make_sign_in())
    there = await replicas[1].resolve(cookie)
    assert there is not None
    clock.advance(301)
    # As if this process stood still and its lease ran out: the other one renews while it waits for its answer.
    here._renewals._sleep = _forever
    provider.gate = asyncio.Event()
    provider.outcome = RefreshRefused("used twice")
    late = asyncio.create_task(bearer(credential_of(here)))
    await provider.asked.wait()
    clock.advance(46)
    gate, provider.gate, provider.outcome = provider.gate, None, None
    assert await bearer(credential_of(there)) == "id-token-3"
    provider.outcome = RefreshRefused("used twice")
    gate.set()
    assert await late == "id-token-3"
    assert not here.record.logins["default"].refused


async def test_h6_tokens_are_in_no_representation(session: ActiveSession) -> None:
    current = await credential_of(session).current()
    for thing in (session, session.record, session.record.logins["default"], session.record.logins, current):
        assert "id-token" not in repr(thing)
        assert "refresh-1" not in repr(thing)


async def _forever(_seconds: float) -> None:
    await asyncio.Event().wait()
