"""A server and our own client's transport to it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest
from tests.support.certificates import Authority
from tests.support.raw_server import RawServer
from tests.unit.clusters.lean.kit import Handle, Open

from headlamp.clusters import limits
from headlamp.clusters.lean.transport import LeanTransport


@pytest.fixture
async def opened(authority: Authority) -> AsyncIterator[Open]:
    """Starts a server, and a transport to it, which end with the test."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handle: Handle) -> tuple[LeanTransport, RawServer]:
            server = await stack.enter_async_context(RawServer(authority, handle).running())
            transport = LeanTransport(server.cluster())
            stack.push_async_callback(transport.close)
            return transport, server

        yield start


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_EVERY", 0.02)
