"""A recording API server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.certificates import Authority
from tests.support.upstream import RecordingUpstream


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def upstream(authority: Authority) -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream(authority=authority) as server:
        yield server
