"""Fixtures for the adversarial sign-in tests."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.adversarial.provider import MisbehavingProvider
from tests.adversarial.relying_party import Clock, relying_party
from tests.support.logs import caught_log

from headlamp.oidc import Provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def idp(clock: Clock) -> AsyncIterator[MisbehavingProvider]:
    """A provider that does everything right until a test sets its `deviations`."""
    provider = MisbehavingProvider(now=clock)
    await provider.start()
    yield provider
    await provider.stop()


@pytest.fixture
async def provider(idp: MisbehavingProvider, clock: Clock) -> AsyncIterator[Provider]:
    """The relying party under test."""
    party = relying_party(idp, clock)
    yield party
    await party.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged at the level that tells most; everything is put back afterwards."""
    with caught_log() as stream:
        yield stream
