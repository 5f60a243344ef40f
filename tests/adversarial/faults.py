"""What any endpoint of a provider of the tests can do wrong, instead of answering."""

from __future__ import annotations

import asyncio
import zlib
from functools import cache

from aiohttp import web
from tests.adversarial.deviations import Deviations


async def fault_of(request: web.Request, endpoint: str, deviations: Deviations) -> web.StreamResponse | None:
    """The answer that `deviations` want of `endpoint`; None when it should answer as it does."""
    if endpoint in deviations.slow:
        await asyncio.sleep(deviations.slow[endpoint])
    if endpoint in deviations.held:
        await deviations.held[endpoint].wait()
    if endpoint in deviations.reset and request.transport is not None:
        request.transport.close()
        return web.Response()
    if endpoint in deviations.drip:
        return await _drip(request, deviations.drip[endpoint])
    if endpoint in deviations.redirect:
        return web.Response(status=307, headers={"Location": deviations.redirect[endpoint]})
    if endpoint in deviations.status:
        status, body = deviations.status[endpoint]
        return web.json_response(body, status=status)
    if endpoint in deviations.body:
        return web.Response(body=deviations.body[endpoint], content_type="application/json")
    if endpoint in deviations.bomb:
        return gzip_bomb(deviations.bomb[endpoint])
    return None


def gzip_bomb(size: int) -> web.Response:
    """A compressed answer that nobody asked for, of `size` bytes when unpacked."""
    return web.Response(body=_packed(size), content_type="application/json", headers={"Content-Encoding": "gzip"})


@cache
def _packed(size: int) -> bytes:
    packer, chunk = zlib.compressobj(1, zlib.DEFLATED, 31), bytes(1_000_000)
    return b"".join([*(packer.compress(chunk) for _ in range(size // len(chunk))), packer.flush()])


async def _drip(request: web.Request, seconds: float) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    try:
        while True:
            await response.write(b" ")
            await asyncio.sleep(seconds)
    except ConnectionError:
        return response
