"""Sign-in that another site starts (OpenID Connect Core 1.0, section 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from tests.support.whole import Browser, Whole, whole_server

NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


@pytest.fixture
async def browser(whole: Whole) -> AsyncIterator[Browser]:
    async with whole.browser() as browser:
        yield browser


def address(whole: Whole, **params: str) -> str:
    return f"/oidc-initiate?{urlencode({'iss': whole.idp.issuer, **params})}"


async def test_a_page_of_another_site_starts_a_sign_in_that_ends_where_it_says(whole: Whole, browser: Browser) -> None:
    target = f"{whole.url}/c/main/pods"
    start = await browser.get(address(whole, login_hint="bob", target_link_uri=target), headers=NAVIGATION)
    assert start.status == 302
    assert start.headers["Location"].startswith(f"{whole.idp.issuer}/authorize?")
    assert parse_qs(urlsplit(start.headers["Location"]).query)["login_hint"] == ["bob"]
    agreed = await browser.get(start.headers["Location"])
    done = await browser.get(agreed.headers["Location"])
    assert (done.status, done.headers["Location"]) == (303, "/c/main/pods")
    session = await (await browser.get("/api/session")).json()
    assert session["user"]["name"] == "bob"


async def test_a_form_of_another_site_does_the_same_and_keeps_the_sign_ins_under_way(
    whole: Whole, browser: Browser
) -> None:
    mine = await browser.callback_address("/c/main/nodes")
    form = {"iss": whole.idp.issuer, "target_link_uri": f"{whole.url}/c/main/pods", "login_hint": "bob"}
    # A browser leaves SameSite=Lax cookies out of another site's POST.
    posted = await browser.request(
        "POST", "/oidc-initiate", data=form, headers={**NAVIGATION, "Origin": "https://idp.example", "Cookie": ""}
    )
    assert posted.status == 303
    assert posted.headers["Location"] == f"/oidc-initiate?{urlencode(form)}"
    assert "Set-Cookie" not in posted.headers
    start = await browser.get(posted.headers["Location"], headers=NAVIGATION)
    agreed = await browser.get(start.headers["Location"])
    assert (await browser.get(agreed.headers["Location"])).headers["Location"] == "/c/main/pods"
    assert (await browser.get(mine)).headers["Location"] == "/c/main/nodes"


@pytest.mark.parametrize("iss", ["", "https://evil.example", "{issuer}/", "{issuer}/.", None])
async def test_an_issuer_that_nobody_signs_in_at_here_is_refused_without_a_word_about_ours(
    whole: Whole, browser: Browser, iss: str | None
) -> None:
    query = "" if iss is None else f"?iss={quote(iss.format(issuer=whole.idp.issuer), safe='')}"
    refused = await browser.get(f"/oidc-initiate{query}", headers=NAVIGATION)
    assert refused.status == 400
    assert refused.headers["X-Headlamp-Code"] == "oidc.unknown_issuer"
    body = await refused.text()
    assert whole.idp.issuer not in body
    assert "main" not in body
    assert "Set-Cookie" not in refused.headers
    assert whole.idp.seen == []


async def test_d1_to_d7_a_target_elsewhere_is_the_start_page(whole: Whole, browser: Browser) -> None:
    for target in ("https://evil.example/", "//evil.example", "/oidc?cluster=main", "javascript:alert(1)", ""):
        start = await browser.get(address(whole, target_link_uri=target), headers=NAVIGATION)
        agreed = await browser.get(start.headers["Location"])
        assert (await browser.get(agreed.headers["Location"])).headers["Location"] == "/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_b8_what_is_no_navigation_that_a_person_sees_starts_nothing(
    whole: Whole, browser: Browser, headers: dict[str, str], method: str
) -> None:
    options: dict[str, Any] = {"data": {"iss": whole.idp.issuer}} if method == "POST" else {}
    refused = await browser.request(method, address(whole), headers=headers, **options)
    assert refused.status == 403
    assert "Set-Cookie" not in refused.headers


@pytest.mark.parametrize("query", ["&iss=https://evil.example", "&login_hint=a&login_hint=b"])
async def test_a_parameter_that_comes_twice_is_refused(whole: Whole, browser: Browser, query: str) -> None:
    assert (await browser.get(address(whole) + query)).status == 400


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"x" * 10_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=%d" % n for n in range(100)), "application/x-www-form-urlencoded"),
        (b"iss=\xff", "application/x-www-form-urlencoded"),
        (b"iss=a&iss=b", "application/x-www-form-urlencoded"),
        (b"login_hint=" + b"%C3%A4" * 800, "application/x-www-form-urlencoded"),
        (b'{"iss": "x"}', "application/json"),
        (b"iss=x", "text/plain"),
    ],
)
async def test_h1_a_body_that_is_no_short_form_is_refused(browser: Browser, data: bytes, kind: str) -> None:
    refused = await browser.request("POST", "/oidc-initiate", data=data, headers={**NAVIGATION, "Content-Type": kind})
    assert refused.status == 400
    assert "Location" not in refused.headers


async def test_h1_the_detour_of_a_form_has_no_large_headers(browser: Browser) -> None:
    sizes = {}
    for length in (1500, 2500):
        answer = await browser.request("POST", "/oidc-initiate", data={"target_link_uri": f"/{'a' * length}"})
        sizes[answer.status] = sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
    assert sizes.keys() == {303, 400}
    assert max(sizes.values()) < 3000


async def test_wishes_go_from_the_address_of_a_sign_in_to_the_provider(whole: Whole, browser: Browser) -> None:
    start = await browser.get("/oidc?cluster=main&login_hint=bob&prompt=select_account&max_age=0&state=x")
    params = parse_qs(urlsplit(start.headers["Location"]).query)
    assert (params["login_hint"], params["prompt"]) == (["bob"], ["select_account"])
    assert "max_age" not in params
    assert params["state"] != ["x"]
    assert (await browser.get("/oidc?cluster=main&prompt=create")).status == 400


async def test_what_the_settings_ask_of_the_provider_is_in_every_request(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "oidc_prompt": "login",
        "oidc_login_hint": "@example.com",
        "oidc_max_age": 600,
        "oidc_extra_params": (("kc_idp_hint", "github"),),
    }
    async with whole_server(tmp_path, **settings) as whole, whole.browser() as browser:
        start = await browser.get("/oidc?cluster=main&prompt=none")
        params = parse_qs(urlsplit(start.headers["Location"]).query)
        assert (params["prompt"], params["max_age"]) == (["login"], ["600"])
        assert (params["login_hint"], params["kc_idp_hint"]) == (["@example.com"], ["github"])
