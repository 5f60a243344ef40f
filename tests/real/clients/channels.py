"""The channel protocols of Kubernetes over WebSocket: the first byte of each message is the channel."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import aiohttp

STDIN, STDOUT, STDERR, STATUS, RESIZE = range(5)
CLOSE = 255
"""In version 5: the other end of the channel that the next byte names."""
EXEC_V5 = "v5.channel.k8s.io"
PORT_FORWARD = "v4.channel.k8s.io"


class Channels:
    """Collects what each channel carries, and sends on one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._received: dict[int, bytearray] = {}

    async def send(self, channel: int, data: bytes) -> None:
        await self._socket.send_bytes(bytes([channel]) + data)

    def received(self, channel: int) -> bytes:
        return bytes(self._received.get(channel, b""))

    async def until(self, what: Callable[[], bool], *, within: float) -> None:
        """Read until something is true of what was received. Raises `TimeoutError` with what was."""
        try:
            async with asyncio.timeout(within):
                while not what():
                    message = await self._socket.receive()
                    if message.type is not aiohttp.WSMsgType.BINARY:
                        raise AssertionError(f"{message.type.name} {message.data!r} after {self._received}")
                    self._received.setdefault(message.data[0], bytearray()).extend(message.data[1:])
        except TimeoutError:
            raise TimeoutError(f"not within {within:g} s: {self._received}") from None

    async def status(self, *, within: float) -> dict[str, Any]:
        """How the command ended, as a Kubernetes Status."""

        def ended() -> bool:
            try:
                json.loads(self.received(STATUS))
            except ValueError:
                return False
            return True

        await self.until(ended, within=within)
        answer: dict[str, Any] = json.loads(self.received(STATUS))
        return answer


def exec_address(pod: str, *command: str, stdin: int = 0, stderr: int = 0, tty: int = 0) -> str:
    """Where a command is run in the pod at an address."""
    words = "".join(f"&command={quote(word, safe='')}" for word in command)
    return f"{pod}/exec?stdin={stdin}&stdout=1&stderr={stderr}&tty={tty}{words}"


def port_of(opening: bytes) -> int:
    """The port that the first message of a forwarding channel names (two bytes, little-endian)."""
    return int(struct.unpack("<H", opening[:2])[0])
