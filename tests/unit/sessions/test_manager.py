from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path

import msgspec
import pytest
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in, make_tokens

from headlamp.sessions.cookie import Ticket
from headlamp.sessions.errors import BadPastedToken, SessionEnded, SignInAgain, StoreUnavailable, TooManyPasted
from headlamp.sessions.manager import ActiveSession, Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.paste_budget import BURST, ROW
from headlamp.sessions.sqlite import SqliteStore
from headlamp.sessions.store import SessionStore, StoredSession


class CountingStore(MemoryStore):
    """Counts what is read, and fails to delete when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.loads = 0
        self.writes = 0
        self.broken = False

    async def load(self, handle: bytes) -> StoredSession | None:
        self.loads += 1
        await asyncio.sleep(0)
        return await super().load(handle)

    async def replace(self, row: StoredSession) -> bool:
        self.writes += 1
        return await super().replace(row)

    async def delete(self, handle: bytes) -> bool:
        if self.broken:
            raise StoreUnavailable("disk full")
        return await super().delete(handle)


def jwt(claims: dict[str, object]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.c2lnbmF0dXJl"


# Cookies and records


async def test_a_session_is_found_by_its_cookie(sessions: Sessions) -> None:
    cookie, session = await sessions.create(make_sign_in(), user_agent="Browser")
    assert await sessions.resolve(cookie) is session
    assert session.record.user_agent == "Browser"
    assert session.expires_at == START + 86_400


async def test_a_session_survives_a_restart(
    store: SessionStore, sessions: Sessions, clock: Clock, provider: FakeProvider
) -> None:
    cookie, session = await sessions.create(make_sign_in())
    restarted = await make_sessions(store, clock, provider).resolve(cookie)
    assert restarted is not None
    assert restarted.record == session.record


@pytest.mark.parametrize("cookie", [None, "", "x", Ticket(b"i" * 16, b"k" * 32).encode()])
async def test_e4_a_cookie_that_is_missing_or_made_up_finds_nothing(sessions: Sessions, cookie: str | None) -> None:
    assert await sessions.resolve(cookie) is None


@pytest.mark.parametrize("cached", [True, False])
async def test_e4_the_right_id_with_a_wrong_key_finds_nothing(
    store: SessionStore, sessions: Sessions, clock: Clock, provider: FakeProvider, *, cached: bool
) -> None:
    cookie, session = await sessions.create(make_sign_in())
    ticket = Ticket.decode(cookie)
    assert ticket is not None
    forged = Ticket(ticket.id, bytes([ticket.key[0] ^ 1]) + ticket.key[1:]).encode()
    asked = sessions if cached else make_sessions(store, clock, provider)
    assert await asked.resolve(forged) is None
    assert await asked.resolve(cookie) is not None
    assert not session.ended.is_set()


async def test_b7_the_store_knows_neither_id_nor_key_nor_token(clock: Clock, provider: FakeProvider) -> None:
    store = MemoryStore()
    cookie, _ = await make_sessions(store, clock, provider).create(make_sign_in())
    ticket = Ticket.decode(cookie)
    assert ticket is not None
    kept = repr([(row.handle, row.sealed, row.indexes) for row in store._rows.values()]).encode()
    for secret in (ticket.id, ticket.key, b"id-token-1", b"refresh-1", b"alice", b"sid-of"):
        assert secret not in kept
        assert repr(secret)[2:-1].encode() not in kept


async def test_a_record_that_was_moved_to_another_row_is_not_opened(clock: Clock, provider: FakeProvider) -> None:
    store = MemoryStore()
    mallory, _ = await make_sessions(store, clock, provider).create(make_sign_in(subject="mallory"))
    _, alice = await make_sessions(store, clock, provider).create(make_sign_in())
    ticket = Ticket.decode(mallory)
    assert ticket is not None
    stolen = store._rows[alice.handle]
    store._rows[ticket.handle] = StoredSession(ticket.handle, stolen.sealed, 1, stolen.expires_at)
    assert await make_sessions(store, clock, provider).resolve(mallory) is None


async def test_the_hot_path_makes_no_trip_to_the_store(clock: Clock, provider: FakeProvider) -> None:
    store = CountingStore()
    sessions = make_sessions(store, clock, provider)
    cookie, _ = await sessions.create(make_sign_in())
    for _ in range(100):
        await sessions.resolve(cookie)
    assert (store.loads, store.writes) == (0, 0)


async def test_requests_that_arrive_together_share_one_reading(clock: Clock, provider: FakeProvider) -> None:
    store = CountingStore()
    cookie, _ = await make_sessions(store, clock, provider).create(make_sign_in())
    sessions = make_sessions(store, clock, provider)
    found = await asyncio.gather(*(sessions.resolve(cookie) for _ in range(500)))
    assert len({id(session) for session in found}) == 1
    assert found[0] is not None
    assert store.loads == 1


async def test_a_cancelled_request_does_not_cancel_the_reading_for_the_others(
    clock: Clock, provider: FakeProvider
) -> None:
    store = CountingStore()
    cookie, _ = await make_sessions(store, clock, provider).create(make_sign_in())
    sessions = make_sessions(store, clock, provider)
    impatient, patient = (asyncio.create_task(sessions.resolve(cookie)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient is not None


async def test_h1_the_cache_is_bounded_and_a_session_that_left_it_is_read_again(
    store: SessionStore, clock: Clock, provider: FakeProvider
) -> None:
    sessions = make_sessions(store, clock, provider, cache_entries=3)
    cookies = [(await sessions.create(make_sign_in(subject=str(n))))[0] for n in range(10)]
    assert len(sessions._cache) == 3
    for cookie in cookies:
        assert await sessions.resolve(cookie) is not None
    assert len(sessions._cache) == 3


async def test_h1_the_cache_is_bounded_by_size_too(store: SessionStore, clock: Clock, provider: FakeProvider) -> None:
    sessions = make_sessions(store, clock, provider, cache_bytes=100_000)
    big = make_tokens()
    for _ in range(6):
        tokens = type(big)("x" * 40_000, "", None, START + 300)
        await sessions.create(make_sign_in(tokens=tokens))
    assert len(sessions._cache) == 2


async def test_a_session_in_use_hears_of_its_end_after_it_left_the_cache(
    store: SessionStore, clock: Clock, provider: FakeProvider
) -> None:
    sessions = make_sessions(store, clock, provider, cache_entries=1)
    cookie, streaming = await sessions.create(make_sign_in())
    await sessions.create(make_sign_in(subject="somebody else"))
    found = await sessions.resolve(cookie)
    assert found is streaming
    await sessions.create(make_sign_in(subject="somebody else"))
    await sessions.end_matching("https://idp.test", subject="alice")
    assert streaming.ended.is_set()


# Ends


async def test_b6_after_sign_out_the_cookie_is_dead_and_streams_are_told_at_once(
    store: SessionStore, sessions: Sessions
) -> None:
    cookie, session = await sessions.create(make_sign_in())
    credential = session.credential_source("c", "default")
    assert credential is not None
    await sessions.end(session)
    assert session.ended.is_set()
    assert credential.ended.is_set()
    assert await sessions.resolve(cookie) is None
    assert await store.load(session.handle) is None
    with pytest.raises(SessionEnded):
        await credential.current()


async def test_b6_a_sign_out_while_the_store_is_broken_holds_and_is_completed_later(
    clock: Clock, provider: FakeProvider
) -> None:
    store = CountingStore()
    sessions = make_sessions(store, clock, provider)
    cookie, session = await sessions.create(make_sign_in())
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await sessions.end(session)
    assert await sessions.resolve(cookie) is None
    store.broken = False
    await sessions.tick()
    assert await store.load(session.handle) is None


async def test_h3_a_session_that_is_being_read_while_it_ends_stays_dead(clock: Clock, provider: FakeProvider) -> None:
    store = CountingStore()
    creator, reader = make_sessions(store, clock, provider), make_sessions(store, clock, provider)
    cookie, _ = await creator.create(make_sign_in())
    reading = asyncio.create_task(reader.resolve(cookie))
    await asyncio.sleep(0)
    await reader.end_matching("https://idp.test", subject="alice")
    found = await reading
    assert found is None or found.ended.is_set()
    assert await reader.resolve(cookie) is None


async def test_the_absolute_lifetime_ends_a_session_however_busy(sessions: Sessions, clock: Clock) -> None:
    cookie, session = await sessions.create(make_sign_in())
    for _ in range(23):
        clock.advance(3600)
        assert await sessions.resolve(cookie) is session
    clock.advance(3600)
    assert await sessions.resolve(cookie) is None
    assert session.ended.is_set()


async def test_the_idle_lifetime_ends_a_session_that_nobody_uses(sessions: Sessions, clock: Clock) -> None:
    cookie, session = await sessions.create(make_sign_in())
    clock.advance(28_799)
    assert await sessions.resolve(cookie) is session
    clock.advance(28_800)
    assert await sessions.resolve(cookie) is None
    assert session.ended.is_set()


async def test_housekeeping_ends_streams_of_a_session_whose_time_is_over(sessions: Sessions, clock: Clock) -> None:
    _, session = await sessions.create(make_sign_in())
    await sessions.tick()
    clock.advance(28_800)
    await sessions.tick()
    assert session.ended.is_set()


async def test_last_use_is_written_at_most_once_a_minute(clock: Clock, provider: FakeProvider) -> None:
    store = CountingStore()
    sessions = make_sessions(store, clock, provider)
    cookie, session = await sessions.create(make_sign_in(tokens=make_tokens(expires_at=START + 9000)))
    for _ in range(120):
        clock.advance(1)
        await sessions.resolve(cookie)
        await sessions.tick()
    assert store.writes == 2
    assert session.record.last_seen == START + 120


async def test_a_restart_does_not_forget_when_a_session_was_used(
    store: SessionStore, sessions: Sessions, clock: Clock, provider: FakeProvider
) -> None:
    cookie, _ = await sessions.create(make_sign_in())
    clock.advance(28_000)
    await sessions.resolve(cookie)
    await sessions.tick()
    clock.advance(28_000)
    assert await make_sessions(store, clock, provider).resolve(cookie) is not None


async def test_rows_of_sessions_that_ran_out_are_purged(store: SessionStore, sessions: Sessions, clock: Clock) -> None:
    _, session = await sessions.create(make_sign_in())
    clock.advance(28_800 + 61)
    await sessions.tick()
    assert await store.load(session.handle) is None


async def test_i3_back_channel_ends_by_sid_or_by_subject(sessions: Sessions) -> None:
    _, alice = await sessions.create(make_sign_in())
    _, bob = await sessions.create(make_sign_in(subject="bob"))
    assert await sessions.end_matching("https://idp.test", sid="sid-of-bob") == 1
    assert await sessions.end_matching("https://other.test", subject="alice") == 0
    assert (alice.ended.is_set(), bob.ended.is_set()) == (False, True)
    assert await sessions.end_matching("https://idp.test", subject="alice") == 1
    assert alice.ended.is_set()


# New ids


async def test_i3_a_sign_in_that_names_no_session_of_the_provider_ends_by_the_subject_beside_the_sid(
    sessions: Sessions, clock: Clock
) -> None:
    unnamed = msgspec.structs.replace(make_sign_in(), session_id=None)
    _, nameless = await sessions.create(unnamed)
    _, named = await sessions.create(make_sign_in())
    _, bobs = await sessions.create(msgspec.structs.replace(make_sign_in(subject="bob"), session_id=None))
    clock.advance(1)
    assert await sessions.end_matching("https://idp.test", sid="another", subject="alice") == 1
    assert nameless.ended.is_set()
    assert not named.ended.is_set()
    assert not bobs.ended.is_set()
    with pytest.raises(SessionEnded):
        await sessions.create(unnamed, began=START)


async def test_a_browser_may_call_itself_anything(sessions: Sessions) -> None:
    """A header's bytes that are no UTF-8 come as lone surrogates, which nothing can be encoded with."""
    cookie, _ = await sessions.create(make_sign_in(), user_agent="Mozilla\udcff\udcfe")
    found = await sessions.resolve(cookie)
    assert found is not None
    assert [one.user_agent for one in await sessions.own(found)] == ["Mozilla??"]


async def test_e1_nothing_moves_over_when_somebody_else_signs_in_at_the_same_provider(
    sessions: Sessions, provider: FakeProvider
) -> None:
    _, alices = await sessions.create(make_sign_in("other", tokens=make_tokens(7)))
    _, alices = await sessions.create(make_sign_in(tokens=make_tokens(8)), replacing=alices)
    _, alices = await sessions.paste_token(alices, "main", "a-token")
    _, bobs = await sessions.create(make_sign_in(subject="bob"), replacing=alices)
    assert alices.ended.is_set()
    assert [login.subject for login in bobs.logins.values()] == ["bob"]
    assert bobs.record.pasted == {}
    await asyncio.sleep(0)
    assert sorted(provider.revoked) == [("refresh-7", False), ("refresh-8", False)]


async def test_b4_the_id_changes_at_every_sign_in_and_the_old_one_is_dead(sessions: Sessions) -> None:
    old_cookie, old = await sessions.create(make_sign_in())
    new_cookie, new = await sessions.create(make_sign_in(), replacing=old)
    assert new_cookie != old_cookie
    assert await sessions.resolve(old_cookie) is None
    assert old.ended.is_set()
    assert await sessions.resolve(new_cookie) is new


async def test_signing_in_at_another_provider_keeps_the_first_sign_in(sessions: Sessions) -> None:
    _, old = await sessions.create(make_sign_in())
    _, new = await sessions.create(make_sign_in("other", subject="alice2"), replacing=old)
    assert {name: login.subject for name, login in new.logins.items()} == {"default": "alice", "other": "alice2"}


async def test_h3_nothing_is_carried_over_from_a_session_that_has_ended(
    store: SessionStore, sessions: Sessions, clock: Clock, provider: FakeProvider
) -> None:
    cookie, old = await sessions.create(make_sign_in())
    elsewhere = make_sessions(store, clock, provider)
    same = await elsewhere.resolve(cookie)
    assert same is not None
    await elsewhere.end(same)
    _, new = await sessions.create(make_sign_in("other"), replacing=old)
    assert list(new.logins) == ["other"]


# Pasted tokens


async def test_a_pasted_token_goes_before_the_sign_in_and_only_for_its_cluster(sessions: Sessions) -> None:
    _, signed_in = await sessions.create(make_sign_in())
    cookie, session = await sessions.paste_token(signed_in, "one", "  pasted-token\n")
    assert await sessions.resolve(cookie) is session
    one, two = session.credential_source("one", "default"), session.credential_source("two", "default")
    assert one is not None
    assert two is not None
    bearers = [await one.current(), await two.current()]
    assert [bearer.token for bearer in bearers if bearer] == ["pasted-token", "id-token-1"]
    assert one.identity != two.identity


async def test_b4_pasting_a_token_changes_the_id_and_keeps_the_absolute_end(sessions: Sessions, clock: Clock) -> None:
    old_cookie, old = await sessions.create(make_sign_in())
    clock.advance(100)
    _, new = await sessions.paste_token(old, "one", "token")
    assert await sessions.resolve(old_cookie) is None
    assert new.expires_at == old.expires_at


async def test_a_pasted_token_makes_a_session_of_its_own(sessions: Sessions) -> None:
    _, session = await sessions.paste_token(None, "one", "token")
    assert session.credential_source("one", None) is not None
    assert session.credential_source("two", "default") is None


@pytest.mark.parametrize(
    "token",
    ["", " ", "two tokens", "Bearer x", "line\nbreak", "comma,joined", "ümlaut", "x" * (512 * 1024 + 1), "\x00"],
)
async def test_e5_what_can_be_no_bearer_token_is_refused(sessions: Sessions, token: str) -> None:
    with pytest.raises(BadPastedToken) as caught:
        await sessions.paste_token(None, "one", token)
    assert caught.value.status == 400
    if token.strip():
        assert token not in str(caught.value)


async def test_an_expired_pasted_token_is_refused(sessions: Sessions) -> None:
    with pytest.raises(BadPastedToken):
        await sessions.paste_token(None, "one", jwt({"exp": START - 1}))


@pytest.mark.parametrize("token", ["a.b.c", "a.W10.c", "a." + "W1tb" * 5000 + ".c", "opaque"])
async def test_h1_a_pasted_token_that_cannot_be_read_is_sent_as_it_is(sessions: Sessions, token: str) -> None:
    _, session = await sessions.paste_token(None, "one", token)
    assert session.record.pasted["one"].claims == {}


async def test_c4_a_pasted_token_ends_when_it_expires(sessions: Sessions, clock: Clock) -> None:
    _, session = await sessions.paste_token(None, "one", jwt({"exp": START + 60, "name": "Robot"}))
    credential = session.credential_source("one", None)
    assert credential is not None
    assert session.who["name"] == "Robot"
    await credential.current()
    await sessions.tick()
    clock.advance(60)
    with pytest.raises(SignInAgain):
        await credential.current()
    await sessions.tick()
    assert credential.ended.is_set()
    assert not session.ended.is_set()


async def test_a_pasted_token_that_has_expired_is_no_obstacle_to_the_sign_in(sessions: Sessions, clock: Clock) -> None:
    _, session = await sessions.paste_token(None, "one", jwt({"exp": START + 60}))
    clock.advance(60)
    tokens = make_tokens(expires_at=clock() + 300)
    _, signed_in = await sessions.create(make_sign_in(tokens=tokens), replacing=session)
    source = signed_in.credential_source("one", "default")
    assert source is not None
    bearer = await source.current()
    assert bearer is not None
    assert bearer.token == "id-token-1"


async def test_whoever_signs_in_for_a_cluster_gives_up_the_token_that_they_had_pasted_for_it(
    sessions: Sessions,
) -> None:
    _, session = await sessions.paste_token(None, "one", "wrong-token")
    _, session = await sessions.paste_token(session, "two", "right-token")
    _, signed_in = await sessions.create(make_sign_in(), replacing=session, cluster="one")
    assert list(signed_in.record.pasted) == ["two"]


async def test_h1_what_people_without_a_sign_in_paste_is_bounded_and_goes_on_in_time(
    sessions: Sessions, clock: Clock
) -> None:
    async def flood() -> int:
        for count in range(1000):
            try:
                await sessions.paste_token(None, "main", "x" * 500_000)
            except TooManyPasted as refusal:
                clock.advance(refusal.retry_after or 0.0)
                return count
        return 1000

    assert await flood() == BURST // (500_000 + ROW)
    assert await flood() == 1
    # A session that anybody can have is no way round it.
    _, small = await sessions.paste_token(None, "main", "x")
    with pytest.raises(TooManyPasted):
        await sessions.paste_token(small, "main", "x" * 500_000)
    assert not small.ended.is_set()
    # Who has signed in does not wait for those who have not.
    _, signed_in = await sessions.create(make_sign_in())
    await sessions.paste_token(signed_in, "main", "x" * 500_000)


async def test_taking_a_pasted_token_away_closes_what_was_opened_with_it(sessions: Sessions) -> None:
    _, signed_in = await sessions.create(make_sign_in())
    _, session = await sessions.paste_token(signed_in, "one", "token")
    pasted, login = session.credential_source("one", None), session.credential_source("two", "default")
    assert pasted is not None
    assert login is not None
    await sessions.unpaste(session, "one")
    assert (pasted.ended.is_set(), login.ended.is_set(), session.ended.is_set()) == (True, False, False)
    with pytest.raises(SignInAgain):
        await pasted.current()


async def test_taking_the_last_token_away_ends_the_session(sessions: Sessions) -> None:
    cookie, session = await sessions.paste_token(None, "one", "token")
    await sessions.unpaste(session, "one")
    assert session.ended.is_set()
    assert await sessions.resolve(cookie) is None


# What a session tells


async def test_userinfo_only_fills_in_what_the_id_token_lacks(sessions: Sessions) -> None:
    _, session = await sessions.create(make_sign_in())
    assert dict(session.who) == {"sub": "alice", "name": "Alice", "email": "alice@example.org"}


async def test_identity_is_stable_within_a_sign_in_and_another_ones_elsewhere(sessions: Sessions) -> None:
    _, alice = await sessions.create(make_sign_in())
    _, again = await sessions.create(make_sign_in())
    identities = [
        source.identity
        for session in (alice, alice, again)
        if (source := session.credential_source("c", "default")) is not None
    ]
    assert identities[0] == identities[1] != identities[2]


async def test_health_follows_the_store(tmp_path: Path, clock: Clock, provider: FakeProvider) -> None:
    store = SqliteStore(tmp_path / "sessions.db")
    sessions = make_sessions(store, clock, provider)
    assert not await sessions.healthy()
    await sessions.start()
    assert await sessions.healthy()
    await sessions.close()


# Another process on the same database


async def known_to_both(replicas: tuple[Sessions, Sessions]) -> tuple[ActiveSession, ActiveSession]:
    cookie, here = await replicas[0].create(make_sign_in())
    there = await replicas[1].resolve(cookie)
    assert there is not None
    return here, there


async def test_b6_a_sign_out_elsewhere_is_noticed_by_the_next_round(replicas: tuple[Sessions, Sessions]) -> None:
    here, there = await known_to_both(replicas)
    await replicas[0].end(here)
    assert not there.ended.is_set()
    await replicas[1].tick()
    assert there.ended.is_set()


async def test_a_change_elsewhere_is_noticed_by_the_next_round(replicas: tuple[Sessions, Sessions]) -> None:
    cookie, _ = await replicas[0].create(make_sign_in())
    old = await replicas[0].resolve(cookie)
    new_cookie, here = await replicas[0].paste_token(old, "one", "token")
    there = await replicas[1].resolve(new_cookie)
    assert there is not None
    pasted = there.credential_source("one", None)
    assert pasted is not None
    await replicas[0].unpaste(here, "one")
    await replicas[1].tick()
    assert pasted.ended.is_set()
    assert there.version == here.version


async def test_two_processes_that_write_at_once_lose_nothing(replicas: tuple[Sessions, Sessions], clock: Clock) -> None:
    here, there = await known_to_both(replicas)
    clock.advance(301)
    sources = [each.credential_source("c", "default") for each in (here, there)]
    clock.advance(60)
    here.seen = there.seen = clock()
    results = await asyncio.gather(replicas[0].tick(), *(s.current() for s in sources if s), replicas[1].tick())
    assert {result.token for result in results if result is not None} == {"id-token-2"}
    await replicas[0].tick()
    await replicas[1].tick()
    assert here.record == there.record
    assert here.record.last_seen == clock()


async def test_the_housekeeper_runs_and_survives_a_failing_round(clock: Clock, provider: FakeProvider) -> None:
    rounds: asyncio.Queue[None] = asyncio.Queue()

    async def next_round(_seconds: float) -> None:
        await rounds.get()
        rounds.task_done()

    store = CountingStore()
    sessions = make_sessions(store, clock, provider, sleep=next_round)
    await sessions.start()
    _, session = await sessions.create(make_sign_in())
    store.broken = True
    with pytest.raises(StoreUnavailable):
        await sessions.end(session)
    rounds.put_nowait(None)  # fails, since the store is broken
    await rounds.join()
    await asyncio.sleep(0)
    store.broken = False
    rounds.put_nowait(None)
    await rounds.join()
    for _ in range(5):
        await asyncio.sleep(0)
    assert await store.load(session.handle) is None
    await sessions.close()
