"""A cluster, or what is in front of it, that does not read a request because of its token."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tests.support.certificates import Authority
from tests.support.upstream import RecordingUpstream

from headlamp.clusters.aiohttp_transport import AiohttpTransport
from headlamp.clusters.cluster import Cluster, ClusterTls
from headlamp.clusters.errors import ClusterUnreachable, TokenTooLarge, UpgradeRefused
from headlamp.clusters.head_limit import API_SERVER_HEAD_LIMIT
from headlamp.clusters.lean.transport import LeanTransport
from headlamp.clusters.transport import ClusterTransport

LARGE, SMALL = "a" * 20_000, "a" * 1_000
NGINX = "<html><head><title>400 Request Header Or Cookie Too Large</title>"
PODS = "/api/v1/pods"


@pytest.fixture
async def upstream() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as running:
        yield running


@pytest.fixture(params=[AiohttpTransport, LeanTransport])
def client(request: pytest.FixtureRequest) -> type[AiohttpTransport]:
    made: type[AiohttpTransport] = request.param
    return made


@pytest.fixture
async def transport(client: type[AiohttpTransport], upstream: RecordingUpstream) -> AsyncIterator[ClusterTransport]:
    opened = client(upstream.cluster())
    yield opened
    await opened.close()


def answer(upstream: RecordingUpstream, status: int, content_type: str) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=NGINX, content_type=content_type)

    upstream.handler = handle


async def status_of(transport: ClusterTransport, token: str, path: str = PODS) -> int:
    async with transport.request("GET", path, headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status


@pytest.mark.parametrize(
    ("status", "content_type"), [(431, "text/plain"), (431, "application/json"), (400, "text/html")]
)
async def test_s3_a_refused_head_with_a_large_token_is_named(
    upstream: RecordingUpstream, transport: ClusterTransport, status: int, content_type: str
) -> None:
    answer(upstream, status, content_type)
    with pytest.raises(TokenTooLarge) as caught:
        await status_of(transport, LARGE)
    assert (caught.value.size, caught.value.answer_status, caught.value.cluster) == (20_000, status, "one")
    assert caught.value.code == "cluster.token_too_large"
    assert "20,000 bytes" in caught.value.message
    assert LARGE[:100] not in caught.value.message


@pytest.mark.parametrize(
    ("status", "content_type", "token", "path"),
    [
        (431, "text/plain", SMALL, PODS),
        (400, "text/html", SMALL, PODS),
        # The API server's own words about a request that is wrong.
        (400, "application/json", LARGE, PODS),
        (401, "text/html", LARGE, PODS),
        # A pod's words, which never saw the token.
        (431, "text/plain", LARGE, "/api/v1/namespaces/a/pods/b/proxy/index.html"),
        (400, "text/html", LARGE, "/api/v1/namespaces/a/services/b/proxy"),
    ],
)
async def test_any_other_answer_is_passed_on(
    upstream: RecordingUpstream, transport: ClusterTransport, status: int, content_type: str, token: str, path: str
) -> None:
    answer(upstream, status, content_type)
    assert await status_of(transport, token, path) == status


async def test_s3_an_upgrade_that_is_refused_for_its_token_is_named_too(
    upstream: RecordingUpstream, transport: ClusterTransport
) -> None:
    answer(upstream, 431, "text/plain")
    with pytest.raises(TokenTooLarge):
        async with transport.websocket(PODS, headers={"Authorization": f"Bearer {LARGE}"}, protocols=()):
            pass
    with pytest.raises(UpgradeRefused):
        async with transport.websocket(PODS, headers={"Authorization": f"Bearer {SMALL}"}, protocols=()):
            pass


async def test_s3_a_connection_that_breaks_at_more_than_an_api_server_reads_is_named(
    client: type[AiohttpTransport],
) -> None:
    authority = Authority()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.transport.abort()

    context: ssl.SSLContext = authority.server_context("127.0.0.1")
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    transport = client(Cluster("one", "one", server=url, tls=ClusterTls(ca_pem=authority.pem)))
    try:
        with pytest.raises(TokenTooLarge) as caught:
            await status_of(transport, "a" * API_SERVER_HEAD_LIMIT)
        assert caught.value.answer_status is None
        # A smaller one breaks for whatever reason.
        with pytest.raises(ClusterUnreachable):
            await status_of(transport, LARGE)
    finally:
        await transport.close()
        server.close()
        await server.wait_closed()


async def test_a_server_that_is_not_there_is_no_matter_of_size(client: type[AiohttpTransport]) -> None:
    transport = client(Cluster("one", "one", server="https://127.0.0.1:1"))
    with pytest.raises(ClusterUnreachable):
        await status_of(transport, "a" * API_SERVER_HEAD_LIMIT)
    await transport.close()
