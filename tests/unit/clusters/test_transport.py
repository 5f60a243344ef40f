"""Connections to API servers: trust, credentials, pools, failures."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from tests.support.certificates import Authority
from tests.support.raw_server import Peer, RawServer
from tests.support.upstream import RecordingUpstream

from headlamp.clusters import limits
from headlamp.clusters.agent import user_agent
from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster, ClusterTls, LocalCredentials
from headlamp.clusters.errors import (
    AnswerTooLarge,
    BadToken,
    ClusterNotTrusted,
    ClusterUnreachable,
    ClusterUnusable,
    UpgradeRefused,
)
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.transport import LeanTransport
from headlamp.clusters.transport import ClusterTransport
from headlamp.clusters.transports import Transports

Connected = Callable[..., contextlib.AbstractAsyncContextManager[ClusterTransport]]


@pytest.fixture(params=[AiohttpTransport, LeanTransport])
def client(request: pytest.FixtureRequest) -> type[AiohttpTransport]:
    made: type[AiohttpTransport] = request.param
    return made


@pytest.fixture
def connected(client: type[AiohttpTransport]) -> Connected:
    @contextlib.asynccontextmanager
    async def connect(cluster: Cluster, **options: bool) -> AsyncIterator[ClusterTransport]:
        transport = client(cluster, **options)
        try:
            yield transport
        finally:
            await transport.close()

    return connect


async def get(transport: ClusterTransport, path: str = "/version", *, stream: bool = False, **headers: str) -> bytes:
    async with transport.request("GET", path, headers=headers, stream=stream) as answer:
        return await answer.read(2 * 1024 * 1024)


async def test_a_cluster_is_trusted_by_its_own_authority(connected: Connected, upstream: RecordingUpstream) -> None:
    async with connected(upstream.cluster()) as transport:
        assert b"bearer" in await get(transport)


async def test_a_foreign_authority_is_refused_and_the_reason_is_told(
    connected: Connected, upstream: RecordingUpstream
) -> None:
    cluster = upstream.cluster(tls=ClusterTls(ca_pem=Authority("another").pem))
    async with connected(cluster) as transport:
        with pytest.raises(ClusterNotTrusted, match=r"self-signed certificate|unable to get"):
            await get(transport)
    assert upstream.requests == []


async def test_without_an_own_authority_the_system_decides(
    connected: Connected, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    async with connected(upstream.cluster(tls=ClusterTls())) as transport:
        with pytest.raises(ClusterNotTrusted):
            await get(transport)


async def test_the_environment_does_not_widen_whom_a_cluster_with_an_own_authority_trusts(
    connected: Connected, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_text(upstream.authority.pem)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(roots))
    cluster = upstream.cluster(tls=ClusterTls(ca_pem=Authority("another").pem))
    async with connected(cluster) as transport:
        with pytest.raises(ClusterNotTrusted):
            await get(transport)


async def test_a_certificate_for_another_name_is_refused_unless_that_name_is_expected(
    connected: Connected, authority: Authority
) -> None:
    async with RecordingUpstream(authority=authority, hosts=("kubernetes",)) as upstream:
        async with connected(upstream.cluster()) as transport:
            with pytest.raises(ClusterNotTrusted, match="IP address mismatch"):
                await get(transport)
        named = ClusterTls(ca_pem=authority.pem, server_name="kubernetes")
        async with connected(upstream.cluster(tls=named)) as transport:
            assert b"bearer" in await get(transport)


async def test_a_server_may_be_at_an_ipv6_address_and_is_told_by_which(connected: Connected) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = re.search(rb"\r\nhost: ([^\r]*)", await reader.readuntil(b"\r\n\r\n"), re.IGNORECASE)
        assert host is not None
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + host[1])
        writer.close()

    try:
        server = await asyncio.start_server(answer, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6")
    address = f"[::1]:{server.sockets[0].getsockname()[1]}"
    async with server, connected(Cluster("one", "one", f"http://{address}")) as transport:
        assert await get(transport) == address.encode()


async def test_of_an_answer_that_nobody_reads_little_is_taken(connected: Connected, authority: Authority) -> None:
    sent = 0

    async def flood(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 2**30)
        while True:
            await peer.send(b"x" * 2**16)
            sent += 2**16

    async with (
        RawServer(authority, flood).running() as server,
        connected(server.cluster()) as transport,
        transport.request("GET", "/x", headers={}) as answer,
    ):
        before = 0
        async with asyncio.timeout(30):
            while sent == 0 or sent != before:
                before = sent
                await asyncio.sleep(0.1)
        taken = answer.held if isinstance(answer, Answer) else answer._response.content.total_bytes  # type: ignore[attr-defined]
        # What may wait, and one read of 256 KiB with what belongs to it.
        assert 0 < taken < 340 * 1024
        assert sent > 340 * 1024


@pytest.mark.parametrize("by_flag", [False, True])
async def test_verification_is_off_where_it_is_switched_off(
    connected: Connected, upstream: RecordingUpstream, by_flag: bool
) -> None:
    tls = ClusterTls(insecure_skip_verify=not by_flag)
    async with connected(upstream.cluster(tls=tls), insecure_ssl=by_flag) as transport:
        assert b"bearer" in await get(transport)


async def test_an_authority_that_is_no_certificate_makes_the_cluster_unusable(client: type[AiohttpTransport]) -> None:
    with pytest.raises(ClusterUnusable, match="certificate authority"):
        client(Cluster("one", "one", "https://x", tls=ClusterTls(ca_pem="nonsense")))


async def test_a_broken_cluster_answers_with_its_own_error(client: type[AiohttpTransport]) -> None:
    with pytest.raises(ClusterUnusable, match="no server") as caught:
        Transports(make=client).for_cluster(Cluster("one", "one", error="no server"))
    assert caught.value.cluster == "one"


@pytest.mark.parametrize(("headers", "subject"), [({}, "alice"), ({"Authorization": "Bearer pasted"}, None)])
async def test_a_client_certificate_speaks_unless_a_bearer_does_and_leaves_no_file_behind(
    connected: Connected,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    headers: dict[str, str],
    subject: str | None,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cert, key = authority.issue("alice", name="alice")
    seen: list[str | None] = []

    async def who(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        certificate = request.transport.get_extra_info("peercert")
        seen.append(certificate["subject"][0][0][1] if certificate else None)
        return web.Response()

    async with RecordingUpstream(authority=authority, ask_for_certificate=True) as upstream:
        upstream.handler = who
        credentials = LocalCredentials(client_cert_pem=cert, client_key_pem=key)
        async with (
            connected(upstream.cluster(local_credentials=credentials)) as transport,
            transport.request("GET", "/version", headers=headers),
        ):
            pass
    assert seen == [subject]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["Basic YTpi", "bearer x", "Bearer a b", "Bearer a,b", "Bearer ", "Bearer a\r\nX: y"])
async def test_e5_what_is_not_one_bearer_is_not_sent(
    connected: Connected, upstream: RecordingUpstream, value: str
) -> None:
    async with connected(upstream.cluster()) as transport:
        with pytest.raises(BadToken):
            await get(transport, Authorization=value)
        with pytest.raises(BadToken):
            async with transport.websocket("/x", headers={"Authorization": value}, protocols=()):
                pass
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("credentials", "authorization"),
    [
        (LocalCredentials(token="own"), ["Bearer own"]),
        (LocalCredentials(username="a", password="b"), ["Basic YTpi"]),
        (LocalCredentials(), []),
        (None, []),
    ],
)
async def test_the_kubeconfig_speaks_where_its_credentials_were_handed_out(
    connected: Connected, upstream: RecordingUpstream, credentials: LocalCredentials | None, authorization: list[str]
) -> None:
    async with connected(upstream.cluster(local_credentials=credentials)) as transport:
        await get(transport)
    assert upstream.last.values("Authorization") == authorization


async def test_a_token_file_is_read_anew_each_time(
    connected: Connected, upstream: RecordingUpstream, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    credentials = LocalCredentials(token="old", token_file=str(file))
    async with connected(upstream.cluster(local_credentials=credentials)) as transport:
        for token in ("first", "second"):
            file.write_text(token + "\n")
            await get(transport)
            assert upstream.last.values("Authorization") == [f"Bearer {token}"]
        file.unlink()
        with pytest.raises(ClusterUnusable, match="No such file"):
            await get(transport)


async def test_a_bearer_that_is_given_wins_over_the_kubeconfig(
    connected: Connected, upstream: RecordingUpstream
) -> None:
    async with connected(upstream.cluster(local_credentials=LocalCredentials(token="own"))) as transport:
        await get(transport, Authorization="Bearer given")
    assert upstream.last.values("Authorization") == ["Bearer given"]


async def test_a_bearer_of_a_megabyte_goes_out(connected: Connected, upstream: RecordingUpstream) -> None:
    async with connected(upstream.cluster()) as transport:
        await get(transport, Authorization="Bearer " + "x" * 2**20)
    assert len(upstream.last.values("Authorization")[0]) == 2**20 + 7


async def test_only_what_is_given_is_sent(connected: Connected, upstream: RecordingUpstream) -> None:
    async with connected(upstream.cluster()) as transport:
        await get(transport)
    assert upstream.last.names == {"host", "user-agent"}
    assert upstream.last.values("User-Agent") == [user_agent()]


async def test_the_path_of_the_server_comes_first(connected: Connected, upstream: RecordingUpstream) -> None:
    async with connected(upstream.cluster(server=upstream.url + "/k8s/clusters/c-1")) as transport:
        await get(transport, "/api/v1/pods?labelSelector=a%20in%20(b)")
    assert upstream.last.target == "/k8s/clusters/c-1/api/v1/pods?labelSelector=a%20in%20(b)"


async def test_no_cookie_is_kept(connected: Connected, upstream: RecordingUpstream) -> None:
    async def set_cookie(request: web.Request) -> web.StreamResponse:
        return web.Response(headers={"Set-Cookie": "a=b; Path=/"})

    upstream.handler = set_cookie
    async with connected(upstream.cluster()) as transport:
        await get(transport)
        await get(transport)
    assert "cookie" not in upstream.last.names


async def test_f2_no_redirect_is_followed(connected: Connected, upstream: RecordingUpstream) -> None:
    async def redirect(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    upstream.handler = redirect
    async with connected(upstream.cluster()) as transport, transport.request("GET", "/x", headers={}) as answer:
        assert answer.status == 307
    assert [request.target for request in upstream.requests] == ["/x"]


async def test_f2_no_redirect_of_an_upgrade_is_followed(connected: Connected, upstream: RecordingUpstream) -> None:
    async def redirect(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": upstream.url + "/elsewhere"}, text="moved")

    upstream.handler = redirect
    async with connected(upstream.cluster()) as transport:
        with pytest.raises(UpgradeRefused) as refused:
            async with transport.websocket("/x", headers={}, protocols=()):
                pass
    assert (refused.value.answer_status, refused.value.body, refused.value.cluster) == (302, b"moved", "one")
    assert [request.target for request in upstream.requests] == ["/x"]


async def test_a_websocket_is_used_without_compression(connected: Connected, upstream: RecordingUpstream) -> None:
    async def echo(request: web.Request) -> web.StreamResponse:
        peer = web.WebSocketResponse(protocols=("v4.channel.k8s.io",))
        await peer.prepare(request)
        await peer.send_str((await peer.receive()).data)
        return peer

    upstream.handler = echo
    async with (
        connected(upstream.cluster()) as transport,
        transport.websocket("/x", headers={}, protocols=("v4.channel.k8s.io",)) as peer,
    ):
        assert peer.protocol == "v4.channel.k8s.io"
        await peer.send_text("hello")
        message = await peer.receive()
        assert (message.type, message.data) == (WSMsgType.TEXT, "hello")
        await peer.receive()
        assert peer.close_code == 1000
    assert "sec-websocket-extensions" not in upstream.last.names


async def test_h1_a_whole_answer_is_bounded(connected: Connected, upstream: RecordingUpstream) -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 1000)

    upstream.handler = long
    async with connected(upstream.cluster()) as transport:
        async with transport.request("GET", "/x", headers={}) as answer:
            with pytest.raises(AnswerTooLarge):
                await answer.read(999)
        async with transport.request("GET", "/x", headers={}) as answer:
            assert len(await answer.read(1000)) == 1000


async def test_connections_are_used_again(connected: Connected, upstream: RecordingUpstream) -> None:
    async with connected(upstream.cluster()) as transport:
        for _ in range(5):
            await get(transport)
        assert len(upstream.connections) == 1


async def test_streams_keep_no_short_call_waiting(connected: Connected, upstream: RecordingUpstream) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path != "/watch":
            return web.Response(text="short")
        stream = web.StreamResponse()
        await stream.prepare(request)
        await asyncio.Event().wait()
        return stream

    upstream.handler = answer
    async with connected(upstream.cluster()) as transport, contextlib.AsyncExitStack() as streams:
        for _ in range(120):
            await streams.enter_async_context(transport.request("GET", "/watch", headers={}, stream=True))
        async with asyncio.timeout(30):
            assert await get(transport) == b"short"


async def test_a_closed_port_is_told_without_its_address(connected: Connected) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with connected(Cluster("one", "one", f"http://127.0.0.1:{port}")) as transport:
        with pytest.raises(ClusterUnreachable, match="No connection to one") as caught:
            await get(transport)
    assert str(port) not in caught.value.message
    assert caught.value.status == 502


async def test_a_plain_http_server_behind_an_https_address_is_told_as_a_tls_failure(connected: Connected) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with connected(Cluster("one", "one", f"https://127.0.0.1:{port}")) as transport:
        with pytest.raises(ClusterUnreachable):
            await get(transport)
    server.close()


async def test_a_proxy_is_asked_for_a_tunnel_and_sees_no_credential(
    connected: Connected, upstream: RecordingUpstream
) -> None:
    heads: list[bytes] = []

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", upstream.port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(copy(reader, to_writer), copy(to_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with connected(upstream.cluster(proxy_url=proxy)) as transport:
        assert b"Bearer secret" in await get(transport, Authorization="Bearer secret")
    server.close()
    assert heads[0].startswith(f"CONNECT 127.0.0.1:{upstream.port} ".encode())
    assert b"secret" not in heads[0]


async def test_the_environment_names_no_proxy(
    connected: Connected, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with connected(upstream.cluster()) as transport:
        assert b"bearer" in await get(transport)


async def test_a_changed_definition_gets_a_new_transport_and_the_old_one_ends_with_its_last_request(
    client: type[AiohttpTransport],
    upstream: RecordingUpstream,
) -> None:
    more = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"begin ")
        await more.wait()
        await answer.write(b"end")
        return answer

    upstream.handler = slow
    transports = Transports(make=client)
    before = transports.for_cluster(upstream.cluster())
    assert transports.for_cluster(upstream.cluster(namespace="another")) is before
    async with before.request("GET", "/x", headers={}, stream=True) as answer:
        after = transports.for_cluster(upstream.cluster(server=upstream.url + "/new"))
        assert after is not before
        more.set()
        assert await answer.read(100) == b"begin end"
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="closed"):
        await get(before)
    assert await get(after) == b"begin end"
    await transports.close()


async def test_the_head_of_a_followed_log_may_come_with_its_first_line_hours_later(
    connected: Connected, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headlamp.clusters.limits.SILENCE_TIMEOUT", 0.1)
    monkeypatch.setattr("headlamp.clusters.limits.LOOK_EVERY", 0.02)

    async def late(request: web.Request) -> web.Response:
        await asyncio.sleep(0.3 if "follow" in request.query else 60)
        return web.Response(text="at last")

    upstream.handler = late
    async with connected(upstream.cluster()) as transport:
        assert await get(transport, "/api/v1/namespaces/a/pods/p/log?follow=true", stream=True) == b"at last"
        with pytest.raises(ClusterUnreachable):
            await get(transport, "/api/v1/namespaces/a/pods?watch=1", stream=True)


async def test_h1_one_credential_cannot_take_the_whole_pool_from_the_others(
    connected: Connected, upstream: RecordingUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHORT_POOL", 3)
    monkeypatch.setattr(limits, "SHARE", 2)
    go, held = asyncio.Event(), 0

    async def hang(request: web.Request) -> web.StreamResponse:
        nonlocal held
        if request.headers["Authorization"] == "Bearer eve":
            held += 1
            await go.wait()
        return web.Response(body=b"ok")

    upstream.handler = hang
    async with connected(upstream.cluster()) as transport:
        eves = [asyncio.create_task(get(transport, Authorization="Bearer eve")) for _ in range(6)]
        assert await get(transport, Authorization="Bearer ann") == b"ok"
        # Streams are not counted: each belongs to a connection of some client.
        streams = [asyncio.create_task(get(transport, stream=True, Authorization="Bearer eve")) for _ in range(3)]
        async with asyncio.timeout(30):
            while held < 5:
                await asyncio.sleep(0.01)
        assert await get(transport, Authorization="Bearer ann") == b"ok"
        assert held == 5
        go.set()
        assert await asyncio.gather(*eves, *streams) == [b"ok"] * 9
