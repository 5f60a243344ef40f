"""One connection to an API server: a request out, its answer in, then the next one or the end."""

from __future__ import annotations

import asyncio
import math
import select
from collections.abc import AsyncIterator, Callable
from typing import cast

from aiohttp import ClientConnectionError, ClientOSError, ClientPayloadError, ServerDisconnectedError

from headlamp.clusters import limits
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.failures import InvalidAnswer
from headlamp.clusters.lean.answer import Answer
from headlamp.clusters.lean.request import Request

_HELD = 64 * 1024
"""Bytes of a body that nobody reads: we take no more than this and what is under way."""
_UNDECRYPTED = 64 * 1024
"""Bytes that TLS takes from the socket ahead of us; 256 KiB if nothing is said."""


class Connection(asyncio.BufferedProtocol):
    """`lasting`: it may carry another request; `stale`: it broke before anything came back, and had been kept.

    What arrives is put into `buffer` and has left it when asyncio's call returns, so that all connections of a loop
    can share one. `freed(self)` is called when a request is over, and when the connection is.
    """

    def __init__(self, freed: Callable[[Connection], None], buffer: memoryview) -> None:
        self.lasting = True
        self.stale = False
        self._kept = False
        self._freed, self._buffer = freed, buffer
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._poll: Callable[[float], object] = lambda _: None
        self._answer: Answer | None = None
        self._patience: float | None = None
        self._paused = False
        self._drained: asyncio.Future[None] | None = None
        self._deadline = math.inf

    def is_quiet(self) -> bool:
        """Whether it is open and nothing has come that nobody asked for, not even into the socket's buffer.

        What comes before a request must never be taken for its answer; most often it is the server's goodbye.
        """
        return self.lasting and not self._poll(0)

    async def exchange(self, request: Request, cluster: Cluster) -> Answer:
        """Send a request and wait for its answer's head. Raises aiohttp's errors, `InvalidAnswer`, `TimeoutError`."""
        answer = self._answer = Answer(request.method, cluster, self)
        body = request.body
        if body is None or isinstance(body, bytes):
            self._transport.write(request.head + body if body else request.head)
            self._expect(request.head_patience)
        else:  # takes as long as it takes
            self._transport.write(request.head)
            self._expect(None)
            answer.upload = self._loop.create_task(self._send_body(body, request))
        self._patience = request.patience
        try:
            await answer.head()
        except BaseException:
            await answer.leave()
            raise
        return answer

    def resume(self) -> None:
        """Read on, now that what was held has been taken, and passed on."""
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
            self._expect(self._patience)

    def give_up_if_overdue(self) -> None:
        """Cut the connection when nothing has come for too long."""
        if self._deadline <= self._loop.time():
            self.cut(TimeoutError())

    def cut(self, failure: Exception) -> None:
        """End the connection at once, and with it what the API server does for us."""
        self.lasting = False
        self._transport.abort()
        self._over(failure)

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by descent
        if hasattr(transport, "set_read_buffer_limits"):  # only with TLS
            transport.set_read_buffer_limits(_UNDECRYPTED)
        if hasattr(select, "poll"):  # Windows has none
            watched = select.poll()
            watched.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
            self._poll = watched.poll

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        answer = self._answer
        if answer is None:
            self.cut(InvalidAnswer("nobody has asked"))
            return
        try:
            answer.feed(self._buffer[:nbytes])
        except InvalidAnswer as error:
            self.cut(error)
            return
        if answer.complete:
            sent = self._drained is None and (answer.upload is None or answer.upload.done())
            # Where the buffer is full, TLS may hold more.
            self.lasting = answer.lasting and sent and nbytes < len(self._buffer)
            if not self.lasting:
                self._transport.abort()
            self._over(None)
        elif answer.held > _HELD and not self._paused:
            self._paused = True
            self._transport.pause_reading()
            self._expect(None)
        elif answer.status and not self._paused:
            self._expect(self._patience)
        answer.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lasting = False
        answer = self._answer
        if answer is not None and answer.status:
            answer.complete = answer.until_close and exc is None
            self._over(None if answer.complete else ClientPayloadError())
        elif answer is not None:
            self.stale = self._kept and not answer.began
            self._over(ServerDisconnectedError() if exc is None else ClientOSError(*exc.args))
        # TLS keeps methods of ours, and 256 KiB: in a circle they would wait for the garbage collector.
        self._transport = _Gone()
        self._freed(self)

    def pause_writing(self) -> None:
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    def _over(self, failure: Exception | None) -> None:
        """The answer is here, or won't come."""
        answer, self._answer = self._answer, None
        if answer is None:
            return
        answer.end(failure)
        if self.lasting:
            self._kept = True
            self.resume()
            self._expect(limits.KEEP_ALIVE)
        self._freed(self)

    async def _send_body(self, body: AsyncIterator[bytes], request: Request) -> None:
        left = request.length
        try:
            async for piece in body:
                if left is not None:
                    left -= len(piece)
                    if left < 0:
                        raise ValueError("the body is longer than it was said to be")
                    self._transport.write(piece)
                elif piece:  # an empty chunk would be the last one
                    self._transport.writelines((b"%x\r\n" % len(piece), piece, b"\r\n"))
                if self._drained is not None:
                    await self._drained
            if left:
                raise ValueError("the body is shorter than it was said to be")
            if left is None:
                self._transport.write(b"0\r\n\r\n")
        except Exception as error:  # whatever its source raises: half a body must never look whole
            failure = ClientConnectionError("The body broke off.")
            failure.__cause__ = error
            self.cut(failure)
        else:
            if self._answer is not None and not self._paused:
                self._expect(request.patience if self._answer.status else request.head_patience)

    def _expect(self, seconds: float | None) -> None:
        """Something has to come within `seconds`; None: it may take for ever."""
        self._deadline = math.inf if seconds is None else self._loop.time() + seconds


class _Gone(asyncio.Transport):
    """In the place of a transport that is closed."""

    def abort(self) -> None:
        """There is nothing left to close."""
