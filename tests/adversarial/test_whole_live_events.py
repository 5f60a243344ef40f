"""Live rows as server-sent events: the same messages, for those who may, and for nobody else (B6, C1 to C5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tests.support.api_server import SmallApiServer
from tests.support.events import message_of, next_event
from tests.support.whole import Browser, Whole, whole_server

EVENTS = {"Accept": "text/event-stream"}
JSON = {"Content-Type": "application/json"}
PODS = {"group": "", "version": "v1", "plural": "pods", "namespaced": True}
SUBSCRIBE = {"type": "subscribe", "id": 1, "cluster": "main", "resource": PODS, "namespaces": ["shop"]}


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    async with whole_server(tmp_path) as running:
        running.upstream.handler = SmallApiServer()
        yield running


@asynccontextmanager
async def opened(browser: Browser, *messages: dict[str, Any]) -> AsyncIterator[aiohttp.ClientResponse]:
    """A stream, opened with what the client has to say."""
    body = {"messages": list(messages)}
    async with (
        asyncio.timeout(30),
        browser.http.post(f"{browser.whole.url}/api/live", json=body, headers=EVENTS) as stream,
    ):
        assert stream.status == 200, await stream.text()
        yield stream


async def said(browser: Browser, stream: str, *messages: dict[str, Any]) -> aiohttp.ClientResponse:
    return await browser.request("POST", "/api/live", json={"stream": stream, "messages": list(messages)})


async def test_rows_come_as_events_to_whoever_subscribes_when_opening(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser, SUBSCRIBE) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            assert stream.headers["X-Accel-Buffering"] == "no"
            rows = await message_of(stream, "rows")
            assert [cells[0] for _, cells in rows["rows"]] == ["web-1", "web-2"]
            assert (await message_of(stream, "synced"))["count"] == 2


async def test_what_is_said_later_names_the_stream(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with asyncio.timeout(30), browser.http.get(f"{whole.url}/api/live", headers=EVENTS) as stream:
            hello = await message_of(stream, "hello")
            assert (await said(browser, hello["stream"], SUBSCRIBE)).status == 204
            assert (await message_of(stream, "synced"))["id"] == 1


async def test_a_large_message_comes_compressed_and_whole(whole: Whole) -> None:
    server = SmallApiServer()
    server.pods = [f"web-{number}" for number in range(500)]
    whole.upstream.handler = server
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser, SUBSCRIBE) as stream:
            name, message = await next_event(stream)
            while message["type"] != "rows":
                name, message = await next_event(stream)
            assert name == "gzip"
            assert [cells[0] for _, cells in message["rows"]] == server.pods


async def test_c1_a_stream_is_deaf_to_other_sessions(whole: Whole) -> None:
    async with whole.browser() as ann, whole.browser() as eve:
        await ann.sign_in()
        await eve.sign_in("bob")
        async with opened(ann) as stream:
            hello = await message_of(stream, "hello")
            answer = await said(eve, hello["stream"], SUBSCRIBE)
            assert answer.status == 404
            assert (await answer.json())["code"] == "live.unknown_stream"
            assert (await said(ann, hello["stream"], SUBSCRIBE)).status == 204
            await message_of(stream, "synced")


async def test_c1_nobody_opens_a_stream_without_a_session_or_from_another_site(whole: Whole) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with whole.browser() as browser:
        assert (await browser.get("/api/live", headers=EVENTS)).status == 401
        assert (await browser.request("POST", "/api/live", json={}, headers=EVENTS)).status == 401
        await browser.sign_in()
        assert (await browser.get("/api/live", headers=EVENTS | foreign)).status == 403
        assert (await browser.request("POST", "/api/live", json={}, headers=EVENTS | foreign)).status == 403
        form = await browser.request("POST", "/api/live", data={"messages": "[]"}, headers=EVENTS)
        assert form.status == 403


async def test_b6_a_stream_ends_with_its_session(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser, SUBSCRIBE) as stream:
            await message_of(stream, "synced")
            assert (await browser.request("DELETE", "/api/session", headers={"Origin": whole.url})).status == 200
            async with asyncio.timeout(30):
                assert (await message_of(stream, "signed_out"))["code"] == "session.ended"
                assert await next_event(stream) == ("close", {"code": 4401, "reason": "session.ended"})
                with pytest.raises(EOFError):
                    await next_event(stream)


async def test_c5_a_client_that_goes_leaves_nothing_behind(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser, SUBSCRIBE) as stream:
            hello = await message_of(stream, "hello")
            await message_of(stream, "synced")
            stream.close()
        async with asyncio.timeout(30):
            while (await said(browser, hello["stream"])).status != 404:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"messages": 1}', b'{"messages": [', b'{"stream": 5}', b'{"messages": ["\xff"]}', b"\xff"],
)
async def test_a_body_that_holds_no_messages_is_told_so(whole: Whole, body: bytes) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        answer = await browser.request("POST", "/api/live", data=body, headers=EVENTS | JSON)
        assert answer.status == 400
        assert (await answer.json())["code"] == "live.bad_body"


async def test_c5_a_client_that_says_more_than_a_stream_takes_is_refused(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser) as stream:
            hello = await message_of(stream, "hello")
            flood = await said(browser, hello["stream"], *[{"type": "unsubscribe", "id": 1}] * 3000)
            assert (flood.status, (await flood.json())["code"]) == (429, "live.too_many_messages")
            large = await browser.request("POST", "/api/live", data=b" " * 2_000_000, headers=EVENTS | JSON)
            assert large.status == 400
            assert (await said(browser, hello["stream"], SUBSCRIBE)).status == 204
            await message_of(stream, "synced")


async def test_a_message_that_is_too_large_ends_the_stream_with_its_reason(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        async with opened(browser, {**SUBSCRIBE, "cluster": "c" * 70_000}) as stream:
            assert (await message_of(stream, "error"))["code"] == "live.message_too_large"
            assert await next_event(stream) == ("close", {"code": 1009, "reason": "live.message_too_large"})


async def test_without_an_upgrade_and_without_asking_for_events_it_is_said_what_is_needed(whole: Whole) -> None:
    async with whole.browser() as browser:
        await browser.sign_in()
        answer = await browser.get("/api/live")
        assert answer.status == 426
        assert "text/event-stream" in (await answer.json())["remedy"]
