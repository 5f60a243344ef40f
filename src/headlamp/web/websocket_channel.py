"""Live rows over a WebSocket: frames that go out at once, for as long as the browser keeps up."""

from __future__ import annotations

from struct import pack

from aiohttp import WSMsgType, web

_FINAL = 0x80


class WebSocketChannel:
    """`live.viewer.Channel` over aiohttp's WebSocket, without compression, which has answered `request`.

    aiohttp sends frames from coroutines only, and `post` is none. So it writes whole frames to the transport itself;
    aiohttp's own go out whole too, so that they don't get mixed up.
    """

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._protocol = request.protocol
        self._transport = request.transport

    def post(self, frame: str | bytes) -> bool:
        transport = self._transport
        if transport is None or self._protocol.writing_paused or self._socket.closed or transport.is_closing():
            return False
        if isinstance(frame, str):
            data = frame.encode()
            transport.write(frame_header(WSMsgType.TEXT, len(data)) + data)
        else:
            # Not put together: very many may be sent the same bytes.
            transport.writelines((frame_header(WSMsgType.BINARY, len(frame)), frame))
        return True

    async def send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._socket.send_str(frame)
        else:
            await self._socket.send_bytes(frame)

    async def receive(self) -> str | None:
        message = await self._socket.receive()
        return str(message.data) if message.type is WSMsgType.TEXT else None

    async def close(self, code: int, reason: str) -> None:
        await self._socket.close(code=code, message=reason.encode()[:120])


def frame_header(opcode: int, size: int) -> bytes:
    """The head of a frame that is a whole message and not masked, with so many bytes (RFC 6455, section 5.2)."""
    if size < 126:
        return pack("!BB", _FINAL | opcode, size)
    if size < 65536:
        return pack("!BBH", _FINAL | opcode, 126, size)
    return pack("!BBQ", _FINAL | opcode, 127, size)
