"""Labels: what is in them, and who can read them."""

from __future__ import annotations

from tests.unit.sessions.fakes import SECRET, START, Clock, FakeProvider, make_sessions, make_sign_in

from headlamp.sessions.label import Label, open_label, seal_label
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.record import Login, Session
from headlamp.sessions.sealing import Sealer

SEALER = Sealer(SECRET)


def record() -> Session:
    empty = Session(created_at=START, last_seen=START + 1, expires_at=START + 2, user_agent="Browser")
    return empty.with_login("default", Login.from_sign_in(make_sign_in(), id="x", now=START))


def test_a_label_says_what_a_list_shows() -> None:
    sealed = seal_label(SEALER, record(), handle=b"h")
    assert open_label(SEALER, sealed, handle=b"h") == Label(START, START + 1, START + 2, "Browser", ("default",))


def test_a_label_is_good_for_its_own_row_alone() -> None:
    sealed = seal_label(SEALER, record(), handle=b"h")
    assert open_label(SEALER, sealed, handle=b"other") is None
    assert open_label(Sealer(b"another secret, 32 bytes as well"), sealed, handle=b"h") is None


def test_a_row_of_an_earlier_release_has_no_label() -> None:
    assert open_label(SEALER, b"", handle=b"h") is None


async def test_b7_a_label_is_sealed_and_holds_no_token(clock: Clock, provider: FakeProvider) -> None:
    store = MemoryStore()
    _, session = await make_sessions(store, clock, provider).create(make_sign_in(), user_agent="Browser of Alice")
    row = await store.load(session.handle)
    assert row is not None
    assert b"Alice" not in row.label
    opened = SEALER.open("session label", row.label, aad=row.handle)
    assert b"Browser of Alice" in opened
    for secret in (b"id-token-1", b"access-1", b"refresh-1", b"alice", session.key):
        assert secret not in opened


async def test_a_label_follows_the_record(clock: Clock, provider: FakeProvider) -> None:
    store = MemoryStore()
    sessions = make_sessions(store, clock, provider)
    cookie, session = await sessions.create(make_sign_in())
    clock.advance(120)
    await sessions.resolve(cookie)
    await sessions.tick()
    row = await store.load(session.handle)
    assert row is not None
    label = open_label(SEALER, row.label, handle=row.handle)
    assert label is not None
    assert label.last_seen == START + 120
