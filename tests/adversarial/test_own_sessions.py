"""The list of one's own sessions through the whole server: whose they are, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.adversarial.relying_party import Clock
from tests.support.closing import close_code
from tests.support.waiting import until
from tests.support.whole import Browser, Whole, whole_server

LIST = "/clusters/main/api/v1/pods"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


async def listed(browser: Browser) -> list[dict[str, Any]]:
    answer = await browser.get("/api/sessions")
    assert answer.status == 200, await answer.text()
    sessions = (await answer.json())["sessions"]
    assert isinstance(sessions, list)
    return sessions


async def current_id(browser: Browser) -> str:
    return next(str(one["id"]) for one in await listed(browser) if one["current"])


async def end(browser: Browser, session_id: str) -> aiohttp.ClientResponse:
    return await browser.request("DELETE", f"/api/sessions/{session_id}", headers={"Origin": browser.whole.url})


async def alive(browser: Browser) -> bool:
    return (await browser.get(LIST)).status == 200


async def test_a_session_is_listed_with_what_its_owner_knows_it_by(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        address = await browser.callback_address("/")
        await browser.get(address, headers={"User-Agent": FIREFOX})
        began = clock.seconds
        clock.seconds += 30
        one = (await listed(browser))[0]
    assert one.pop("id")
    assert one == {
        "current": True,
        "device": "Firefox on Linux",
        "user_agent": FIREFOX,
        "created_at": began,
        "last_seen": began + 30,
        "expires_at": began + 86400,
        "providers": ["default"],
    }


async def test_all_sessions_of_a_person_are_listed_the_current_one_first(whole: Whole) -> None:
    async with whole.browser() as first, whole.browser() as second, whole.browser() as third:
        for browser in (first, second, third):
            await browser.sign_in("alice")
        for browser in (first, second, third):
            assert [one["current"] for one in await listed(browser)] == [True, False, False]
        assert len({one["id"] for browser in (first, second, third) for one in await listed(browser)}) == 3


async def test_e1_nobody_sees_or_ends_the_sessions_of_somebody_else(whole: Whole) -> None:
    async with whole.browser() as alices, whole.browser() as bobs:
        await alices.sign_in("alice")
        await bobs.sign_in("bob")
        mine, theirs = await listed(alices), await listed(bobs)
        assert (len(mine), len(theirs)) == (1, 1)
        for attempt in (theirs[0]["id"], "", "x", "..", "%2e%2e", theirs[0]["id"] + "x"):
            assert (await end(alices, attempt)).status in (404, 405)
        answer = await end(alices, theirs[0]["id"])
        assert (answer.status, answer.headers["X-Headlamp-Code"]) == (404, "session.unknown")
        assert await alive(bobs)


async def test_e1_the_list_is_for_those_who_are_signed_in(whole: Whole) -> None:
    async with whole.browser() as nobody, whole.browser() as browser:
        await browser.sign_in()
        assert (await nobody.get("/api/sessions")).status == 401
        assert (await end(nobody, await current_id(browser))).status == 401
        assert await alive(browser)


async def test_b7_the_list_holds_nothing_that_opens_a_session(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = next(value for name, value in browser.cookies().items() if "login" not in name)
        text = await (await browser.get("/api/sessions")).text()
        session_id = await current_id(browser)
        assert cookie not in text
        assert session_id not in cookie
        async with whole.browser() as thief:
            name = next(name for name in browser.cookies() if "login" not in name)
            assert (await thief.get(LIST, headers={"Cookie": f"{name}={session_id}"})).status == 401


async def test_b6_a_session_that_is_ended_from_the_list_is_dead_and_so_are_its_streams(whole: Whole) -> None:
    async with whole.browser() as here, whole.browser() as there:
        await here.sign_in()
        await there.sign_in()
        async with there.http.ws_connect(f"{whole.url}/api/live", headers={"Origin": whole.url}) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            answer = await end(here, await current_id(there))
            assert (answer.status, await answer.json()) == (200, {"ended": True})
            assert "Set-Cookie" not in answer.headers
            assert await close_code(socket, within=30) == 4401
        assert [await alive(here), await alive(there)] == [True, False]
        assert len(await listed(here)) == 1


async def test_b6_a_session_of_another_process_is_listed_and_ended_too(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    shared: dict[str, Any] = {"session_store": f"sqlite:///{tmp_path}/shared.db", "state_dir": tmp_path / "state"}
    async with (
        whole_server(tmp_path / "one", **shared) as one,
        whole_server(tmp_path / "two", idp=one.idp, **shared) as two,
        one.browser() as here,
        two.browser() as there,
    ):
        await here.sign_in()
        await there.sign_in()
        assert await alive(there)
        other = next(entry for entry in await listed(here) if not entry["current"])
        assert (await end(here, other["id"])).status == 200
        async with asyncio.timeout(30):
            while await alive(there):
                await asyncio.sleep(0.05)
        assert await alive(here)


async def test_ending_the_current_session_takes_its_cookie_away(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert (await end(browser, await current_id(browser))).status == 200
        assert browser.cookies() == {}
        assert not await alive(browser)


async def test_the_refresh_token_of_a_session_that_is_ended_from_the_list_is_revoked(whole: Whole) -> None:
    async with whole.browser() as here, whole.browser() as there:
        await there.sign_in()
        await here.sign_in()
        await end(here, await current_id(there))
        await until(lambda: any(grant.revoked for grant in whole.idp.grants.all))
    assert [grant.revoked for grant in whole.idp.grants.all] == [True, False]


async def test_a_session_of_pasted_tokens_alone_sees_only_itself(whole: Whole) -> None:
    async with whole.browser() as pasting, whole.browser() as other, whole.browser() as alices:
        for browser in (pasting, other):
            answer = await browser.request(
                "POST", "/clusters/main/set-token", json={"token": "opaque"}, headers={"Origin": whole.url}
            )
            assert answer.status == 200
        await alices.sign_in()
        (one,) = await listed(pasting)
        assert (one["current"], one["providers"]) == (True, [])
        assert len(await listed(alices)) == 1
        assert (await end(pasting, await current_id(other))).status == 404


async def test_the_id_stays_the_same_while_the_session_goes_on(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        before = await current_id(browser)
        clock.seconds += whole.idp.id_token_ttl + 1
        assert await alive(browser)
        assert await current_id(browser) == before


async def test_sessions_that_ran_out_are_not_listed(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as left, whole.browser() as used:
        await left.sign_in()
        await used.sign_in()
        for _ in range(5):
            clock.seconds += 2 * 3600
            await used.get("/api/session")
        assert len(await listed(used)) == 1
