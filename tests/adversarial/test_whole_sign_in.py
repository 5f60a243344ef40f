"""A sign-in through the whole server: what a browser holds on its way, what is logged, and how sign-ins run out."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.adversarial.relying_party import Clock
from tests.support.whole import Browser, Whole, whole_server

LIST = "/clusters/main/api/v1/pods"
COOKIE = re.compile(r"(?P<name>[\w-]+)=(?P<value>[\w-]*); Path=/; Max-Age=\d+; HttpOnly; SameSite=(?P<site>Strict|Lax)")


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


def _session_cookie(browser: Browser) -> str:
    return next(f"{name}={value}" for name, value in browser.cookies().items() if "login" not in name)


def _redirect_uri(start: aiohttp.ClientResponse) -> str:
    return parse_qs(urlsplit(start.headers["Location"]).query)["redirect_uri"][0]


async def test_a13_tabs_that_start_at_once_finish_in_any_order(whole: Whole) -> None:
    async with whole.browser() as browser:
        addresses = [await browser.callback_address(f"/c/main/pods?q={tab}") for tab in range(5)]
        for tab in (3, 0, 4, 1, 2):
            answer = await browser.get(addresses[tab])
            assert (answer.status, answer.headers["Location"]) == (303, f"/c/main/pods?q={tab}")
        assert not [name for name in browser.cookies() if "login" in name]
        assert (await browser.get(LIST)).status == 200


async def test_b5_every_cookie_of_a_sign_in_is_bound_and_out_of_reach_of_scripts(whole: Whole) -> None:
    async with whole.browser() as browser:
        start = await browser.get("/oidc?cluster=main")
        agreed = await browser.get(start.headers["Location"])
        finish = await browser.get(agreed.headers["Location"])
        out = await browser.request("DELETE", "/api/session", headers={"Origin": whole.url})
        for answer in (start, finish, out):
            for header in answer.headers.getall("Set-Cookie"):
                cookie = COOKIE.fullmatch(header)
                assert cookie is not None, header
                on_its_way = "-login-" in cookie["name"] or "-logout" in cookie["name"]
                assert cookie["site"] == ("Lax" if on_its_way else "Strict")


async def test_b5_over_plain_http_on_another_machine_no_sign_in_begins(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main", headers={"Host": "192.0.2.1", "Accept": "text/html"})
        assert answer.status == 400
        assert "https" in await answer.text()
        assert "Set-Cookie" not in answer.headers
        assert whole.idp.calls("authorize") == 0


async def test_b5_with_insecure_cookie_it_does(tmp_path: Path) -> None:
    async with whole_server(tmp_path, insecure_cookie=True) as whole, whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main", headers={"Host": "192.0.2.1"})
        assert answer.status == 302
        assert "Secure" not in answer.headers["Set-Cookie"]


async def test_b4_two_cookies_of_one_name_are_nobodys(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        mine = _session_cookie(browser)
    async with whole.browser() as tossed:
        planted = f"{mine.partition('=')[0]}={'A' * 64}"
        assert (await tossed.get(LIST, headers={"Cookie": mine})).status == 200
        assert (await tossed.get(LIST, headers={"Cookie": f"{planted}; {mine}"})).status == 401
        assert len(whole.upstream.requests) == 1


async def test_e1_nobody_gets_what_somebody_got_before(whole: Whole) -> None:
    async with whole.browser() as browser, whole.browser() as nobody:
        await browser.sign_in()
        paths = (LIST, "/clusters/main/me", "/api/access?cluster=main")
        for path in paths:
            await browser.get(path)
        heard = len(whole.upstream.requests)
        assert [(await nobody.get(path)).status for path in paths] == [401] * 3
        assert (await (await nobody.get("/api/session")).json())["clusters"] == []
        assert len(whole.upstream.requests) == heard


async def test_e2_each_of_two_people_is_told_their_own_name_and_no_other(whole: Whole) -> None:
    async with whole.browser() as alice, whole.browser() as bob:
        await alice.sign_in("alice")
        await bob.sign_in("bob")
        names = await asyncio.gather(*(_name(browser) for browser in [alice, bob] * 20))
        assert names == ["alice", "bob"] * 20


async def _name(browser: Browser) -> str:
    return str((await (await browser.get("/clusters/main/me")).json())["username"])


async def test_e3_a_second_person_in_one_browser_takes_the_place_of_the_first(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in("alice")
        assert await _name(browser) == "alice"
        first = _session_cookie(browser)
        await browser.sign_in("bob")
        assert await _name(browser) == "bob"
        async with whole.browser() as left_over:
            assert (await left_over.get("/clusters/main/me", headers={"Cookie": first})).status == 401


async def test_h6_not_a_secret_of_a_sign_in_is_in_the_log(whole: Whole, log: io.StringIO) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/c/main/pods")
        logins = [value for name, value in browser.cookies().items() if "login" in name]
        assert (await browser.get(address)).status == 303
        replayed = await browser.get(address, headers={"Accept": "text/html"})
        whole.idp.deviations.missing = ("nonce",)
        refused = await browser.get(await browser.callback_address("/"), headers={"Accept": "text/html"})
        whole.idp.deviations.status = {"token": (400, {"error": "invalid_grant", "error_description": "Bearer eyJx"})}
        unlucky = await browser.get(await browser.callback_address("/"), headers={"Accept": "text/html"})
        await browser.get(LIST)
        cookie = _session_cookie(browser).partition("=")[2]
        assert [answer.status >= 400 for answer in (replayed, refused, unlucky)] == [True] * 3
        pages = [await answer.text() for answer in (replayed, refused, unlucky)]
    assert "signed in" in log.getvalue()
    query = parse_qs(urlsplit(address).query)
    exchange = next(seen for seen in whole.idp.seen if seen.endpoint == "token").form
    bearer = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
    secrets = [cookie, bearer, bearer.split(".")[2], query["code"][0], query["state"][0], exchange["code_verifier"]]
    for text in [log.getvalue(), *pages]:
        for secret in [*secrets, *logins, whole.idp.client_secret or "-"]:
            assert secret not in text


async def test_s4_the_callback_url_that_is_set_wins_over_the_public_url_and_the_request(tmp_path: Path) -> None:
    wanted = "https://sso.example.com/ui/oidc-callback"
    public = "https://headlamp.example.com"
    async with (
        whole_server(tmp_path, oidc_callback_url=wanted, public_url=public) as whole,
        whole.browser() as browser,
    ):
        start = await browser.get("/oidc?cluster=main", headers={"X-Forwarded-Proto": "http"})
        assert _redirect_uri(start) == wanted


async def test_s4_the_base_url_is_a_part_of_the_callback_url(tmp_path: Path) -> None:
    async with whole_server(tmp_path, base_url="/ui") as whole, whole.browser() as browser:
        start = await browser.get("/ui/oidc?cluster=main&return_to=/ui/c/main/pods")
        assert _redirect_uri(start) == f"{whole.url}/ui/oidc-callback"
        agreed = await browser.get(start.headers["Location"])
        finish = await browser.get(agreed.headers["Location"])
        assert finish.headers["Location"] == "/ui/c/main/pods"
        assert (await browser.get(f"/ui{LIST}")).status == 200


async def test_c1_a_page_of_another_origin_gets_no_live_rows(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        for origin in ("https://evil.example", "null", f"http://localhost:{whole.running.port + 1}"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await browser.http.ws_connect(f"{whole.url}/api/live", headers={"Origin": origin})
            assert refused.value.status == 403


async def test_c4_a_sign_in_that_has_run_out_is_told_as_such(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        assert (await browser.get(LIST)).status == 200
        whole.idp.revoke_refresh_tokens()
        clock.seconds += whole.idp.id_token_ttl + 120
        me = await browser.get("/clusters/main/me")
        assert (me.status, await me.json()) == (401, {"message": "token expired"})
        heard = len(whole.upstream.requests)
        refused = await browser.get(LIST)
        assert (refused.status, refused.headers["X-Headlamp-Code"]) == (401, "session.sign_in_again")
        assert len(whole.upstream.requests) == heard
