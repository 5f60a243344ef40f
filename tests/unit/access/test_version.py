"""Which release a cluster runs, where it says so."""

from __future__ import annotations

import pytest
from aiohttp import web
from tests.support.credentials import FixedCredential
from tests.support.upstream import RecordingUpstream

from headlamp.access.version import cluster_version
from headlamp.clusters.aiohttp_transport import AiohttpTransport


@pytest.mark.parametrize(
    ("status", "body", "version"),
    [
        (200, '{"major":"1","minor":"37"}', (1, 37)),
        (200, '{"major":"1","minor":"30+"}', (1, 30)),
        (200, '{"major":"","minor":"x"}', None),
        (200, "{}", None),
        (200, "<html>", None),
        (401, '{"kind":"Status"}', None),
        (403, '{"kind":"Status"}', None),
    ],
)
async def test_the_version_is_two_numbers_or_not_known(status: int, body: str, version: tuple[int, int] | None) -> None:
    async def handle(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    async with RecordingUpstream() as upstream:
        upstream.handler = handle
        transport = AiohttpTransport(upstream.cluster())
        assert await cluster_version(transport, FixedCredential("t")) == version
        await transport.close()
        assert upstream.last.target == "/version"
