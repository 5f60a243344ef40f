"""What holds for every route of the whole server, whichever come later (B2, B9, C3, E1, E2, E4, E5, E7, F4, F6)."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.adversarial.relying_party import Clock
from tests.support.routes import every_route
from tests.support.whole import Browser, Whole, whole_server

from headlamp.settings import Settings
from headlamp.web.policy import Policy

LIST = "/clusters/main/api/v1/pods"
# Requests that end a session or begin another one are no part of a walk through the routes.
LEAVING = {("DELETE", "/api/session"), ("GET", "/oidc"), ("GET", "/oidc-initiate"), ("GET", "/oidc-callback")}
LEAVING |= {("POST", "/oidc-initiate"), ("POST", "/clusters/main/set-token")}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


def cookie_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items())}


@pytest.mark.parametrize("relation", ["cross-site", "same-site"])
async def test_b2_no_api_answers_another_sites_page_whatever_the_method(whole: Whole, relation: str) -> None:
    asked = 0
    async with whole.browser() as browser:
        await browser.sign_in()
        heard = len(whole.upstream.requests)
        for method, path, policy in every_route(whole.running):
            if policy.is_page or policy in (Policy.PROBE, Policy.BACKCHANNEL):
                continue
            asked += 1
            for mode in ("cors", "no-cors", "navigate"):
                headers = {"Sec-Fetch-Site": relation, "Sec-Fetch-Mode": mode}
                answer = await browser.request(method, path, headers=headers)
                assert answer.status == 403, (method, path, mode)
        assert asked > 8
        assert len(whole.upstream.requests) == heard
        assert (await browser.get(LIST)).status == 200


async def test_b9_every_answer_of_every_route_has_the_headers_that_guard_it(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        for method, path, policy in every_route(whole.running):
            if (method, path) in LEAVING:
                continue
            headers = (await browser.request(method, path)).headers
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert headers["Referrer-Policy"] == "no-referrer", path
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
            assert headers["X-Frame-Options"] == "DENY", path
            assert "unsafe-inline" not in headers["Content-Security-Policy"], path
            if policy.is_personal:
                assert headers.getall("Cache-Control") == ["no-store"], path
            assert sum(len(name) + len(value) + 4 for name, value in headers.items()) < 3072, path


async def test_e1_e2_two_people_on_every_route_are_told_about_themselves_alone(whole: Whole) -> None:
    """Interleaved, with an API server that says whose bearer it got; other kinds of the same name, other queries."""
    async with whole.browser() as alice, whole.browser() as bob, whole.browser() as nobody:
        await alice.sign_in("alice")
        await bob.sign_in("bob")
        bearers = {}
        for name, browser in (("alice", alice), ("bob", bob)):
            bearers[name] = json.loads(await (await browser.get(LIST)).text())["bearer"]
        walk = [path for method, path, _ in every_route(whole.running) if method == "GET"]
        walk = [path for path in walk if ("GET", path) not in LEAVING]
        walk += [f"/clusters/main/api/v1/namespaces/a/{kind}/same" for kind in ("pods", "secrets", "configmaps")]
        walk += [f"{LIST}?limit={limit}" for limit in (1, 2)]
        for path in walk:
            for name, browser, other in (("alice", alice, "bob"), ("bob", bob, "alice"), ("alice", alice, "bob")):
                text = await (await browser.get(path)).text()
                assert bearers[other].removeprefix("Bearer ") not in text, path
                assert f"{other}@example.com" not in text, path
                if path.startswith("/clusters/main/api/"):
                    assert json.loads(text)["bearer"] == bearers[name], path
            heard = len(whole.upstream.requests)
            told = await (await nobody.get(path)).text()
            assert "alice" not in told, path
            assert "bob" not in told, path
            assert len(whole.upstream.requests) == heard, path


async def test_e3_a_hundred_requests_at_once_keep_their_own_bearers(whole: Whole) -> None:
    async with whole.browser() as alice, whole.browser() as bob:
        await alice.sign_in("alice")
        await bob.sign_in("bob")
        own = [json.loads(await (await browser.get(LIST)).text())["bearer"] for browser in (alice, bob)]
        assert own[0] != own[1]
        answers = await asyncio.gather(
            *(browser.get(f"{LIST}?n={number}") for number in range(50) for browser in (alice, bob))
        )
        assert [json.loads(await answer.text())["bearer"] for answer in answers] == own * 50


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "headlamp-{port}=" + "A" * 64},
        {"Cookie": "headlamp-{port}="},
        {"Authorization": "Bearer stolen"},
        {"KUBECONFIG": "e30="},
        {"X-HEADLAMP-KUBECONFIG": "e30="},
        {"X-HEADLAMP-USER-ID": "alice"},
        {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"},
        {"Impersonate-User": "admin"},
    ],
    ids=str,
)
async def test_e4_no_cluster_route_lets_anybody_through(whole: Whole, headers: dict[str, str]) -> None:
    sent = {name: value.format(port=whole.running.port) for name, value in headers.items()}
    async with whole.browser() as nobody:
        for method, path, policy in every_route(whole.running):
            if policy in (Policy.CLUSTER, Policy.SESSION_API):
                answer = await nobody.request(method, path, headers=sent)
                assert answer.status == 401, (method, path)
    assert whole.upstream.requests == []


@pytest.mark.parametrize("over", ["ttl", "idle"])
async def test_e4_a_cookie_of_a_session_that_is_over_lets_nobody_through(tmp_path: Path, over: str) -> None:
    clock = Clock()
    limits: dict[str, Any] = (
        {"session_ttl": 600, "session_idle_timeout": 7200} if over == "ttl" else {"session_idle_timeout": 600}
    )
    async with whole_server(tmp_path, now=clock, **limits) as whole, whole.browser() as browser:
        await browser.sign_in()
        cookie = cookie_of(browser)
        clock.seconds += 601
        heard = len(whole.upstream.requests)
        for path in (LIST, "/api/access?cluster=main"):
            assert (await browser.get(path, headers=cookie)).status == 401
        assert len(whole.upstream.requests) == heard


@pytest.mark.parametrize(
    "value",
    [
        " Bearer stolen",
        "Bearer  stolen",
        "Bearer stolen, Bearer stolen",
        "bearer stolen",
        "BEARER stolen",
        "Bearer\tstolen",
        "Basic c3RvbGVu",
        "stolen",
    ],
)
async def test_e5_no_spelling_of_a_bearer_is_passed_on_with_a_session_or_without(whole: Whole, value: str) -> None:
    async with whole.browser() as browser, whole.browser() as nobody:
        assert (await nobody.get(LIST, headers={"Authorization": value})).status == 401
        assert whole.upstream.requests == []
        await browser.sign_in()
        await browser.get(LIST, headers={"Authorization": value})
        (sent,) = whole.upstream.last.values("Authorization")
        assert "stolen" not in sent
        assert "c3RvbGVu" not in sent


async def test_e5_a_bearer_with_a_line_break_is_refused_before_anybody_reads_it(whole: Whole) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", whole.running.port)
    head = f"GET {LIST} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer stolen\n X-Remote-User: admin\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode())
    assert int((await reader.readline()).split()[1]) in (400, 401)
    writer.close()
    await writer.wait_closed()
    assert whole.upstream.requests == []


async def test_e7_no_route_tells_a_token_a_secret_a_ca_or_another_session(whole: Whole) -> None:
    async with whole.browser() as alice, whole.browser() as bob:
        await alice.sign_in("alice")
        await bob.sign_in("bob")
        # An API server that does not echo: whatever shows now, we have said.
        whole.upstream.handler = nothing
        issued = [seen for seen in whole.idp.seen if seen.endpoint == "token"]
        secrets = [str(whole.idp.client_secret), "kubeconfig-token"]
        secrets += [value for browser in (alice, bob) for value in browser.cookies().values() if value]
        secrets += [seen.form["code_verifier"] for seen in issued] + [seen.form["code"] for seen in issued]
        secrets += [grant.refresh_token for grant in whole.idp.grants.all]
        secrets += whole.idp.grants.access_tokens()
        secrets += [line for line in whole.upstream.authority.pem.splitlines() if not line.startswith("-----")]
        await bob.get(LIST)
        bearer = whole.upstream.last.values("Authorization")[0].removeprefix("Bearer ")
        secrets += [bearer, bearer.rpartition(".")[2]]
        for method, path, _ in every_route(whole.running):
            if (method, path) in LEAVING:
                continue
            for accept in ("application/json", "text/html"):
                answer = await alice.request(method, path, headers={"Accept": accept})
                told = await answer.text() + str(dict(answer.headers))
                assert [secret for secret in secrets if secret in told] == [], (method, path)
                assert "bob" not in told, (method, path)


async def nothing(_: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
    return aiohttp.web.json_response({})


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "%2e%2e",
        "main%2f..%2fmain",
        "main%2fapi",
        "main@evil.example",
        "main%40evil.example",
        "evil.example",
        "127.0.0.1:1",
        "https:%2f%2fevil.example",
        "main%5cx",
        "main\\x",
        "main%0d%0aX-Evil:%201",
        "main%00",
        "MAIN",
    ],
)
async def test_f4_only_the_name_of_a_configured_cluster_leads_anywhere(whole: Whole, name: str) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        heard = len(whole.upstream.requests)
        reader, writer = await asyncio.open_connection("127.0.0.1", whole.running.port)
        head = f"GET /clusters/{name}/api/v1/pods HTTP/1.1\r\nHost: localhost:{whole.running.port}\r\n"
        writer.write(f"{head}Cookie: {cookie_of(browser)['Cookie']}\r\nConnection: close\r\n\r\n".encode())
        status = int((await reader.readline()).split()[1])
        writer.close()
        await writer.wait_closed()
        assert status in (400, 404)
        assert len(whole.upstream.requests) == heard


@pytest.mark.parametrize(
    "path",
    [
        "/externalproxy",
        "/externalproxy?url=https://evil.example",
        "/proxy/https://evil.example",
        "/drain-node",
        "/portforward",
        "/wsMultiplexer",
        "/cluster",
        "/parseKubeConfig",
        "/plugins/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%5capp.py",
        "/static/pages.css%00.html",
        "/static//etc/passwd",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_f6_nothing_fetches_for_others_and_nothing_outside_the_page_is_a_file(
    whole: Whole, method: str, path: str
) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        headers: dict[str, Any] = {"Forward-To": "https://evil.example", "proxy-to": "https://evil.example"}
        answer = await browser.request(method, path, headers=headers)
        text = await answer.text()
        # An address of the page that means nothing shows the page itself, and no more.
        page = await (await browser.get("/")).text()
        assert answer.status in (400, 403, 404, 405) or (method == "GET" and text[:200] == page[:200])
        assert "root:" not in text
    assert whole.upstream.requests == []


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "203.0.113.7", "100.64.0.1", "169.254.1.1", "2001:db8::1", "::ffff:8.8.8.8"]
)
def test_f3c_no_address_outside_of_private_networks_is_trusted_by_default(address: str) -> None:
    trusted = Settings().trusted_proxies
    assert not [network for network in trusted if ipaddress.ip_address(address) in network]
    assert all(network.prefixlen > 0 for network in trusted)


async def test_f3c_what_an_untrusted_peer_forwards_counts_for_nothing(tmp_path: Path) -> None:
    async with whole_server(tmp_path, trusted_proxies=()) as whole, whole.browser() as browser:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "127.0.0.1"}
        start = await browser.get(
            "/oidc?cluster=main", headers=forwarded | {"Forwarded": "host=evil.example;proto=https"}
        )
        assert "evil" not in start.headers["Location"]
        assert "Secure" not in start.headers["Set-Cookie"]
        await browser.sign_in()
        await browser.get(LIST, headers=forwarded | {"X-Original-URL": "/x", "X-Real-IP": "1.2.3.4", "Proxy-To": "x"})
        assert not [name for name in whole.upstream.last.names if name.startswith(("x-", "forwarded", "proxy"))]
