"""The whole server, attacked: sign-in, cookie, sessions, and what reaches the cluster."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.support.whole import Browser, Whole, whole_server

LIST = "/clusters/main/api/v1/pods"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


async def _bearer(browser: Browser) -> str:
    answer = await browser.get(LIST)
    assert answer.status == 200
    return browser.whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")


async def test_a_sign_in_comes_back_to_the_deep_link_and_works_in_the_cluster(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.sign_in(return_to="/c/main/pods?ns=a,b")
        assert (answer.status, answer.headers["Location"]) == (303, "/c/main/pods?ns=a,b")
        assert (await browser.get(LIST)).status == 200
        session = await (await browser.get("/api/session")).json()
        assert session["signed_in"] is True
        assert [cluster["name"] for cluster in session["clusters"]] == ["main"]


async def test_a_popup_of_a_headlamp_frontend_ends_on_auth(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.sign_in(return_to=None)
        assert answer.headers["Location"] == "/auth?cluster=main"
        assert (await browser.get("/auth?cluster=main")).status == 200


async def test_a1_a_callback_in_another_browser_is_refused(whole: Whole) -> None:
    async with whole.browser() as attacker, whole.browser() as victim:
        address = await attacker.callback_address("/")
        answer = await victim.get(address)
        assert answer.status == 400
        assert "invalid request" in await answer.text()
        assert victim.cookies() == {}
        assert whole.idp.token_calls == 0


async def test_a1_a_callback_works_once(whole: Whole) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/")
        kept = {name: value for name, value in browser.cookies().items() if "login" in name}
        assert (await browser.get(address)).status == 303
        again = await browser.get(address, headers={"Cookie": "; ".join(f"{n}={v}" for n, v in kept.items())})
        assert again.status == 400
        assert whole.idp.token_calls == 1


async def test_an_empty_state_is_named(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/oidc-callback?code=x&state=")
        assert answer.status == 400
        assert "invalid request state is empty" in await answer.text()


async def test_a13_thirty_tabs_start_and_the_last_five_can_finish(whole: Whole) -> None:
    async with whole.browser() as browser:
        addresses = [await browser.callback_address("/") for _ in range(30)]
        logins = {name: value for name, value in browser.cookies().items() if "login" in name}
        assert len(logins) == 5
        assert sum(len(f"{name}={value}; ") for name, value in logins.items()) < 4096
        answers = [(await browser.get(address)).status for address in addresses[-5:]]
        assert answers == [303] * 5


async def test_b4_the_session_id_changes_at_each_sign_in_and_the_old_one_is_dead(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        first = browser.cookies()
        await browser.sign_in()
        assert browser.cookies() != first
        async with whole.browser() as thief:
            name, value = next((name, value) for name, value in first.items() if "login" not in name)
            assert (await thief.get(LIST, headers={"Cookie": f"{name}={value}"})).status == 401


async def test_b5_cookies_have_the_attributes_that_they_need(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.sign_in()
        handed_out = next(value for value in answer.headers.getall("Set-Cookie") if "login" not in value)
        assert re.fullmatch(
            rf"headlamp-{whole.running.port}=[\w-]{{64}}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Strict", handed_out
        )


async def test_b5_behind_tls_the_cookie_is_host_bound_and_secure(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main", headers={"X-Forwarded-Proto": "https", "Host": "localhost"})
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-headlamp-login-")
        assert cookie.endswith("; Secure")


async def test_b6_sign_out_ends_the_cookie_and_open_streams(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        kept = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
        origin = {"Origin": whole.url}
        async with browser.http.ws_connect(f"{whole.url}/api/live", headers=origin) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            assert (await browser.request("DELETE", "/api/session", headers=origin)).status == 200
            async with asyncio.timeout(30):
                while (message := await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
                    assert message.type is aiohttp.WSMsgType.TEXT
            assert message.data == 4401
        assert (await browser.get(LIST, headers={"Cookie": kept})).status == 401


async def test_b8_signing_out_needs_more_than_a_link(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        foreign = await browser.request("DELETE", "/api/session", headers={"Origin": "https://evil.example"})
        assert foreign.status == 403
        assert (await browser.get(LIST)).status == 200


async def test_e1_e2_two_people_are_never_mixed(whole: Whole) -> None:
    async with whole.browser() as one, whole.browser() as other:
        whole.idp.people["bob"] = {**whole.idp.people["alice"], "preferred_username": "bob"}
        await one.sign_in("alice")
        await other.sign_in("bob")
        first, second = await _bearer(one), await _bearer(other)
        assert first != second
        answers = await asyncio.gather(*(browser.get(LIST) for browser in [one, other] * 50))
        texts = [await answer.text() for answer in answers]
        assert all(first in text and second not in text for text in texts[::2])
        assert all(second in text and first not in text for text in texts[1::2])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer stolen"},
        {"KUBECONFIG": "e30="},
        {"X-Remote-User": "admin"},
        {"Cookie": "__Host-headlamp=" + "A" * 64},
    ],
)
async def test_e4_nobody_gets_through_and_the_cluster_hears_nothing(whole: Whole, headers: dict[str, str]) -> None:
    async with whole.browser() as browser:
        answer = await browser.get(LIST, headers=headers)
        assert answer.status == 401
        assert (await answer.json())["kind"] == "Status"
        assert whole.upstream.requests == []


async def test_e4_the_kubeconfigs_own_credentials_are_never_used_where_people_sign_in(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert await _bearer(browser) != "kubeconfig-token"
        assert all("kubeconfig-token" not in str(request.headers) for request in whole.upstream.requests)


async def test_h6_no_secret_is_in_an_answer_or_in_the_log(whole: Whole, capfd: pytest.CaptureFixture[str]) -> None:
    async with whole.browser() as browser:
        address = await browser.callback_address("/c/main/pods")
        query = parse_qs(urlsplit(address).query)
        texts = [str(dict((await browser.get(address)).headers).get("Location"))]
        bearer = await _bearer(browser)
        for path in (
            "/",
            "/config",
            "/api/session",
            "/clusters/main/me",
            "/api/access?cluster=nowhere",
            "/api/nothing",
        ):
            answer = await browser.get(path)
            texts += [await answer.text(), str({k: v for k, v in answer.headers.items() if k != "Set-Cookie"})]
        broken = await browser.get(address, headers={"Accept": "text/html"})
        texts.append(await broken.text())
        cookie = next(value for name, value in browser.cookies().items() if "login" not in name)
    out, err = capfd.readouterr()
    secrets = [
        bearer,
        bearer.split(".")[2],
        query["code"][0],
        query["state"][0],
        cookie,
        whole.idp.client_secret or "-",
    ]
    for text in [*texts, out, err]:
        for secret in secrets:
            assert secret not in text


async def test_s4_the_callback_is_https_when_a_trusted_proxy_says_so(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await browser.get(
            "/oidc?cluster=main", headers={"X-Forwarded-Proto": "https, http", "Host": "localhost"}
        )
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)["redirect_uri"]
        assert sent == ["https://localhost/oidc-callback"]


async def test_s4_an_untrusted_peer_says_nothing_about_the_scheme(tmp_path: Path) -> None:
    async with whole_server(tmp_path, trusted_proxies=()) as whole, whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main", headers={"X-Forwarded-Proto": "https"})
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)["redirect_uri"]
        assert sent == [f"{whole.url}/oidc-callback"]


async def test_the_callback_url_that_is_set_wins(tmp_path: Path) -> None:
    wanted = "https://headlamp.example.com/oidc-callback"
    async with whole_server(tmp_path, public_url="https://headlamp.example.com") as whole, whole.browser() as browser:
        answer = await browser.get("/oidc?cluster=main")
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["redirect_uri"] == [wanted]


async def test_f3_what_goes_up_is_ours(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await browser.get(
            LIST, headers={"X-Forwarded-For": "1.2.3.4", "X-Remote-User": "admin", "Authorization": "Bearer x"}
        )
        sent = whole.upstream.last
        assert not sent.names & {"cookie", "x-forwarded-for", "x-remote-user", "origin"}
        assert sent.values("Authorization") != ["Bearer x"]
        assert sent.values("User-Agent")[0].startswith("pyheadlamp/")
