"""A search finds what the session may be shown at that moment, and says where it may not look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from tests.unit.live.kit import FakeCredential, FakeViewer, Page, View, until
from tests.unit.live.people_apiserver import PeopleApiServer
from tests.unit.live.test_search import answer, names, search
from tests.unit.live.test_sharing import BRIEFLY_GRANTED

from headlamp.live.hub import Hub

# Ann's answers may take their time without her being held too.
PATIENT = replace(BRIEFLY_GRANTED, granted=1.0)


@pytest.fixture
def api() -> PeopleApiServer:
    server = PeopleApiServer()
    server.namespace("a")
    server.put("pods", "a", "known", "Running", "0", "5m")
    return server


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    made = Hub(between_users=True, timing=PATIENT, random=lambda: 0.5)
    yield made
    await made.close()


class Held:
    """Ann and Bob read the same. Bob's rights are gone, and the cluster answers nobody who asks about them."""

    def __init__(self, api: PeopleApiServer, hub: Hub) -> None:
        self.bob = FakeViewer(api, FakeCredential("session of bob", "t2"))
        ann = FakeViewer(api, FakeCredential("session of ann", "t1"))
        self.pages = [Page().connect(ann, hub), Page().connect(self.bob, hub)]
        self.anns, self.bobs = (page.subscribe(1, namespaces=["a"]) for page in self.pages)
        self._api = api

    async def begin(self) -> None:
        rows: list[View] = [self.anns, self.bobs]
        await until(lambda: all(view.state == "live" and view.synced for view in rows))
        self._api.people["t2"].rights.clear()
        self._api.answer_review = lambda review: (500, b"") if review.token == "t2" else None
        await until(lambda: self.bobs.state == "reconnecting")
        self._api.put("pods", "a", "secret", "Running", "0", "0s")
        await until(lambda: "a/secret" in self.anns.rows)


@pytest.fixture
async def held(api: PeopleApiServer, hub: Hub) -> AsyncIterator[Held]:
    api.viewer_of_all("t1", "ann")
    api.viewer_of_all("t2", "bob")
    made = Held(api, hub)
    await made.begin()
    yield made
    for page in made.pages:
        await page.disconnect()


async def answer_with_hits(page: Page, text: str) -> dict[str, Any]:
    """Search until something is found: on a machine that stood still for a moment Ann may be held for another one."""
    async with asyncio.timeout(30):
        for number in count(1):
            search(page, number, text)
            found = await answer(page, number)
            if found["hits"]:
                return found
            await asyncio.sleep(0.02)
    raise AssertionError


def missing(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["namespace"], each["code"]) for each in found["missing"]]


async def test_an_open_list_whose_rights_nobody_confirms_is_not_searched(held: Held) -> None:
    assert names(await answer_with_hits(held.pages[0], "secret")) == ["pods a/secret"]
    search(held.pages[1], 1, "secret")
    found = await answer(held.pages[1], 1)
    assert found["total"] == 0
    assert missing(found) == [("pods", "live.unconfirmed")]


async def test_searching_everything_does_not_go_around_the_rights(held: Held, hub: Hub) -> None:
    tab = Page().connect(held.bob, hub)
    for number, page in enumerate((tab, held.pages[1]), 2):
        search(page, number, "secret", "pods", namespaces=["a"])
        found = await answer(page, number)
        assert found["total"] == 0
        assert missing(found) == [("pods", "live.unconfirmed")]
    await tab.disconnect()
