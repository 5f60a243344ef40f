"""Fixtures of the doctor's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.adversarial.habits import Habits
from tests.adversarial.provider import MisbehavingProvider
from tests.support.certificates import Authority
from tests.unit.doctor.kit import CALLBACK, settings_in

from headlamp.settings import Settings

StartProvider = Callable[..., Awaitable[MisbehavingProvider]]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority("Example CA")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
async def start_provider() -> AsyncIterator[StartProvider]:
    """Starts a provider that knows its client's callback URL, and that nobody is signed in at."""
    async with AsyncExitStack() as stack:

        async def start(kind: type[MisbehavingProvider] = MisbehavingProvider, **options: Any) -> MisbehavingProvider:
            if kind is MisbehavingProvider:
                habits = Habits(scopes=("openid", "profile", "email", "groups", "offline_access"))
                options = {"habits": habits} | options
            provider = kind(**options)
            provider.redirect_uris = {CALLBACK}
            provider.signed_in = False
            await provider.start()
            stack.push_async_callback(provider.stop)
            return provider

        yield start


@pytest.fixture
async def idp(start_provider: StartProvider) -> MisbehavingProvider:
    """A provider at which nothing is wrong."""
    return await start_provider()
