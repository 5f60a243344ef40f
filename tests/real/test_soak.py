"""Two hundred viewers come and go for long, twenty things change a second, and everything around is restarted."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest
from tests.real.clients.browser import Browser
from tests.real.soak.audience import Audience
from tests.real.soak.churn import Churn
from tests.real.soak.course import Course, tell
from tests.real.soak.world import EVERYWHERE, IN_THE_TEAM, World, start_world
from tests.real.stack.people import Person
from tests.real.stack.pki import trusting
from tests.real.stack.whole import Stack

pytestmark = pytest.mark.soak

TEN_MINUTES = 600.0
VIEWERS = 200


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """A cluster, a provider and a product that nobody else has."""
    started = start_world(stack, stack.place.folder / "soak")
    yield started
    started.place.stop_all()
    shutil.rmtree(started.place.folder / "etcd", ignore_errors=True)


@pytest.fixture
async def browsers(world: World) -> AsyncIterator[dict[Person, Browser]]:
    """One for each person, signed in."""
    async with AsyncExitStack() as opened:
        found = {}
        for person in (*EVERYWHERE, *IN_THE_TEAM):
            found[person] = await opened.enter_async_context(Browser(world.web_pki.pem))
            await found[person].sign_in(world.product.url, person)
        yield found


async def test_rows_are_right_memory_is_flat_and_nobody_is_signed_out_for_as_long_as_it_takes(
    world: World, browsers: dict[Person, Browser], record_property: Callable[[str, object], None]
) -> None:
    duration = float(os.environ.get("HEADLAMP_SOAK_SECONDS", TEN_MINUTES))
    figures = Path(os.environ.get("HEADLAMP_SOAK_FIGURES") or world.place.folder / "figures.log")
    server, random = world.api_server, Random()
    admin = trusting(server.identity.pki.pem, client=server.identity.admin)
    churn = Churn(server.url, admin, random)
    audience = Audience(world.product.url, VIEWERS, browsers, random, lambda fault: tell(figures, {"fault": fault}))
    try:
        for name, value in (await Course(world, churn, audience, duration, figures).run()).items():
            record_property(f"soak: {name}", value)
    finally:
        await churn.close()
        await audience.empty()
    assert not audience.faults, "\n".join(audience.faults)
