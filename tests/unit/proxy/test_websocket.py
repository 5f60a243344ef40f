"""WebSockets relayed to the cluster."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from tests.support.credentials import FixedCredential
from tests.support.upstream import Handler, RecordingUpstream
from tests.support.waiting import until
from tests.unit.proxy.conftest import Front

from headlamp.clusters.agent import user_agent
from headlamp.clusters.transport import MAX_MESSAGE
from headlamp.proxy import websocket

TOO_BIG = b"x" * (MAX_MESSAGE + 1)
EXEC = "/api/v1/namespaces/a/pods/p/exec?command=sh"


def serving(
    talk: Callable[[web.WebSocketResponse], Awaitable[object]], *protocols: str, max_msg_size: int = 0
) -> Handler:
    """A handler that upgrades and then does `talk`."""

    async def handler(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=protocols, max_msg_size=max_msg_size)
        await socket.prepare(request)
        await talk(socket)
        return socket

    return handler


async def echo(socket: web.WebSocketResponse) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        else:
            await socket.send_bytes(message.data)


async def test_text_and_binary_pass_both_ways_in_order(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = serving(echo)
    async with front.client.ws_connect(front.url + EXEC) as socket:
        for number in range(20):
            await socket.send_str(f"text {number}")
            await socket.send_bytes(b"\x00" + bytes([number]))
        for number in range(20):
            assert await socket.receive_str() == f"text {number}"
            assert await socket.receive_bytes() == b"\x00" + bytes([number])
    assert upstream.last.target == EXEC
    assert upstream.last.values("Authorization") == ["Bearer token-of-alice"]
    assert upstream.last.values("User-Agent") == [user_agent()]


async def test_f3_an_upgrade_carries_nothing_of_the_browser(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = serving(echo)
    headers = {"Cookie": "a=b", "Origin": "http://x", "Authorization": "Bearer b", "X-Remote-User": "root"}
    async with front.client.ws_connect(front.url + EXEC, headers=headers):
        pass
    assert upstream.last.names == {
        "host",
        "authorization",
        "user-agent",
        "upgrade",
        "connection",
        "sec-websocket-version",
        "sec-websocket-key",
        "origin",
    }
    assert upstream.last.values("Origin") == [upstream.url]


@pytest.mark.parametrize(
    ("offered", "supported", "selected"),
    [
        (["v5.channel.k8s.io", "v4.channel.k8s.io"], ["v5.channel.k8s.io", "v4.channel.k8s.io"], "v5.channel.k8s.io"),
        (["v5.channel.k8s.io", "v4.channel.k8s.io"], ["v4.channel.k8s.io"], "v4.channel.k8s.io"),
        (["base64.binary.k8s.io"], ["base64.binary.k8s.io"], "base64.binary.k8s.io"),
        (["base64.binary.k8s.io"], [], None),
        (["chat"], ["chat"], None),
        ([], ["v4.channel.k8s.io"], None),
    ],
)
async def test_the_protocol_that_the_cluster_selects_is_the_one_that_the_client_is_told(
    front: Front, upstream: RecordingUpstream, offered: list[str], supported: list[str], selected: str | None
) -> None:
    upstream.handler = serving(echo, *supported)
    async with front.client.ws_connect(front.url + EXEC, protocols=offered) as socket:
        assert socket.protocol == selected


async def test_c2_a_token_among_the_protocols_goes_nowhere(front: Front, upstream: RecordingUpstream) -> None:
    upstream.handler = serving(echo, "v4.channel.k8s.io")
    token = "base64url.bearer.authorization.k8s.io." + base64.urlsafe_b64encode(b"evil").decode().rstrip("=")
    async with front.client.ws_connect(front.url + EXEC, protocols=[token, "evil", "v4.channel.k8s.io"]) as socket:
        assert socket.protocol == "v4.channel.k8s.io"
    assert upstream.last.values("Sec-WebSocket-Protocol") == ["v4.channel.k8s.io"]


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 3000, 4999])
async def test_a_close_of_the_cluster_reaches_the_client(front: Front, upstream: RecordingUpstream, code: int) -> None:
    upstream.handler = serving(lambda socket: socket.close(code=code, message=b"because"))
    async with front.client.ws_connect(front.url + EXEC) as socket:
        message = await socket.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, code, "because")


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_a_close_of_the_client_reaches_the_cluster(front: Front, upstream: RecordingUpstream, code: int) -> None:
    closed: asyncio.Future[tuple[object, object]] = asyncio.get_running_loop().create_future()

    async def wait(socket: web.WebSocketResponse) -> None:
        message = await socket.receive()
        closed.set_result((message.data, message.extra))

    upstream.handler = serving(wait)
    async with front.client.ws_connect(front.url + EXEC) as socket:
        await socket.close(code=code, message=b"done")
    assert await asyncio.wait_for(closed, 30) == (code, "done")


async def test_a_client_that_vanishes_ends_the_connection_to_the_cluster(
    front: Front, upstream: RecordingUpstream
) -> None:
    ended = asyncio.Event()

    async def wait(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        ended.set()

    upstream.handler = serving(wait)
    socket = await front.client.ws_connect(front.url + EXEC)
    transport = socket.get_extra_info("socket") and socket._response.connection.transport  # type: ignore[union-attr]
    assert transport is not None
    transport.abort()
    await asyncio.wait_for(ended.wait(), 30)


async def test_a_cluster_that_vanishes_closes_the_client_with_1011(front: Front, upstream: RecordingUpstream) -> None:
    async def vanish(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return socket

    upstream.handler = vanish
    async with front.client.ws_connect(front.url + EXEC) as socket:
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1011)


async def test_b6_a_session_that_ends_closes_both_sides(front: Front, upstream: RecordingUpstream) -> None:
    ended = asyncio.Event()

    async def wait(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        ended.set()

    upstream.handler = serving(wait)
    assert isinstance(front.credential, FixedCredential)
    async with front.client.ws_connect(front.url + EXEC) as socket:
        front.credential.ended.set()
        async with asyncio.timeout(30):
            message = await socket.receive()
            assert (message.type, message.data) == (WSMsgType.CLOSE, 4401)
            await ended.wait()


async def test_b6_c5_it_does_so_even_for_a_client_that_does_not_read(front: Front, upstream: RecordingUpstream) -> None:
    ended = asyncio.Event()
    sent = 0

    async def flood(socket: web.WebSocketResponse) -> None:
        nonlocal sent
        try:
            while not socket.closed:
                await socket.send_bytes(b"x" * 100_000)
                sent += 1
        finally:
            ended.set()

    upstream.handler = serving(flood)
    assert isinstance(front.credential, FixedCredential)
    async with front.client.ws_connect(front.url + EXEC):
        await until(lambda: sent > 0)
        last = -1
        while last != sent:
            last = sent
            await asyncio.sleep(0.2)
        assert sent < 400  # 40 MB: what sockets of three processes' worth hold, and no more
        front.credential.ended.set()
        await asyncio.wait_for(ended.wait(), 30)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
async def test_f1_a_refusal_of_the_cluster_reaches_the_client_in_its_own_words(
    front: Front, upstream: RecordingUpstream, status: int
) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "message": "no"}, status=status, headers={"Set-Cookie": "a=b"})

    upstream.handler = refuse
    handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    answer = await front.raw_get("/clusters/one" + EXEC, *handshake, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    assert f" {status} ".encode() in answer.split(b"\r\n")[0]
    assert b'{"kind": "Status", "message": "no"}' in answer
    assert b"Set-Cookie" not in answer
    assert (b"X-Headlamp-Code: cluster.rejected" in answer) is (status == 401)


async def test_f1_a_refusal_of_a_megabyte_is_cut_at_64_kib(front: Front, upstream: RecordingUpstream) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403, body=b"x" * 2**20)

    upstream.handler = refuse
    handshake = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    answer = await front.raw_get("/clusters/one" + EXEC, *handshake, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    assert len(answer.partition(b"\r\n\r\n")[2]) == 64 * 1024


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_f1_f2_an_upgrade_that_is_redirected_ends_there(
    front: Front, upstream: RecordingUpstream, status: int
) -> None:
    async with RecordingUpstream(authority=upstream.authority) as other:
        other.handler = serving(echo)

        async def redirect(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": f"{other.url}/stolen"})

        upstream.handler = redirect
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await front.client.ws_connect(front.url + EXEC)
        assert refused.value.status == 502
        assert other.requests == []
        assert len(upstream.requests) == 1


async def test_f1_an_upgrade_that_is_answered_with_200_is_never_tunnelled(
    front: Front, upstream: RecordingUpstream
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.client.ws_connect(front.url + EXEC)
    assert refused.value.status == 502


@pytest.mark.parametrize(
    "answer",
    [
        b"\x81\x05hello" + b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: AAAA\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    ],
)
async def test_f1_bytes_before_101_and_faulty_handshakes_are_a_502(
    front: Front, upstream: RecordingUpstream, answer: bytes
) -> None:
    async def faulty(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(answer)
        await asyncio.sleep(0.05)
        request.transport.close()
        return web.Response()

    upstream.handler = faulty
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.client.ws_connect(front.url + EXEC)
    assert refused.value.status == 502


async def test_f1_a_101_that_nobody_asked_for_is_a_502(front: Front, upstream: RecordingUpstream) -> None:
    async def switch(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
        await asyncio.sleep(0.05)
        request.transport.close()
        return web.Response()

    upstream.handler = switch
    async with front.client.get(front.url + "/version") as answer:
        assert answer.status == 502


async def test_f9_g6_the_proxy_subresource_is_off_for_upgrades_too(front: Front, upstream: RecordingUpstream) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.client.ws_connect(front.url + "/api/v1/nodes/n/proxy/exec/x")
    assert refused.value.status == 403
    assert upstream.requests == []


async def test_e4_an_upgrade_without_a_credential_does_not_reach_the_cluster(
    front: Front, upstream: RecordingUpstream
) -> None:
    front.credential = None
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await front.client.ws_connect(front.url + EXEC)
    assert refused.value.status == 401
    assert upstream.requests == []


async def test_c5_a_message_of_the_cluster_beyond_the_limit_closes_with_1009(
    front: Front, upstream: RecordingUpstream
) -> None:
    upstream.handler = serving(lambda socket: socket.send_bytes(TOO_BIG))
    async with front.client.ws_connect(front.url + EXEC, max_msg_size=0) as socket:
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1009)


async def test_c5_a_message_of_the_client_beyond_the_limit_does_not_reach_the_cluster(
    front: Front, upstream: RecordingUpstream
) -> None:
    first: asyncio.Future[tuple[object, object]] = asyncio.get_running_loop().create_future()

    async def wait(socket: web.WebSocketResponse) -> None:
        message = await socket.receive()
        first.set_result((message.type, message.data))

    upstream.handler = serving(wait)
    async with front.client.ws_connect(front.url + EXEC) as socket:
        with contextlib.suppress(ConnectionError):  # it is cut off while it still sends
            await socket.send_bytes(TOO_BIG)
        assert await asyncio.wait_for(first, 30) == (WSMsgType.CLOSE, 1009)


async def test_a_handshake_without_a_key_is_refused(front: Front, upstream: RecordingUpstream) -> None:
    answer = await front.raw_get("/clusters/one" + EXEC, "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert upstream.requests == []


@pytest.mark.parametrize("leaves", ["client", "session"])
async def test_waiting_for_a_silent_log_ends_with_the_client_and_with_the_session(
    front: Front, upstream: RecordingUpstream, leaves: str
) -> None:
    async def say_nothing(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        raise AssertionError("nobody ended this")

    upstream.handler = say_nothing
    credential = front.credential = FixedCredential()
    address = f"{front.url}/api/v1/namespaces/a/pods/p/log?follow=true"
    opening = asyncio.create_task(front.client.ws_connect(address).__aenter__())
    await until(lambda: bool(upstream.requests))
    if leaves == "client":
        opening.cancel()
    else:
        credential.ended.set()
    async with asyncio.timeout(30):
        await upstream.cancelled.wait()
    with contextlib.suppress(asyncio.CancelledError, aiohttp.WSServerHandshakeError):
        await opening


async def test_c5_a_silent_stream_is_pinged_so_that_no_proxy_takes_it_for_dead(
    front: Front, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket, "PING_EVERY_S", 0.05)
    upstream.handler = serving(echo)
    async with front.client.ws_connect(front.url + EXEC, autoping=False) as socket:
        assert [(await socket.receive()).type for _ in range(2)] == [WSMsgType.PING, WSMsgType.PING]
        await socket.send_str("still there")
        while (message := await socket.receive()).type is WSMsgType.PING:
            pass
        assert message.data == "still there"
