"""Rows are read as the user, for as long as the user's credential lasts, and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from typing import TypeVarTuple

import pytest
from tests.unit.live.fake_apiserver import FakeApiServer
from tests.unit.live.kit import FAST, FakeCredential, FakeViewer, Page, until

from headlamp.clusters.credential import Bearer
from headlamp.live.errors import Rejected, SignInAgain
from headlamp.live.hub import Hub
from headlamp.live.members import alone
from headlamp.live.resources import Selection
from headlamp.live.upstream import Upstream
from headlamp.live.viewer import Access
from headlamp.problems import Problem

_Arguments = TypeVarTuple("_Arguments")


# What the hub takes for now where the life of a token is told.
NOW = 1_764_000_000.0
PATIENCE_S = 30.0


class ProviderAway(Problem):
    code = "oidc.unavailable"
    status = 503
    title = "The identity provider can't be asked now"


async def test_the_bearer_goes_with_every_request(api: FakeApiServer, page: Page) -> None:
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    assert {headers["Authorization"] for _, headers in api.requests} == {"Bearer t1"}


async def test_in_the_laptop_case_the_transport_speaks_for_itself(api: FakeApiServer, hub: Hub) -> None:
    page = Page().connect(FakeViewer(api, FakeCredential(token=None)), hub)
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    assert not any("Authorization" in headers for _, headers in api.requests)
    await page.disconnect()


class Renewed(FakeCredential):
    """Has a token for a short while, and once a watch was opened with that one another, for an hour."""

    def __init__(self, api: FakeApiServer) -> None:
        super().__init__()
        self._api = api

    async def current(self) -> Bearer | None:
        return Bearer("t2", NOW + 3600) if watched_as(self._api) else Bearer("t1", NOW + 0.3)


def watched_as(api: FakeApiServer) -> list[str]:
    """The tokens with which watches were opened, one after the other."""
    headers = [headers for path, headers in api.requests if "watch=" in path]
    return [each["Authorization"].removeprefix("Bearer ") for each in headers]


async def test_c4_a_watch_is_opened_anew_before_its_token_expires_and_nothing_is_missed(api: FakeApiServer) -> None:
    hub = Hub(timing=FAST, random=lambda: 0.5, now=lambda: NOW)
    page = Page().connect(FakeViewer(api, Renewed(api)), hub)
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    async with asyncio.timeout(PATIENCE_S):
        while len(watched_as(api)) < 2:
            api.put("pods", "a", f"x{api.version}", "Running", "0", "0s")
            await asyncio.sleep(0.01)
    await until(lambda: view.statuses() == api.keys("pods", "a"))
    await until(lambda: [watch.token for watch in api.watches] == ["t2"])
    assert watched_as(api) == ["t1", "t2"]
    assert len([path for path, _ in api.requests if "watch=" not in path]) == 1, "no relist"
    assert [state["state"] for state in view.states] == ["loading", "live"]
    await page.disconnect()
    await hub.close()


class EarlyLoop(asyncio.SelectorEventLoop):
    """A loop whose timers are a little early, as those of uvloop may be."""

    def call_at(
        self, when: float, callback: Callable[[*_Arguments], object], *args: *_Arguments, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return super().call_at(when - 0.01, callback, *args, context=context)


def test_c4_a_watch_that_ends_with_its_token_is_not_taken_for_a_dead_one() -> None:
    async def story() -> None:
        api, hub = FakeApiServer(), Hub(timing=FAST, random=lambda: 0.5, now=lambda: NOW)
        api.put("pods", "a", "p0")
        page = Page().connect(FakeViewer(api, Renewed(api)), hub)
        page.subscribe(1, namespaces=["a"])
        await until(lambda: [watch.token for watch in api.watches] == ["t2"])
        assert watched_as(api) == ["t1", "t2"]
        assert len([path for path, _ in api.requests if "watch=" not in path]) == 1, "no relist"
        await page.disconnect()
        await hub.close()

    with asyncio.Runner(loop_factory=EarlyLoop) as runner:
        runner.run(story())


async def test_c4_g4_without_a_new_token_the_watch_ends_with_the_old_one(api: FakeApiServer, hub: Hub) -> None:
    credential = FakeCredential(token="t1", expires_in=0.15)
    page = Page().connect(FakeViewer(api, credential), hub)
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: view.state == "live")
    bearer = credential.bearer
    assert bearer is not None
    expires_at = bearer.expires_at or 0.0

    class Expiring(FakeCredential):
        async def current(self) -> Bearer | None:
            if expires_at <= hub.now():
                raise SignInAgain
            return bearer

    expiring = Expiring()
    credential.current = expiring.current  # type: ignore[method-assign]
    await page.served()
    assert page.closed == (4401, "session.sign_in_again")
    assert page.messages[-1]["type"] == "signed_out"
    await until(lambda: not api.watches)


async def test_c4_a_session_that_ends_closes_the_connection_and_its_watches(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub
) -> None:
    page = Page().connect(viewer, hub)
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    viewer.ended.set()
    viewer.credential.ended.set()
    await asyncio.wait_for(page.served(), PATIENCE_S)
    assert page.closed == (4401, "session.ended")
    assert page.messages[-1] == {"type": "signed_out", "code": "session.ended", "message": "Your session has ended"}
    await until(lambda: not api.watches and len(hub) == 0)


async def test_c4_a_credential_that_ends_alone_closes_the_connection_too(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub
) -> None:
    page = Page().connect(viewer, hub)
    view = page.subscribe(1)
    await until(lambda: bool(view.synced))
    viewer.credential.ended.set()
    await asyncio.wait_for(page.served(), PATIENCE_S)
    assert page.closed == (4401, "session.sign_in_again")
    await until(lambda: not api.watches)


async def test_c4_a_session_that_ends_closes_even_a_connection_that_does_not_read(viewer: FakeViewer, hub: Hub) -> None:
    page = Page()
    page.stuck = asyncio.Event()
    page.connect(viewer, hub)
    await asyncio.sleep(0.01)
    viewer.ended.set()
    # It would be let go for being slow too, but that much later.
    assert hub.timing.send > PATIENCE_S
    await asyncio.wait_for(page.served(), PATIENCE_S)
    assert page.closed == (4401, "session.ended")


async def test_g1_a_401_asks_for_a_fresh_bearer_once(api: FakeApiServer, viewer: FakeViewer, page: Page) -> None:
    api.tokens = {"fresh"}
    viewer.credential.tokens = ["stale", "fresh"]
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced))
    assert view.state == "live"


async def test_g1_a_rejected_token_is_shown_as_such_and_not_tried_again_and_again(
    api: FakeApiServer, viewer: FakeViewer
) -> None:
    hub = Hub(timing=replace(FAST, first_refusals=(), refused_pause=600.0), random=lambda: 0.5)
    page = Page().connect(viewer, hub)
    api.tokens = set()
    view = page.subscribe(1, namespaces=["a", "b", "c"])
    await until(lambda: view.state == "failed")
    assert {missing["code"] for missing in view.states[-1]["missing"]} == {"cluster.rejected"}
    before = len(api.requests)
    await asyncio.sleep(0.05)
    assert len(api.requests) == before <= 3
    assert page.closed is None, "a cluster's 401 is not a sign-out"
    await page.disconnect()
    await hub.close()


async def test_g1_a_token_that_was_rejected_is_tried_again_after_a_while(api: FakeApiServer, page: Page) -> None:
    api.tokens = set()
    view = page.subscribe(1, namespaces=["a", "b", "c"])
    await until(lambda: view.state == "failed")
    api.tokens = {"t1"}
    await until(lambda: view.state == "live")


async def test_g1_a_token_that_was_rejected_is_not_sent_again_by_another_list(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub
) -> None:
    async def open_access() -> Access:
        return await viewer.open("demo")

    pods = Selection("", "v1", "pods", namespaced=True)
    timing = replace(FAST, refused_pause=60, first_refusals=())
    upstream = Upstream(alone(await open_access(), open_access), timing=timing, now=hub.now)
    api.tokens = {"good"}
    for _ in range(3):
        with pytest.raises(Rejected):
            await upstream.page(pods, "a", "None", "")
    assert len(api.requests) == 1
    viewer.credential.set("good")
    await upstream.page(pods, "a", "None", "")


async def test_a_provider_that_is_away_for_a_moment_ends_nothing(
    api: FakeApiServer, viewer: FakeViewer, page: Page
) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced and api.watches))
    viewer.credential.problem = ProviderAway()
    api.end_watches()
    await until(lambda: view.state == "reconnecting")
    viewer.credential.problem = None
    await until(lambda: view.state == "live")


async def test_e1_another_identity_never_gets_rows_that_were_read_as_the_former(
    api: FakeApiServer, viewer: FakeViewer, hub: Hub, page: Page
) -> None:
    view = page.subscribe(1, namespaces=["a"])
    await until(lambda: bool(view.synced and api.watches))
    viewer.credential = FakeCredential(identity="bob", token="t2")
    api.end_watches()
    await until(lambda: bool(view.errors))
    assert view.errors[0]["code"] == "live.identity_changed"
    assert not any(headers["Authorization"] == "Bearer t2" for _, headers in api.requests)


async def test_e2_two_users_read_with_their_own_bearers(api: FakeApiServer, hub: Hub) -> None:
    pages = []
    for identity, token in (("ann", "ta"), ("bob", "tb")):
        page = Page().connect(FakeViewer(api, FakeCredential(identity, token)), hub)
        pages.append((page, page.subscribe(1, namespaces=["a"])))
    await until(lambda: len(api.watches) == 2 and all(view.synced for _, view in pages))
    assert sorted(watch.token for watch in api.watches) == ["ta", "tb"]
    for page, _ in pages:
        await page.disconnect()
