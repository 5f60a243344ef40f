"""The channels of exec over a WebSocket: which protocol, and how frames look in it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from aiohttp import WSMessage, WSMsgType, web

from headlamp.demo.cluster.jsontypes import Json

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
# In the order in which a real API server knows them; the client's own order decides.
PROTOCOLS = (
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v4.base64.channel.k8s.io",
    "channel.k8s.io",
    "base64.channel.k8s.io",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of one channel."""

    channel: int
    data: bytes


class Channels:
    """Frames over an open WebSocket, in the form of the protocol that was chosen."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self._protocol = socket.ws_protocol or PROTOCOLS[-2]
        self._base64 = "base64" in self._protocol

    async def send(self, channel: int, data: bytes) -> None:
        if self._base64:
            await self._socket.send_str(f"{channel}{base64.b64encode(data).decode()}")
        else:
            await self._socket.send_bytes(bytes([channel]) + data)

    async def receive(self) -> Frame | None:
        """The next frame; None when the client has gone."""
        while True:
            message = await self._socket.receive()
            if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                return None
            frame = self._read(message)
            if frame is not None:
                return frame

    async def end(self, code: int) -> None:
        """Tell the exit code and close. Before version 4 the status was plain text."""
        if self._protocol.startswith(("v4.", "v5.")):
            await self.send(STATUS, json.dumps(_status(code)).encode())
        elif code:
            await self.send(STATUS, f"command terminated with exit code {code}".encode())
        await self._socket.close()

    def _read(self, message: WSMessage) -> Frame | None:
        try:
            if message.type is WSMsgType.TEXT and self._base64 and message.data:
                return Frame(int(message.data[0]), base64.b64decode(message.data[1:], validate=True))
            if message.type is WSMsgType.BINARY and message.data:
                return Frame(message.data[0], message.data[1:])
        except (ValueError, binascii.Error):
            return None
        return None


def _status(code: int) -> Json:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }
