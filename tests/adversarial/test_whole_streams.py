"""Streams of the whole server: who may open one, what goes along, and when it ends (B6, C1 to C5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from tests.adversarial.relying_party import Clock
from tests.support.routes import example
from tests.support.whole import Browser, Whole, whole_server

from headlamp.app import POLICIES

EXEC = "/clusters/main/api/v1/namespaces/shop/pods/web-1/exec?command=sh&stdin=1"
LOG = "/clusters/main/api/v1/namespaces/shop/pods/web-1/log?follow=1"
LIST = "/clusters/main/api/v1/pods"
TOKEN = "base64url.bearer.authorization.k8s.io.c3RvbGVu"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        running.upstream.handler = terminal_or_log
        yield running


async def terminal_or_log(request: web.Request) -> web.StreamResponse:
    """An API server's exec that echoes, and a log that says a line and then waits."""
    if "Upgrade" in request.headers:
        socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io",))
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(message.data if message.type is aiohttp.WSMsgType.BINARY else b"text")
        return socket
    if "follow" not in request.query:
        return web.json_response({"kind": "PodList", "items": []})
    answer = web.StreamResponse()
    await answer.prepare(request)
    await answer.write(b"a line\n")
    await asyncio.Event().wait()
    return answer


def ours(whole: Whole) -> dict[str, str]:
    return {"Origin": whole.url}


async def until_closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """Read on until the socket is closed; its close code."""
    async with asyncio.timeout(30):
        while not socket.closed:
            await socket.receive()
    return socket.close_code


async def sign_out(browser: Browser) -> None:
    assert (await browser.request("DELETE", "/api/session", headers=ours(browser.whole))).status == 200


async def test_b6_a_sign_out_in_one_tab_ends_terminal_log_and_rows_of_the_other(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
        async with (
            browser.http.ws_connect(f"{whole.url}{EXEC}", headers=ours(whole)) as terminal,
            browser.http.ws_connect(f"{whole.url}/api/live", headers=ours(whole)) as rows,
            browser.http.get(f"{whole.url}{LOG}") as log,
        ):
            await terminal.send_bytes(b"\x00ls")
            assert (await terminal.receive_bytes()) == b"\x00ls"
            assert await log.content.readline() == b"a line\n"
            await sign_out(browser)
            assert await until_closed(terminal) == 4401
            assert await until_closed(rows) == 4401
            async with asyncio.timeout(30):
                with contextlib.suppress(aiohttp.ClientPayloadError):
                    assert await log.content.read() == b""
        for path in (EXEC, LIST, LOG, "/api/access?cluster=main"):
            assert (await browser.get(path, headers={"Cookie": cookie})).status == 401
        session = await browser.get("/api/session", headers={"Cookie": cookie})
        # What would show the sign-in page clears the cookie.
        assert "Max-Age=0" in session.headers["Set-Cookie"]
        assert (await session.json())["signed_in"] is False


ORIGINS = [
    "https://evil.example",
    "null",
    "http://localhost:1",
    "http://sub.localhost:{port}",
    "http://[::1]:{port}",
    "http://127.0.0.1:{port}",
    None,
]


@pytest.mark.parametrize("path", [EXEC, "/api/live"])
@pytest.mark.parametrize("origin", ORIGINS)
async def test_c1_no_other_origin_opens_a_stream(whole: Whole, path: str, origin: str | None) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        heard = len(whole.upstream.requests)
        headers = {} if origin is None else {"Origin": origin.format(port=whole.running.port)}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await browser.http.ws_connect(f"{whole.url}{path}", headers=headers)
        assert refused.value.status == 403
        assert len(whole.upstream.requests) == heard


async def test_c2_a_token_in_the_query_or_among_the_protocols_opens_nothing(whole: Whole) -> None:
    async with whole.browser() as nobody:
        for path in (f"{EXEC}&access_token=stolen&token=stolen&authorization=Bearer+stolen", "/api/live?token=stolen"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await nobody.http.ws_connect(f"{whole.url}{path}", headers=ours(whole), protocols=(TOKEN,))
            assert refused.value.status == 401
    assert whole.upstream.requests == []


async def test_c2_of_the_protocols_that_a_client_offers_those_that_are_known_are_passed_on(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        offered = (TOKEN, "made-up", "v5.channel.k8s.io")
        async with browser.http.ws_connect(f"{whole.url}{EXEC}", headers=ours(whole), protocols=offered) as socket:
            assert socket.protocol == "v5.channel.k8s.io"
    assert whole.upstream.last.values("Sec-WebSocket-Protocol") == ["v5.channel.k8s.io"]


async def test_c3_every_route_judges_an_upgrade_as_it_judges_a_request(whole: Whole) -> None:
    """Nobody gets an upgrade anywhere without being signed in, and no page of another site with it either."""
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    async with whole.browser() as browser:
        await browser.sign_in()
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    heard = len(whole.upstream.requests)
    asked = 0
    async with whole.browser() as stranger:
        for route, policy in whole.running.app[POLICIES]:
            if route.method not in ("GET", "*") or route.resource is None:
                continue
            path = example(route.resource.canonical)
            asked += 1
            nobody = await stranger.get(path, headers=upgrade | ours(whole))
            assert nobody.status != 101, path
            if policy.name in ("CLUSTER", "SESSION_API"):
                assert nobody.status == 401, path
            if not policy.is_page and policy.name not in ("PROBE", "BACKCHANNEL"):
                foreign = await stranger.get(path, headers=upgrade | {"Cookie": cookie, "Origin": "https://evil.test"})
                assert foreign.status == 403, path
    assert asked > 10
    assert len(whole.upstream.requests) == heard


async def test_c4_somebody_whom_the_provider_removed_loses_their_streams_at_the_next_renewal(tmp_path: Path) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        whole.upstream.handler = terminal_or_log
        await browser.sign_in()
        async with browser.http.ws_connect(f"{whole.url}{EXEC}", headers=ours(whole)) as terminal:
            await terminal.send_bytes(b"\x00ls")
            await terminal.receive_bytes()
            whole.idp.revoke_refresh_tokens()
            clock.seconds += whole.idp.id_token_ttl + 120
            # Any request, or the next round of renewals, finds out.
            assert (await browser.get(LIST)).status == 401
            async with asyncio.timeout(30):
                while not terminal.closed:
                    await terminal.receive()
            assert terminal.close_code == 4401


async def test_c5_a_frame_of_64_mb_closes_the_stream_and_reaches_no_cluster(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        for path in (EXEC, "/api/live"):
            async with browser.http.ws_connect(f"{whole.url}{path}", headers=ours(whole)) as socket:
                with contextlib.suppress(aiohttp.ClientConnectionError, ConnectionError):
                    await socket.send_bytes(b"x" * (64 * 1024 * 1024))
                async with asyncio.timeout(60):
                    while not socket.closed:
                        await socket.receive()
                assert socket.close_code in (1009, 1006)
        assert (await browser.get(LIST)).status == 200


async def test_c5_a_flood_of_pings_is_answered_and_nothing_piles_up(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with browser.http.ws_connect(f"{whole.url}{EXEC}", headers=ours(whole), autoping=False) as socket:
            for _ in range(20):
                for _ in range(100):
                    await socket.ping(b"x" * 100)
                for _ in range(100):
                    assert (await socket.receive()).type is aiohttp.WSMsgType.PONG
            await socket.send_bytes(b"\x00ls")
            assert (await socket.receive_bytes()) == b"\x00ls"


@pytest.fixture
def _short_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headlamp.web.live.HEARTBEAT_S", 0.2)


@pytest.mark.usefixtures("_short_heartbeat")
async def test_c5_a_half_open_socket_of_live_rows_is_let_go(whole: Whole) -> None:
    """A browser that has vanished answers no ping: its connection, and the watches behind it, must not stay."""
    async with whole.browser() as browser:
        await browser.sign_in()
        async with browser.http.ws_connect(f"{whole.url}/api/live", headers=ours(whole), autoping=False) as socket:
            async with asyncio.timeout(30):
                while not socket.closed:
                    message = await socket.receive()
                    if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                        break
            assert socket.close_code in (1006, 1011, None)
