"""Sign-out through the whole server: the session here, the tokens at the provider, and the provider's own session."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from tests.adversarial.deviations import MISSING
from tests.adversarial.relying_party import Clock
from tests.support.waiting import until
from tests.support.whole import Browser, Whole, whole_server

from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.memory import MemoryStore

LIST = "/clusters/main/api/v1/pods"
LONGEST_HEADERS = 3 * 1024
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Accept": "text/html"}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


def session_cookie(browser: Browser) -> str:
    """The cookie of the session, as a request has it."""
    return next(f"{name}={value}" for name, value in browser.cookies().items() if "log" not in name)


async def sign_out(browser: Browser) -> aiohttp.ClientResponse:
    return await browser.request("DELETE", "/api/session", headers={"Origin": browser.whole.url})


async def redirect_of(browser: Browser) -> str:
    """Sign out, and the address that the provider ends its own session at."""
    answer = await sign_out(browser)
    assert answer.status == 200
    redirect = (await answer.json())["redirect"]
    assert isinstance(redirect, str)
    return redirect


def query_of(address: str) -> dict[str, str]:
    parameters = parse_qs(urlsplit(address).query, keep_blank_values=True)
    assert all(len(values) == 1 for values in parameters.values())
    return {name: values[0] for name, values in parameters.items()}


def size_of_headers(answer: aiohttp.ClientResponse) -> int:
    return sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)


async def dead(whole: Whole, cookie: str) -> bool:
    """Whether nobody gets in with the cookie any more."""
    async with whole.browser() as anybody:
        return (await anybody.get(LIST, headers={"Cookie": cookie})).status == 401


# To the provider


async def test_i1_signing_out_leads_to_the_end_session_endpoint_with_what_it_needs_and_no_more(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        redirect = await redirect_of(browser)
    assert redirect.partition("?")[0] == whole.idp.address("end_session")
    query = query_of(redirect)
    assert query.keys() == {"client_id", "post_logout_redirect_uri", "state"}
    assert query["client_id"] == whole.idp.client_id
    assert query["post_logout_redirect_uri"] == f"{whole.url}/signed-out"
    assert len(query["state"]) >= 22


async def test_i1_no_token_and_no_secret_is_in_the_answer(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await browser.get(LIST)
        answer = await sign_out(browser)
        text = await answer.text() + str(answer.raw_headers)
        await until(lambda: whole.idp.calls("revocation") == 1)
    bearer = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
    revoked = whole.idp.last("revocation").form["token"]
    for secret in (bearer, bearer.split(".")[1], revoked, whole.idp.client_secret or "-"):
        assert secret not in text


async def test_i1_the_state_is_another_one_each_time(whole: Whole) -> None:
    states = set()
    async with whole.browser() as browser:
        for _ in range(3):
            await browser.sign_in()
            states.add(query_of(await redirect_of(browser))["state"])
    assert len(states) == 3


async def test_i1_what_the_endpoints_own_address_asks_stays(whole: Whole) -> None:
    whole.idp.deviations.metadata = {"end_session_endpoint": f"{whole.idp.issuer}/end_session?tenant=a%20b&flow=1"}
    async with whole.browser() as browser:
        await browser.sign_in()
        query = query_of(await redirect_of(browser))
    assert (query["tenant"], query["flow"], query["client_id"]) == ("a b", "1", whole.idp.client_id)


@pytest.mark.parametrize(
    ("settings", "headers", "expected"),
    [
        ({"public_url": "https://ui.example.com"}, {}, "https://ui.example.com/signed-out"),
        (
            {"oidc_callback_url": "https://ui.example.com/k8s/oidc-callback"},
            {},
            "https://ui.example.com/k8s/signed-out",
        ),
        ({"base_url": "/k8s"}, {}, "{url}/k8s/signed-out"),
    ],
)
async def test_i1_the_way_back_is_derived_as_the_callback_url_is(
    tmp_path: Path, settings: dict[str, Any], headers: dict[str, str], expected: str
) -> None:
    async with whole_server(tmp_path, **settings) as whole, whole.browser() as browser:
        base = settings.get("base_url", "")
        start = await browser.get(f"{base}/oidc?cluster=main", headers=headers)
        callback = query_of(start.headers["Location"])["redirect_uri"]
        agreed = await browser.get(start.headers["Location"])
        here = agreed.headers["Location"].replace(callback, f"{whole.url}{base}/oidc-callback")
        assert (await browser.get(here)).status == 303
        answer = await browser.request("DELETE", f"{base}/api/session", headers={"Origin": whole.url})
        uri = query_of((await answer.json())["redirect"])["post_logout_redirect_uri"]
        assert uri == expected.format(url=whole.url)
        assert callback == uri.replace("/signed-out", "/oidc-callback")


async def test_i1_without_being_asked_for_no_id_token_hint_is_sent(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        assert "id_token_hint" not in await redirect_of(browser)


async def test_i1_with_the_setting_the_id_token_is_the_hint(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_logout_hint=True) as whole, whole.browser() as browser:
        await browser.sign_in()
        await browser.get(LIST)
        bearer = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
        redirect = await redirect_of(browser)
        assert query_of(redirect)["id_token_hint"] == bearer
        back = await browser.get(redirect)
        assert back.headers["Location"].startswith(f"{whole.url}/signed-out?state=")


async def test_i1_a_long_hint_is_left_out(tmp_path: Path) -> None:
    async with whole_server(tmp_path, oidc_logout_hint=True) as whole, whole.browser() as browser:
        whole.idp.people["alice"]["groups"] = [f"group-{number:04}" for number in range(800)]
        await browser.sign_in()
        redirect = await redirect_of(browser)
        assert query_of(redirect).keys() == {"client_id", "post_logout_redirect_uri", "state"}


async def test_i1_the_login_hint_of_the_id_token_is_the_logout_hint(whole: Whole) -> None:
    whole.idp.deviations.id_token = {"login_hint": "O.CiQ&x=1"}
    async with whole.browser() as browser:
        await browser.sign_in()
        assert query_of(await redirect_of(browser))["logout_hint"] == "O.CiQ&x=1"


async def test_i1_a_provider_without_the_endpoint_is_named_and_the_session_here_ends(whole: Whole) -> None:
    whole.idp.deviations.metadata = {"end_session_endpoint": MISSING}
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        answer = await sign_out(browser)
        body = await answer.json()
    assert (answer.status, body["redirect"]) == (200, None)
    assert "signed out here" in body["message"]
    assert "localhost keeps its own session" in body["message"]
    assert await dead(whole, cookie)


async def test_i1_signing_out_without_a_session_says_nothing(whole: Whole) -> None:
    async with whole.browser() as browser:
        answer = await sign_out(browser)
        assert (answer.status, await answer.json()) == (200, {"redirect": None, "message": None})
        assert not whole.idp.calls("revocation")


async def test_i1_a_session_of_pasted_tokens_alone_leads_nowhere(whole: Whole) -> None:
    async with whole.browser() as browser:
        origin = {"Origin": whole.url}
        pasted = await browser.request(
            "POST", "/clusters/main/set-token", json={"token": "opaque-token"}, headers=origin
        )
        assert pasted.status == 200
        assert await (await sign_out(browser)).json() == {"redirect": None, "message": None}


# And back


async def test_i1_the_way_back_ends_on_a_page_that_names_the_provider(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        assert back.status == 302
        page = await browser.get(back.headers["Location"], headers={"Sec-Fetch-Site": "cross-site", **NAVIGATION})
        text = await page.text()
    assert page.status == 200
    assert "You are signed out" in text
    assert "localhost has signed you out as well" in text
    assert 'href="/"' in text
    assert "<script" not in text
    assert page.headers["Cache-Control"] == "no-store"
    assert browser.cookies() == {}


@pytest.mark.parametrize(
    "state", ["", "?state=", "?state=AAAAAAAAAAAAAAAAAAAAAA", "?state=%00", f"?state={'A' * 8000}"]
)
async def test_i1_a_wrong_state_claims_nothing_and_ends_nothing(whole: Whole, state: str) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await redirect_of(browser)
        before = browser.cookies()
        page = await browser.get(f"/signed-out{state}", headers=NAVIGATION)
        text = await page.text()
        assert page.status == 200
        assert "as well" not in text
        assert "localhost" not in text
        assert browser.cookies() == before


async def test_i1_the_state_of_another_browser_counts_for_nothing(whole: Whole) -> None:
    async with whole.browser() as browser, whole.browser() as other:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        page = await other.get(back.headers["Location"], headers=NAVIGATION)
        assert "as well" not in await page.text()


async def test_i1_the_state_counts_once(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        assert "as well" in await (await browser.get(back.headers["Location"])).text()
        assert "as well" not in await (await browser.get(back.headers["Location"])).text()


async def test_i1_the_state_counts_for_ten_minutes(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        clock.seconds += 601
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
        page = await browser.get(back.headers["Location"], headers={"Cookie": cookies})
        assert "as well" not in await page.text()


async def test_i1_who_signed_in_again_meanwhile_stays_signed_in(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        await browser.sign_in()
        await browser.get(back.headers["Location"])
        assert (await browser.get(LIST)).status == 200


async def test_i1_the_way_back_takes_no_cookie_of_a_session_that_it_cannot_see(whole: Whole) -> None:
    """A redirect of the provider comes without the session's cookie, whether or not there is a new session."""
    async with whole.browser() as browser, whole.browser() as without:
        await browser.sign_in()
        back = await browser.get(await redirect_of(browser))
        await browser.sign_in()
        lax = "; ".join(f"{name}={value}" for name, value in browser.cookies().items() if "logout" in name)
        page = await without.get(
            back.headers["Location"], headers={"Cookie": lax, "Sec-Fetch-Site": "cross-site", **NAVIGATION}
        )
        assert "as well" in await page.text()
        assert [value.partition("=")[0] for value in page.headers.getall("Set-Cookie")] == [lax.partition("=")[0]]


async def test_i1_no_answer_of_a_sign_out_has_large_headers(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        answer = await sign_out(browser)
        back = await browser.get((await answer.json())["redirect"])
        page = await browser.get(back.headers["Location"])
        assert size_of_headers(answer) < LONGEST_HEADERS
        assert size_of_headers(page) < LONGEST_HEADERS


async def test_b8_nothing_that_a_link_or_an_image_asks_for_signs_anybody_out(whole: Whole) -> None:
    image = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        async with whole.browser() as without:
            # SameSite=Strict: the session's cookie does not come along from another site.
            for headers in (image, {"Sec-Fetch-Site": "cross-site", **NAVIGATION}):
                for path in ("/logout", "/signed-out", "/signed-out?state=x"):
                    answer = await without.get(path, headers=headers)
                    assert "Set-Cookie" not in answer.headers, path
        for path in ("/logout", "/signed-out", "/signed-out?state=x"):
            await browser.get(path, headers={"Sec-Fetch-Site": "none", **NAVIGATION})
        assert session_cookie(browser) == cookie
        assert (await browser.get(LIST)).status == 200


async def test_b8_the_page_for_those_who_came_by_a_link_says_that_they_are_signed_in(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        page = await browser.get("/signed-out", headers={"Sec-Fetch-Site": "none", **NAVIGATION})
        assert "You are still signed in" in await page.text()


async def test_b6_a_dead_cookie_is_taken_away_by_the_page_after_a_sign_out(whole: Whole) -> None:
    async with whole.browser() as browser, whole.browser() as other_tab:
        await browser.sign_in()
        cookie = session_cookie(browser)
        await sign_out(browser)
        page = await other_tab.get("/signed-out", headers={"Cookie": cookie})
        cleared = page.headers.getall("Set-Cookie")
        assert [value.partition("=")[0] for value in cleared] == [cookie.partition("=")[0]]
        assert "Max-Age=0" in cleared[0]


# Revocation


async def test_i1_the_refresh_token_is_revoked_and_the_client_proves_itself(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        await sign_out(browser)
        grant = whole.idp.grants.all[-1]
        await until(lambda: grant.revoked)
    asked = whole.idp.last("revocation")
    assert asked.form == {"token": grant.refresh_token, "token_type_hint": "refresh_token"}
    proof = base64.b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode()
    assert proof == f"{whole.idp.client_id}:{whole.idp.client_secret}"


@pytest.mark.parametrize(
    "deviation",
    [
        {"status": {"revocation": (503, {})}},
        {"status": {"revocation": (400, {"error": "unsupported_token_type"})}},
        {"body": {"revocation": b"<html>"}},
        {"redirect": {"revocation": "http://localhost:1/"}},
        {"reset": ("revocation",)},
        {"metadata": {"revocation_endpoint": MISSING}},
    ],
    ids=lambda value: "-".join(value),
)
async def test_i1_a_revocation_that_fails_never_stops_a_sign_out(whole: Whole, deviation: dict[str, Any]) -> None:
    for name, value in deviation.items():
        setattr(whole.idp.deviations, name, value)
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        assert (await redirect_of(browser)).startswith(whole.idp.address("end_session"))
        assert await dead(whole, cookie)


async def test_i1_a_provider_that_does_not_answer_keeps_nobody(whole: Whole) -> None:
    whole.idp.deviations.slow = {"revocation": 60.0}
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        async with asyncio.timeout(30):
            assert await redirect_of(browser)
        assert await dead(whole, cookie)


async def test_i1_a_provider_that_is_gone_keeps_nobody(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        await whole.idp.stop()
        answer = await sign_out(browser)
        assert answer.status == 200
        assert await dead(whole, cookie)


async def test_b6_the_session_is_over_before_any_provider_is_asked_and_though_the_browser_went_away(
    whole: Whole,
) -> None:
    whole.idp.deviations.slow = {"revocation": 60.0}
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        leaving = asyncio.create_task(sign_out(browser))
        await until(lambda: whole.idp.calls("revocation") == 1)
        assert await dead(whole, cookie)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert await dead(whole, cookie)


async def test_b6_the_sign_out_of_a_headlamp_frontend_revokes_too(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        answer = await browser.request(
            "POST", "/clusters/main/set-token", json={"token": None}, headers={"Origin": whole.url}
        )
        assert answer.status == 200
        assert await dead(whole, cookie)
        await until(lambda: whole.idp.grants.all[-1].revoked)


async def test_b6_a_sign_out_that_the_store_cannot_take_yet_is_one_all_the_same(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> bool:
        raise StoreUnavailable("disk full")

    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = session_cookie(browser)
        monkeypatch.setattr(MemoryStore, "delete", broken)
        assert await redirect_of(browser)
        assert cookie.partition("=")[0] not in browser.cookies()
        await until(lambda: whole.idp.grants.all[-1].revoked)
        assert await dead(whole, cookie)
        monkeypatch.undo()
        assert await dead(whole, cookie)


# Refresh and sign-out at once


async def test_h3_a_refresh_that_a_sign_out_overtakes_brings_nothing_back_and_its_tokens_are_revoked(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser, whole.browser() as tab:
        await browser.sign_in()
        cookie = session_cookie(browser)
        clock.seconds += whole.idp.id_token_ttl + 1
        refreshing, revoking = asyncio.Event(), asyncio.Event()
        whole.idp.deviations.held = {"token": refreshing, "revocation": revoking}
        heard = len(whole.upstream.requests)
        waiting = asyncio.create_task(tab.get(LIST, headers={"Cookie": cookie}))
        await until(lambda: whole.idp.token_calls == 2)
        spent = whole.idp.grants.all[-1].refresh_token
        leaving = asyncio.create_task(sign_out(browser))
        await until(lambda: whole.idp.calls("revocation") == 1)
        # The refresh is answered before the revocation counts.
        refreshing.set()
        assert (await waiting).status == 401
        revoking.set()
        assert (await leaving).status == 200
        assert len(whole.upstream.requests) == heard
        await until(lambda: whole.idp.calls("revocation") == 2)
        revoked = {seen.form["token"] for seen in whole.idp.seen if seen.endpoint == "revocation"}
        assert revoked == {spent, whole.idp.grants.all[-1].refresh_token}
        assert await dead(whole, cookie)


# Several providers


async def test_i1_of_several_providers_the_first_with_an_endpoint_gets_the_browser(tmp_path: Path) -> None:
    async with whole_server(tmp_path) as first, whole_server_of_two(tmp_path, first) as whole:
        async with whole.browser() as browser:
            for cluster in ("main", "other"):
                whole.idp.user = "alice"
                start = await browser.get(f"/oidc?cluster={cluster}&return_to=/")
                agreed = await browser.get(start.headers["Location"])
                assert (await browser.get(agreed.headers["Location"])).status == 303
            answer = await sign_out(browser)
            body = await answer.json()
            assert body["redirect"].startswith(whole.idp.address("end_session"))
            assert "keeps its own session" in body["message"]
            back = await browser.get(body["redirect"])
            page = await (await browser.get(back.headers["Location"])).text()
        assert "as well" in page
        assert "Still with a session of their own" in page
        await until(lambda: first.idp.grants.all[-1].revoked and whole.idp.grants.all[-1].revoked)


def whole_server_of_two(folder: Path, other: Whole) -> Any:
    """Another server, that has a second cluster whose kubeconfig names the provider of `other`."""
    (folder / "two").mkdir()
    kubeconfig = json.loads((folder / "kubeconfig").read_text())
    config = {
        "idp-issuer-url": other.idp.issuer,
        "client-id": other.idp.client_id,
        "client-secret": other.idp.client_secret,
    }
    kubeconfig["users"].append({"name": "elsewhere", "user": {"auth-provider": {"name": "oidc", "config": config}}})
    kubeconfig["contexts"].append({"name": "other", "context": {"cluster": "main", "user": "elsewhere"}})
    path = folder / "two" / "both"
    path.write_text(json.dumps(kubeconfig))
    return whole_server(folder / "two", kubeconfig=str(path))
