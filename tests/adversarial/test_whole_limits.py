"""The whole server under things that are too large, too many, too slow or broken (H1, H2, H4)."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.adversarial.deviations import Deviations
from tests.adversarial.faults import gzip_bomb
from tests.adversarial.relying_party import Clock
from tests.support.whole import Browser, Whole, whole_server

from headlamp.oidc.http import TIMEOUT

LIST = "/clusters/main/api/v1/pods"
HUGE = 200_000_000


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        yield running


@contextmanager
def at_most(mebibytes: float) -> Iterator[None]:
    """What is done inside may hold no more memory than that at once, the test's own part included."""
    gc.collect()
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < mebibytes * 1024 * 1024


async def status_of(whole: Whole, head: bytes) -> int:
    """The status of a request that no client library would send; 0 when the connection is closed instead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", whole.running.port)
    try:
        writer.write(head)
        await writer.drain()
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except ConnectionError:
        return 0
    finally:
        writer.close()


@pytest.mark.parametrize("header", ["Cookie", "Authorization", "Sec-WebSocket-Protocol", "X-Anything"])
async def test_h1_a_header_of_a_megabyte_is_refused(whole: Whole, header: str) -> None:
    port = whole.running.port
    for path in ("/", LIST, "/api/live"):
        head = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{header}: headlamp-{port}={'A' * 1_000_000}\r\n\r\n"
        assert await status_of(whole, head.encode()) in (0, 400, 431)
    async with whole.browser() as browser:
        assert (await browser.sign_in()).status == 303


async def test_h1_a_hundred_thousand_query_parameters_are_refused(whole: Whole) -> None:
    query = "&".join(f"a{n}=1" for n in range(100_000))
    head = f"GET /oidc-callback?{query} HTTP/1.1\r\nHost: localhost:{whole.running.port}\r\n\r\n"
    assert await status_of(whole, head.encode()) in (0, 400, 414)
    async with whole.browser() as browser:
        await browser.sign_in()
        heard = len(whole.upstream.requests)
        most = "&".join(f"a{n}=1" for n in range(1_500))
        assert (await browser.get(f"{LIST}?{most}")).status == 200
        assert len(whole.upstream.requests) == heard + 1


@pytest.mark.parametrize(
    "body",
    [b'{"token": "' + b"A" * 1_000_000 + b'"}', b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"}" * 10_000],
    ids=["1 MB token", "deep list", "deep object"],
)
async def test_h1_a_body_that_is_too_large_or_too_deep_is_refused_in_words(whole: Whole, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "Origin": whole.url}
    async with whole.browser() as browser:
        with at_most(16):
            answer = await browser.request("POST", "/clusters/main/set-token", data=body, headers=headers)
        assert answer.status in (400, 413)
        assert (await answer.json(content_type=None))["message"]
        assert browser.cookies() == {} or all(not value for value in browser.cookies().values())


async def test_h1_an_id_token_just_below_a_megabyte_works_and_one_above_it_is_told_as_such(whole: Whole) -> None:
    async with whole.browser() as browser:
        whole.idp.people["alice"]["groups"] = ["x" * 600_000]
        assert (await browser.sign_in()).status == 303
        assert (await browser.get(LIST)).status == 200
        whole.idp.people["alice"]["groups"] = ["x" * 900_000]
        address = await browser.callback_address("/")
        answer = await browser.get(address, headers={"Accept": "text/html"})
        assert (answer.status, answer.headers["X-Headlamp-Code"]) == (400, "oidc.token_too_large")


@pytest.mark.parametrize("endpoint", ["discovery", "jwks", "token", "userinfo"])
async def test_h1_a_compressed_bomb_of_the_provider_is_not_unpacked(whole: Whole, endpoint: str) -> None:
    whole.idp.deviations = Deviations(bomb={endpoint: HUGE})
    async with whole.browser() as browser:
        with at_most(32):
            start = await browser.get("/oidc?cluster=main&return_to=/")
            if start.status == 302:
                agreed = await browser.get(start.headers["Location"])
                start = await browser.get(agreed.headers["Location"])
        # Without UserInfo the page knows less, and that is all.
        assert start.status == (303 if endpoint == "userinfo" else 502)


@pytest.mark.parametrize("path", [LIST, "/api/session", "/api/access?cluster=main"])
async def test_h1_a_compressed_bomb_of_the_cluster_is_not_unpacked(whole: Whole, path: str) -> None:
    async def bomb(_: web.Request) -> web.StreamResponse:
        return gzip_bomb(HUGE)

    async with whole.browser() as browser:
        await browser.sign_in()
        whole.upstream.handler = bomb
        with at_most(32):
            async with browser.http.get(f"{whole.url}{path}", auto_decompress=False) as answer:
                await answer.read()
                # Passed on as it came, or an answer of ours that says that nothing could be read.
                assert answer.status < 600
        whole.upstream.handler = deep
        assert (await browser.get(path)).status < 600
        assert (await browser.get("/healthz")).status == 200


async def deep(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b'{"a":' * 10_000 + b"}" * 10_000, content_type="application/json")


async def test_h2_a_flood_of_sign_ins_leaves_nothing_on_the_server(whole: Whole) -> None:
    """Sign-ins under way live in the browser; there is no limiter whose state a restart could lose."""

    async def flood(count: int) -> None:
        for _ in range(count):
            async with browser.http.get(f"{whole.url}/oidc?cluster=main", allow_redirects=False) as answer:
                assert answer.status == 302
            async with browser.http.get(f"{whole.url}/oidc-callback?state=made-up&code=x") as answer:
                assert answer.status == 400
            browser.http.cookie_jar.clear()

    async with whole.browser() as browser:
        await flood(100)
        gc.collect()
        tracemalloc.start()
        try:
            await flood(50)
            # What they leave behind, they leave behind each time; what else the process does comes and goes.
            grown = [await growth(flood(300)) for _ in range(3)]
        finally:
            tracemalloc.stop()
        # Less than a hundred bytes for each: no state, nonce or verifier of them is kept.
        assert min(grown) < 300 * 100
        assert (await browser.sign_in()).status == 303


async def growth(doing: Awaitable[None]) -> int:
    """By how many traced bytes more there are when something is done."""
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    await doing
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return after - before


BROKEN = [
    Deviations(slow={"token": 10 * TIMEOUT}),
    Deviations(status={"token": (500, {})}),
    Deviations(status={"token": (503, {})}),
    Deviations(body={"token": b""}),
    Deviations(body={"token": b"<html><body>maintenance</body></html>"}),
    Deviations(reset=("token",)),
    Deviations(redirect={"token": "https://maintenance.example/"}),
]


@pytest.mark.parametrize("deviations", BROKEN, ids=["slow", "500", "503", "empty", "HTML", "reset", "redirect"])
async def test_h4_a_provider_that_fails_takes_nothing_from_anybody_while_their_token_lasts(
    tmp_path: Path, deviations: Deviations
) -> None:
    clock = Clock()
    async with whole_server(tmp_path, now=clock) as whole, whole.browser() as browser:
        await browser.sign_in()
        await browser.get(LIST)
        whole.idp.deviations = deviations
        # Renewal is due, and the token is good for another minute.
        clock.seconds += whole.idp.id_token_ttl - 60
        # Nobody waits until the server gives the provider up.
        async with asyncio.timeout(0.9 * TIMEOUT):
            assert [(await browser.get(LIST)).status for _ in range(3)] == [200] * 3
        session = await (await browser.get("/api/session")).json()
        assert session["signed_in"] is True
        assert await _ended_well(whole, browser, clock, deviations)


async def _ended_well(whole: Whole, browser: Browser, clock: Clock, deviations: Deviations) -> bool:
    """Past the token's end nothing is forwarded; when the provider is back, the same session goes on."""
    if deviations.slow:
        # The call is still under way, and the server's end would wait for it.
        await whole.idp.stop()
        return True
    clock.seconds += 200
    heard = len(whole.upstream.requests)
    refused: Any = await browser.get(LIST)
    assert refused.status in (401, 502, 503)
    assert len(whole.upstream.requests) == heard
    whole.idp.deviations = Deviations()
    clock.seconds += 120
    return (await browser.get(LIST)).status == 200
