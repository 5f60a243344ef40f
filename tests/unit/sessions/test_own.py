"""The list of one's own sessions, on each kind of store."""

from __future__ import annotations

import dataclasses

import msgspec
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in

from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.own import MOST
from headlamp.sessions.store import SessionStore


async def test_a_person_has_the_sessions_of_the_same_issuer_and_subject(sessions: Sessions) -> None:
    _, mine = await sessions.create(make_sign_in(), user_agent="here")
    await sessions.create(make_sign_in(), user_agent="there")
    await sessions.create(make_sign_in(subject="bob"), user_agent="bob's")
    await sessions.create(
        msgspec.structs.replace(make_sign_in(), issuer="https://other.test"), user_agent="another alice"
    )
    own = await sessions.own(mine)
    assert [(one.user_agent, one.current) for one in own] == [("here", True), ("there", False)]
    assert (own[0].created_at, own[0].expires_at, own[0].providers) == (START, START + 86_400, ("default",))


async def test_any_of_several_sign_ins_connects(sessions: Sessions) -> None:
    _, first = await sessions.create(make_sign_in("default", subject="alice"))
    _, both = await sessions.create(make_sign_in("other", subject="a.smith"), replacing=first)
    _, elsewhere = await sessions.create(make_sign_in("other", subject="a.smith"))
    assert {one.providers for one in await sessions.own(both)} == {("default", "other"), ("other",)}
    assert len(await sessions.own(elsewhere)) == 2


async def test_the_current_one_is_first_and_then_those_used_last(sessions: Sessions, clock: Clock) -> None:
    cookies = []
    for name in ("first", "second", "third"):
        cookie, session = await sessions.create(make_sign_in(), user_agent=name)
        cookies.append((cookie, session))
        clock.advance(10)
    await sessions.resolve(cookies[0][0])
    names = [one.user_agent for one in await sessions.own(cookies[1][1])]
    assert names == ["second", "first", "third"]


async def test_the_last_use_is_told_before_it_is_stored(sessions: Sessions, clock: Clock) -> None:
    cookie, other = await sessions.create(make_sign_in())
    _, asking = await sessions.create(make_sign_in())
    clock.advance(5)
    assert await sessions.resolve(cookie) is other
    assert [one.last_seen for one in await sessions.own(asking)] == [START, START + 5]


async def test_b7_no_name_in_the_list_leads_to_a_cookie_or_a_row(sessions: Sessions) -> None:
    cookie, session = await sessions.create(make_sign_in())
    (one,) = await sessions.own(session)
    assert len(one.id) == 22
    assert one.id not in cookie
    assert repr(session.handle) not in repr(one)


async def test_ending_one_says_which_it_was(sessions: Sessions) -> None:
    cookie, other = await sessions.create(make_sign_in(), user_agent="other")
    _, asking = await sessions.create(make_sign_in())
    other_id = next(one.id for one in await sessions.own(asking) if not one.current)
    ended = await sessions.end_own(asking, other_id)
    assert ended is not None
    assert (ended.user_agent, ended.current) == ("other", False)
    assert other.ended.is_set()
    assert not asking.ended.is_set()
    assert await sessions.resolve(cookie) is None
    assert await sessions.end_own(asking, other_id) is None


async def test_e1_the_session_of_somebody_else_cannot_be_ended(sessions: Sessions) -> None:
    _, alices = await sessions.create(make_sign_in())
    _, bobs = await sessions.create(make_sign_in(subject="bob"))
    bobs_id = (await sessions.own(bobs))[0].id
    assert await sessions.end_own(alices, bobs_id) is None
    assert not bobs.ended.is_set()


async def test_sessions_that_are_over_are_left_out_though_their_rows_are_still_there(
    sessions: Sessions, clock: Clock
) -> None:
    await sessions.create(make_sign_in())
    clock.advance(28_800)
    _, asking = await sessions.create(make_sign_in())
    assert [one.current for one in await sessions.own(asking)] == [True]


async def test_a_row_that_an_earlier_release_wrote_is_left_out_until_it_is_used(
    store: SessionStore, clock: Clock, provider: FakeProvider
) -> None:
    sessions = make_sessions(store, clock, provider)
    cookie, old = await sessions.create(make_sign_in())
    row = await store.load(old.handle)
    assert row is not None
    assert await store.replace(dataclasses.replace(row, version=row.version + 1, label=b""))
    restarted = make_sessions(store, clock, provider)
    _, asking = await restarted.create(make_sign_in())
    assert len(await restarted.own(asking)) == 1
    clock.advance(120)
    await restarted.resolve(cookie)
    await restarted.tick()
    assert len(await restarted.own(asking)) == 2


async def test_h1_the_list_is_bounded(clock: Clock, provider: FakeProvider) -> None:
    sessions = make_sessions(MemoryStore(), clock, provider)
    for _ in range(MOST + 20):
        _, last = await sessions.create(make_sign_in())
    own = await sessions.own(last)
    assert len(own) == MOST
    assert own[0].current


async def test_b6_a_session_that_only_another_process_knows_is_listed_and_ends(
    replicas: tuple[Sessions, Sessions],
) -> None:
    cookie, there = await replicas[1].create(make_sign_in(), user_agent="there")
    _, here = await replicas[0].create(make_sign_in())
    other = next(one for one in await replicas[0].own(here) if not one.current)
    assert other.user_agent == "there"
    assert await replicas[0].end_own(here, other.id)
    await replicas[1].tick()
    assert there.ended.is_set()
    assert await replicas[1].resolve(cookie) is None


async def test_the_names_are_the_same_in_every_process(replicas: tuple[Sessions, Sessions]) -> None:
    cookie, session = await replicas[0].create(make_sign_in())
    elsewhere = await replicas[1].resolve(cookie)
    assert elsewhere is not None
    (one,), (other,) = await replicas[0].own(session), await replicas[1].own(elsewhere)
    assert one.id == other.id
