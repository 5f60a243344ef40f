from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeViewer, Page

from headlamp.live.hub import Hub


@pytest.fixture
def api() -> FakeApiServer:
    server = FakeApiServer()
    server.namespace("a", "b", "c")
    for namespace in "abc":
        for number in range(3):
            server.put("pods", namespace, f"p{number}", "Running", "0", "5m")
    return server


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub(timing=FAST, random=lambda: 0.5)
    yield made
    await made.close()


@pytest.fixture
async def viewer(api: FakeApiServer) -> FakeViewer:
    return FakeViewer(api)


@pytest.fixture
async def page(viewer: FakeViewer, hub: Hub) -> AsyncIterator[Page]:
    made = Page().connect(viewer, hub)
    yield made
    await made.disconnect()
