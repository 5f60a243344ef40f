"""H3: a logout that comes between the code and the session, on each kind of store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest
from tests.unit.sessions.fakes import START, Clock, FakeProvider, make_sessions, make_sign_in

from headlamp.oidc.tokens import SignIn
from headlamp.sessions.errors import SessionEnded
from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.overtaking import REMEMBERED_S
from headlamp.sessions.store import StoredSession

BY_SID = {"sid": "sid-of-alice"}
BY_SUBJECT = {"subject": "alice"}


@pytest.mark.parametrize("named", [BY_SID, BY_SUBJECT])
async def test_h3_a_logout_since_the_code_came_is_for_the_session_that_comes_of_it(
    sessions: Sessions, clock: Clock, named: dict[str, str]
) -> None:
    clock.advance(1)
    assert await sessions.end_matching("https://idp.test", **named) == 0
    clock.advance(1)
    with pytest.raises(SessionEnded):
        await sessions.create(make_sign_in(), began=START)
    cookie, _ = await sessions.create(make_sign_in(), began=clock())
    assert await sessions.resolve(cookie) is not None


@pytest.mark.parametrize("named", [BY_SID, BY_SUBJECT])
async def test_a_logout_before_that_was_for_another_session(
    sessions: Sessions, clock: Clock, named: dict[str, str]
) -> None:
    await sessions.end_matching("https://idp.test", **named)
    clock.advance(0.01)
    _, session = await sessions.create(make_sign_in(), began=clock())
    assert not session.ended.is_set()


async def test_a_logout_of_somebody_else_does_not_count(sessions: Sessions, clock: Clock) -> None:
    clock.advance(1)
    await sessions.end_matching("https://idp.test", subject="bob")
    await sessions.end_matching("https://idp.test", sid="sid-of-bob")
    await sessions.end_matching("https://other.test", subject="alice")
    _, session = await sessions.create(make_sign_in(), began=START)
    assert not session.ended.is_set()


async def test_h3_the_last_of_several_logouts_counts(sessions: Sessions, clock: Clock) -> None:
    await sessions.end_matching("https://idp.test", subject="alice")
    clock.advance(10)
    began = clock()
    clock.advance(1)
    await sessions.end_matching("https://idp.test", subject="alice")
    with pytest.raises(SessionEnded):
        await sessions.create(make_sign_in(), began=began)


async def test_h3_a_slow_sign_in_is_still_overtaken(sessions: Sessions, clock: Clock) -> None:
    clock.advance(1)
    await sessions.end_matching("https://idp.test", subject="alice")
    clock.advance(REMEMBERED_S - 2)
    await sessions.tick()
    with pytest.raises(SessionEnded):
        await sessions.create(make_sign_in(), began=START)


async def test_h3_what_is_refused_leaves_no_session_behind(sessions: Sessions, clock: Clock) -> None:
    clock.advance(1)
    await sessions.end_matching("https://idp.test", subject="alice")
    with pytest.raises(SessionEnded):
        await sessions.create(make_sign_in(), began=START)
    _, other = await sessions.create(make_sign_in())
    assert len(await sessions.own(other)) == 1


async def test_h3_a_logout_in_another_process_counts_too(replicas: tuple[Sessions, Sessions], clock: Clock) -> None:
    clock.advance(1)
    await replicas[0].end_matching("https://idp.test", sid="sid-of-alice")
    with pytest.raises(SessionEnded):
        await replicas[1].create(make_sign_in(), began=START)


class StoreWithAGap(MemoryStore):
    """Calls `in_the_gap` just before a row is stored: a session that gets a new id is nowhere in that moment."""

    in_the_gap: Callable[[], Awaitable[object]] | None = None

    async def create(self, row: StoredSession) -> None:
        happens, self.in_the_gap = self.in_the_gap, None
        if happens is not None:
            await happens()
        await super().create(row)


def at_other_provider() -> SignIn:
    return msgspec.structs.replace(make_sign_in("other", subject="alice"), issuer="https://other.test", session_id="s2")


@pytest.mark.parametrize("named", [BY_SID, BY_SUBJECT])
@pytest.mark.parametrize("how", ["paste", "sign in"])
async def test_h3_a_logout_while_a_session_gets_a_new_id_is_for_the_sign_ins_that_move(
    clock: Clock, provider: FakeProvider, named: dict[str, str], how: str
) -> None:
    store = StoreWithAGap()
    sessions = make_sessions(store, clock, provider)
    _, session = await sessions.create(make_sign_in(), began=clock())
    clock.advance(10)

    async def ended_meanwhile() -> None:
        clock.advance(0.01)
        assert await sessions.end_matching("https://idp.test", **named) == 0

    store.in_the_gap = ended_meanwhile
    moving = (
        sessions.paste_token(session, "main", "a-token")
        if how == "paste"
        else sessions.create(at_other_provider(), replacing=session, began=clock())
    )
    with pytest.raises(SessionEnded):
        await moving
    _, later = await sessions.create(make_sign_in(), began=clock() + 1)
    assert len(await sessions.own(later)) == 1


async def test_a_logout_before_the_sign_in_does_not_keep_its_session_from_a_new_id(
    sessions: Sessions, clock: Clock
) -> None:
    await sessions.end_matching("https://idp.test", **BY_SUBJECT)
    clock.advance(1)
    _, session = await sessions.create(make_sign_in(), began=clock())
    clock.advance(1)
    _, pasted = await sessions.paste_token(session, "main", "a-token")
    _, both = await sessions.create(at_other_provider(), replacing=pasted, began=clock())
    assert set(both.logins) == {"default", "other"}
