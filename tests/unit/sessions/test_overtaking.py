"""H3: a logout that comes between the code and the session, on each kind of store."""

from __future__ import annotations

import pytest
from tests.unit.sessions.fakes import START, Clock, make_sign_in

from headlamp.sessions.errors import SessionEnded
from headlamp.sessions.manager import Sessions
from headlamp.sessions.overtaking import REMEMBERED_S

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
