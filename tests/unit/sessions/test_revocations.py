"""Revocation of what sessions leave behind: whose tokens, and that nobody waits for long or in vain."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.unit.sessions.fakes import Clock, FakeProvider, make_sessions, make_sign_in, make_tokens

from headlamp.oidc.errors import ProviderUnavailable, RefreshRefused
from headlamp.sessions.errors import SessionEnded
from headlamp.sessions.manager import Sessions
from headlamp.sessions.memory import MemoryStore
from headlamp.sessions.revocations import Revocations


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_every_sign_in_of_a_session_is_revoked(sessions: Sessions, provider: FakeProvider) -> None:
    _, first = await sessions.create(make_sign_in())
    _, both = await sessions.create(make_sign_in("other", tokens=make_tokens(7)), replacing=first)
    await sessions.end(both)
    await sessions.revoke(both)
    assert sorted(provider.revoked) == [("refresh-1", False), ("refresh-7", False)]


async def test_what_cannot_be_renewed_need_not_be_revoked(
    sessions: Sessions, provider: FakeProvider, clock: Clock
) -> None:
    without = msgspec.structs.replace(make_tokens(), refresh_token=None)
    _, session = await sessions.create(make_sign_in(tokens=without))
    await sessions.revoke(session)
    _, refused = await sessions.create(make_sign_in(subject="bob"))
    provider.outcome = RefreshRefused("no")
    clock.advance(299)
    await sessions.tick()
    await refused._renewals.settle(refused)
    await sessions.revoke(refused)
    assert provider.revoked == []


async def test_a_provider_that_is_gone_from_the_configuration_is_no_obstacle(sessions: Sessions) -> None:
    _, session = await sessions.create(make_sign_in("gone"))
    await sessions.revoke(session)


@pytest.mark.parametrize("failure", [ProviderUnavailable("down"), RuntimeError("a mistake")])
async def test_i1_a_failure_is_nobodys_problem(sessions: Sessions, provider: FakeProvider, failure: Exception) -> None:
    async def fail() -> None:
        raise failure

    provider.revocation = fail
    _, session = await sessions.create(make_sign_in())
    await sessions.revoke(session)
    assert provider.revoked


async def test_i1_nobody_waits_longer_than_the_patience_and_the_call_goes_on(
    provider: FakeProvider, sessions: Sessions
) -> None:
    gate = asyncio.Event()
    done = []

    async def wait() -> None:
        await gate.wait()
        done.append(True)

    provider.revocation = wait
    _, session = await sessions.create(make_sign_in())
    revocations = Revocations({"default": provider}, patience=0.01)
    async with asyncio.timeout(10):
        await revocations.complete(session)
    assert not done
    gate.set()
    await settled()
    assert done


async def test_closing_gives_up_what_takes_too_long(provider: FakeProvider, sessions: Sessions) -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    provider.revocation = wait
    _, session = await sessions.create(make_sign_in())
    revocations = Revocations({"default": provider}, patience=0.01)
    (task,) = revocations.begin(session)
    await revocations.close()
    assert task.cancelled()


async def test_i3_back_channel_revokes_what_this_process_can_open_and_keeps_offline_access(
    replicas: tuple[Sessions, Sessions], provider: FakeProvider
) -> None:
    await replicas[0].create(make_sign_in())
    await replicas[1].create(make_sign_in(tokens=make_tokens(2)))
    assert await replicas[0].end_matching("https://idp.test", subject="alice") == 2
    await settled()
    assert provider.revoked == [("refresh-1", True)]


async def test_h3_tokens_that_come_when_the_session_is_over_are_revoked(clock: Clock, provider: FakeProvider) -> None:
    sessions = make_sessions(MemoryStore(), clock, provider)
    _, session = await sessions.create(make_sign_in())
    source = session.credential_source("any", "default")
    assert source is not None
    provider.gate = asyncio.Event()
    clock.advance(301)
    waiting = asyncio.create_task(source.current())
    await provider.asked.wait()
    await sessions.end(session)
    provider.gate.set()
    with pytest.raises(SessionEnded):
        await waiting
    await settled()
    assert provider.revoked == [("refresh-2", False)]
