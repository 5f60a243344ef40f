"""Somebody who comes waits for nobody else's credential, and shares as soon as it is known with whom."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until
from tests.unit.live.people_apiserver import PeopleApiServer

from headlamp.clusters.credential import Bearer
from headlamp.live.hub import Hub

# Whoever waits for an answer that does not come waits for longer than a test.
TIMING = replace(FAST, learn=0.01, answer=600.0, review=600.0, granted=600.0)
# More than the questions that a cluster is asked at the same time.
OTHERS = 20


class SlowCredential(FakeCredential):
    """A credential whose provider does not answer while `held` is not set."""

    def __init__(self, identity: str, token: str) -> None:
        super().__init__(identity, token)
        self.held: asyncio.Event | None = None
        self.waiting = 0

    async def current(self) -> Bearer | None:
        if self.held is not None:
            self.waiting += 1
            await self.held.wait()
        return await super().current()


@pytest.fixture
def api() -> PeopleApiServer:
    server = PeopleApiServer()
    server.namespace("a")
    server.put("pods", "a", "p", "Running", "0", "5m")
    return server


@pytest.mark.parametrize("between_users", [False, True])
async def test_a_newcomer_does_not_wait_for_the_credentials_of_others(
    api: PeopleApiServer, between_users: bool
) -> None:
    hub = Hub(between_users=between_users, timing=replace(TIMING, review=0.02), random=lambda: 0.5)
    credentials = [SlowCredential(f"session {number}", f"t{number}") for number in range(OTHERS)]
    pages = []
    for number, credential in enumerate(credentials):
        # Nobody has all the rights that sharing takes, so that each reads alone.
        api.person(f"t{number}", f"user{number}").allow("pods", "a", verbs=("list",))
        pages.append(Page().connect(FakeViewer(api, credential), hub))
        view = pages[-1].subscribe(1, namespaces=["a"])
        await until(lambda shown=view: bool(shown.synced))  # type: ignore[misc]
    held = asyncio.Event()
    for credential in credentials:
        credential.held = held
    if between_users:
        # They are asked about again and again, without sharing only when somebody comes.
        await until(lambda: all(credential.waiting for credential in credentials))
    api.viewer_of_all("late", "latecomer")
    pages.append(Page().connect(FakeViewer(api, FakeCredential("late session", "late")), hub))
    view = pages[-1].subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live" and bool(view.rows))
    held.set()
    for page in pages:
        await page.disconnect()
    await hub.close()


async def test_two_sessions_of_one_user_share_once_it_is_known_that_they_are(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    slow = SlowCredential("first session", "t1")
    for token in ("t1", "t2"):
        api.viewer_of_all(token, "ann")
    pages = [Page().connect(FakeViewer(api, slow), hub)]
    first = pages[0].subscribe(1, namespaces=["a"])
    await until(lambda: first.state == "live" and bool(api.watches))
    slow.held = asyncio.Event()
    pages.append(Page().connect(FakeViewer(api, FakeCredential("second session", "t2")), hub))
    second = pages[1].subscribe(1, namespaces=["a"])
    await until(lambda: second.state == "live" and len(api.watches) == 2)
    assert slow.waiting
    slow.held.set()
    slow.held = None
    await until(lambda: len(hub) == 1 and len(api.watches) == 1)
    api.put("pods", "a", "later", "Running", "0", "0s")
    await until(lambda: all(view.statuses() == api.keys("pods") for view in (first, second)))
    for page in pages:
        await page.disconnect()
    await hub.close()


async def test_what_is_asked_about_others_ends_with_them(api: PeopleApiServer) -> None:
    hub = Hub(timing=TIMING, random=lambda: 0.5)
    slow = SlowCredential("first session", "t1")
    for token, name in (("t1", "ann"), ("t2", "bob")):
        api.viewer_of_all(token, name)
    pages = [Page().connect(FakeViewer(api, slow), hub)]
    first = pages[0].subscribe(1, namespaces=["a"])
    await until(lambda: first.state == "live" and bool(api.watches))
    slow.held = asyncio.Event()
    pages.append(Page().connect(FakeViewer(api, FakeCredential("second session", "t2")), hub))
    second = pages[1].subscribe(1, namespaces=["a"])
    await until(lambda: second.state == "live")
    assert len(hub._seating._learning) == 1
    await pages[0].disconnect()
    await until(lambda: len(hub) == 1)
    await until(lambda: not hub._seating._learning)
    await pages[1].disconnect()
    await hub.close()
