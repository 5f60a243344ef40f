"""A recording API server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from tests.support.certificates import Authority
from tests.support.upstream import RecordingUpstream


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop that serves, and the one that is everywhere: their transports differ in much that a client sees."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if (item.path.name == "test_transport.py" or item.path.parent.name == "lean") and sys.platform != "win32":
        import uvloop

        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def upstream(authority: Authority) -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream(authority=authority) as server:
        yield server
