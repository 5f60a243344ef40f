"""A body on its way up: whoever stops sending it does not keep a connection to the cluster for ever."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web
from tests.support.upstream import RecordingUpstream
from tests.unit.proxy.conftest import Front

from headlamp.proxy import lifetime, upload

PATH = "/clusters/one/api/v1/namespaces/a/pods"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "SILENCE_S", 0.3)


class Sender:
    """A client that says three bytes of a body of six, and the rest when it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def begin(cls, front: Front, path: str) -> Sender:
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc"
        writer.write(head.encode())
        return cls(reader, writer)

    def end(self) -> None:
        self._writer.write(b"def")

    async def head(self) -> bytes:
        """The answer's head."""
        async with asyncio.timeout(30):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def answer(self, head: bytes = b"") -> bytes:
        """Head, unless it has been read, and body; the server listens on for a while after them."""
        try:
            head = head or await self.head()
            async with asyncio.timeout(30):
                length = re.search(rb"\r\nContent-Length: (\d+)\r\n", head)
                assert length is not None
                return head + await self._reader.readexactly(int(length[1]))
        finally:
            self._writer.close()


@pytest.fixture
async def echoing(upstream: RecordingUpstream) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await request.read())

    upstream.handler = echo


@pytest.mark.usefixtures("echoing")
async def test_h1_a_sender_who_falls_silent_is_told_so_and_given_up(front: Front) -> None:
    silent = await Sender.begin(front, PATH)
    answer = await silent.answer()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"proxy.body_stalled" in answer
    async with front.client.post(front.url + "/x", data=b"whole") as other:
        assert await other.read() == b"whole"


@pytest.mark.usefixtures("echoing")
async def test_what_goes_through_to_a_pod_may_be_silent_for_as_long_as_it_likes(front: Front) -> None:
    front.options = {"allow_proxy_subresource": True}
    patient = await Sender.begin(front, f"{PATH}/web/proxy/upload")
    silent = await Sender.begin(front, PATH)
    assert b" 408 " in await silent.answer()
    patient.end()
    answer = await patient.answer()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"abcdef")


async def test_a_cluster_that_takes_long_is_not_a_sender_who_is_silent(
    front: Front, upstream: RecordingUpstream
) -> None:
    go = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not request.path.endswith("/other"):
            await go.wait()
        return web.Response(body=body)

    upstream.handler = slow
    waiting = asyncio.create_task(front.client.post(front.url + "/x", data=b"whole"))
    silent = await Sender.begin(front, PATH + "/other")
    assert b" 408 " in await silent.answer()
    go.set()
    async with await waiting as answer:
        assert answer.status == 200
        assert await answer.read() == b"whole"


async def test_an_answer_that_comes_before_the_body_has_ended_comes_whole(
    front: Front, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "SILENCE_S", 60.0)
    monkeypatch.setattr(lifetime, "LOOK_EVERY", 0.01)
    go = asyncio.Event()

    async def early(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "8"})
        await answer.prepare(request)
        await answer.write(b"ok")
        await go.wait()
        await answer.write(b"okokok")
        return answer

    upstream.handler = early
    sender = await Sender.begin(front, PATH)
    head = await sender.head()
    # The answer has begun, and from here on the sender has been silent for too long.
    monkeypatch.setattr(upload, "SILENCE_S", 0.0)
    await asyncio.sleep(0.1)
    go.set()
    answer = await sender.answer(head)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"okokokok")
