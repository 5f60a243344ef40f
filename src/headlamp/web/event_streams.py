"""Live rows as server-sent events, for where a proxy refuses the upgrade: the same messages, down in one answer.

What the client has to say comes in requests of its own, which name the stream (HTML, section 9.2; `docs/live.md`).
A stream belongs to the session that opened it, and lives in the process that answered.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiohttp import web
from msgspec import json

from headlamp.problems import Problem

CONTENT_TYPE = "text/event-stream"
# Shorter than the minute of silence after which a stock nginx cuts an answer.
PING_EVERY_S = 15.0
LOOK_EVERY_S = 1.0
# A connection has at most a thousand subscriptions; all of them may be named at once.
MOST_WAITING = 2_000
# The same as one request may bring.
MOST_WAITING_BYTES = 1024 * 1024
STREAM_BYTES = 18


class UnknownStream(Problem):
    """The stream is over, belongs to another session, or to another process or replica of this server."""

    code = "live.unknown_stream"
    status = 404
    title = "There is no such stream"
    remedy = "Open a new one, and subscribe again."


class TooManyMessages(Problem):
    """The client says more than the stream takes."""

    code = "live.too_many_messages"
    status = 429
    title = "Too many messages are waiting"
    remedy = "Wait until what was asked for has been answered."


class EventChannel:
    """`live.viewer.Channel` over one answer. A message that is compressed goes as base64 in an event named `gzip`."""

    def __init__(self, request: web.Request, response: web.StreamResponse) -> None:
        self._request = request
        self._response = response
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._said = asyncio.Event()

    def say(self, messages: Iterable[str]) -> None:
        """What the client says. Raises `TooManyMessages`, and then takes none of them."""
        messages = list(messages)
        size = self._waiting_bytes + sum(map(_size, messages))
        if len(self._waiting) + len(messages) > MOST_WAITING or size > MOST_WAITING_BYTES:
            raise TooManyMessages(f"At most {MOST_WAITING} messages can wait, of {MOST_WAITING_BYTES} bytes in all.")
        self._waiting += messages
        self._waiting_bytes = size
        self._said.set()

    def post(self, frame: str | bytes) -> bool:
        """Writing an answer may always have to wait."""
        return False

    async def send(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            await self._response.write(b"data:" + frame.encode() + b"\n\n")
        else:
            await self._response.write(b"event:gzip\ndata:" + base64.b64encode(frame) + b"\n\n")

    async def receive(self) -> str | None:
        """The next message; None once the client is gone, which nothing but its connection tells."""
        while not self._waiting:
            self._said.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._said.wait()
            if self._request.transport is None or self._request.transport.is_closing():
                return None
        message = self._waiting.popleft()
        self._waiting_bytes -= _size(message)
        return message

    async def close(self, code: int, reason: str) -> None:
        """Tell why, in an event named `close`, and end the answer."""
        end: dict[str, Any] = {"code": code, "reason": reason}
        await self._response.write(b"event:close\ndata:" + json.encode(end) + b"\n\n")
        await self._response.write_eof()

    async def ping(self) -> None:
        """Send comments, for as long as this runs, so that no proxy takes a quiet stream for dead."""
        with suppress(ConnectionError):
            while True:
                await asyncio.sleep(PING_EVERY_S)
                await self._response.write(b":\n\n")


def _size(message: str) -> int:
    return len(message.encode())


class EventStreams:
    """The streams that are open in this process, each known by an id and by whose it is."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[object, EventChannel]] = {}

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def opened(self, owner: object, channel: EventChannel) -> Iterator[str]:
        """The id under which `owner` can speak to `channel` while the block lasts."""
        stream = secrets.token_urlsafe(STREAM_BYTES)
        self._open[stream] = (owner, channel)
        try:
            yield stream
        finally:
            del self._open[stream]

    def say(self, owner: object, stream: str, messages: Iterable[str]) -> None:
        """Hand on what `owner` says. Raises `UnknownStream`, also for somebody else's, and `TooManyMessages`."""
        whose, channel = self._open.get(stream, (None, None))
        if channel is None or whose is not owner:
            raise UnknownStream("The stream is over, or was opened elsewhere.")
        channel.say(messages)
