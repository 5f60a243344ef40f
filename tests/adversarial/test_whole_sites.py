"""The whole server behind TLS, and what other sites and sibling hosts can make a browser do to it (B1 to B5, B8)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.site_browser import Landed, SiteBrowser
from tests.support.whole import Whole, whole_server

APP = "https://app.example.com"
SIBLING = "https://evil.example.com/page"
STRANGER = "https://evil.test/page"
LIST = f"{APP}/clusters/main/api/v1/pods"
SESSION_COOKIE = "__Host-headlamp"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path, public_url=APP) as running:
        yield running


@pytest.fixture
async def browser(whole: Whole) -> AsyncIterator[SiteBrowser]:
    """Somebody who is signed in, in a browser that keeps the rules between sites."""
    async with SiteBrowser({"app.example.com": whole.running.port}) as signed_in:
        landed = await sign_in(signed_in)
        assert landed.url == f"{APP}/c/main/pods"
        yield signed_in


async def sign_in(browser: SiteBrowser, *, page: str = f"{APP}/") -> Landed:
    return await browser.navigate(f"{APP}/oidc?cluster=main&return_to=/c/main/pods", page=page)


async def works(browser: SiteBrowser) -> bool:
    """Whether the session is there, as the page of the application sees it."""
    return (await browser.fetch(LIST, page=f"{APP}/c/main/pods")).status == 200


async def test_b5_a_sign_in_over_tls_leaves_one_host_bound_cookie(browser: SiteBrowser) -> None:
    (cookie,) = browser.jar
    assert cookie.name == SESSION_COOKIE
    assert (cookie.secure, cookie.http_only, cookie.same_site, cookie.below) == (True, True, "Strict", False)
    assert await works(browser)


async def test_b5_a_sign_in_that_a_link_elsewhere_starts_works_too(whole: Whole) -> None:
    async with SiteBrowser({"app.example.com": whole.running.port}) as browser:
        assert (await sign_in(browser, page=STRANGER)).status == 200
        assert await works(browser)


ATTACKS: list[dict[str, Any]] = [
    {"method": "POST"},
    {"method": "POST", "headers": {"Content-Type": "application/x-www-form-urlencoded"}, "mode": "no-cors"},
    {"method": "POST", "headers": {"Content-Type": "text/plain"}, "mode": "no-cors"},
    {"method": "POST", "headers": {"Content-Type": "application/json"}},
    {"method": "PUT"},
    {"method": "DELETE"},
    {"method": "PATCH"},
    {"method": "POST", "headers": {"X-HTTP-Method-Override": "DELETE"}},
    {"method": "GET"},
    {"method": "GET", "mode": "no-cors", "destination": "script"},
    {"method": "GET", "mode": "no-cors", "destination": "image"},
]


@pytest.mark.parametrize("page", [SIBLING, STRANGER], ids=["sibling", "stranger"])
@pytest.mark.parametrize("attack", ATTACKS, ids=str)
async def test_b1_b3_another_origin_neither_changes_nor_reads_anything(
    whole: Whole, browser: SiteBrowser, attack: dict[str, Any], page: str
) -> None:
    heard = len(whole.upstream.requests)
    # A sibling is of the same site: the browser sends the Strict cookie along, and only the origin tells.
    assert (await browser.fetch(LIST, page=page, **attack)).status == 403
    assert len(whole.upstream.requests) == heard
    assert await works(browser)


@pytest.mark.parametrize("page", [SIBLING, STRANGER], ids=["sibling", "stranger"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_b3_the_origin_alone_is_enough_where_a_browser_has_no_fetch_metadata(
    whole: Whole, browser: SiteBrowser, method: str, page: str
) -> None:
    heard = len(whole.upstream.requests)
    for path in ("/clusters/main/api/v1/pods", "/api/session"):
        assert (await browser.fetch(f"{APP}{path}", page=page, method=method, metadata=False)).status == 403
    assert len(whole.upstream.requests) == heard
    assert await works(browser)


async def test_b4_a_sibling_cannot_toss_a_session_cookie(browser: SiteBrowser) -> None:
    planted = f"{SESSION_COOKIE}={'A' * 64}; Domain=example.com; Path=/; Secure"
    assert not browser.set_cookie(SIBLING, planted)
    for name in ("headlamp", "headlamp-443", "Headlamp", "__Secure-headlamp"):
        assert browser.set_cookie(SIBLING, f"{name}={'A' * 64}; Domain=example.com; Path=/; Secure")
        assert name in browser.held(APP)
    assert await works(browser)


async def test_b4_a_tossed_cookie_of_somebody_elses_session_signs_nobody_in(whole: Whole) -> None:
    """Fixation: the attacker's own session, planted under every name that a sibling can set."""
    async with SiteBrowser({"app.example.com": whole.running.port}) as attacker:
        await sign_in(attacker)
        value = attacker.jar[0].value
    async with SiteBrowser({"app.example.com": whole.running.port}) as victim:
        for name in ("headlamp", "headlamp-443", "__Secure-headlamp"):
            victim.set_cookie(SIBLING, f"{name}={value}; Domain=example.com; Path=/; Secure")
        assert not await works(victim)
        whole.idp.user = "bob"
        await sign_in(victim)
        # A new session, and not the attacker's with another person in it.
        assert [cookie.value for cookie in victim.jar if cookie.name == SESSION_COOKIE] != [value]
        assert "bob" in (await victim.fetch(f"{APP}/clusters/main/me", page=f"{APP}/")).text


async def test_b4_a_browser_without_prefixes_gets_no_session_from_two_cookies(browser: SiteBrowser) -> None:
    # As if a sibling had set it: without the rule of the prefix both would be sent, in an order that nobody knows.
    browser.jar.insert(0, replace(browser.jar[0], value="A" * 64, domain="example.com", below=True))
    assert browser.held(APP) == [SESSION_COOKIE] * 2
    assert not await works(browser)


@pytest.mark.parametrize("path", ["/logout", "/api/session", "/api/logout", "/signed-out", "/oidc-callback?state=x"])
@pytest.mark.parametrize("page", [SIBLING, STRANGER], ids=["sibling", "stranger"])
async def test_b8_an_image_or_a_link_ends_no_session(browser: SiteBrowser, path: str, page: str) -> None:
    await browser.fetch(f"{APP}{path}", page=page, mode="no-cors", destination="image")
    await browser.fetch(f"{APP}{path}", page=page, mode="navigate", destination="iframe")
    assert await works(browser)
    await browser.navigate(f"{APP}{path}", page=page)
    assert await works(browser)


async def test_b8_a_form_elsewhere_ends_no_session(browser: SiteBrowser) -> None:
    for path in ("/api/session", "/oidc", "/signed-out"):
        landed = await browser.navigate(f"{APP}{path}", page=STRANGER, form={"_method": "DELETE"})
        assert landed.status in (403, 405)
    assert await works(browser)
