"""How a stream that the server ends comes to its end."""

from __future__ import annotations

import asyncio

import aiohttp


async def close_code(socket: aiohttp.ClientWebSocketResponse, *, within: float) -> int:
    """The code that the server closes `socket` with, at most `within` seconds from now; texts before it may come."""
    async with asyncio.timeout(within):
        while (message := await socket.receive()).type is not aiohttp.WSMsgType.CLOSE:
            assert message.type is aiohttp.WSMsgType.TEXT
    return int(message.data)
