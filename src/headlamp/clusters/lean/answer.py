"""One answer as it comes in: strictly framed (RFC 9112, section 6), bounded, and held until it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from aiohttp import ClientPayloadError
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict, CIMultiDictProxy

from headlamp.clusters import limits
from headlamp.clusters.cluster import Cluster
from headlamp.clusters.failures import InvalidAnswer, UnaskedUpgrade, named_failures
from headlamp.clusters.whole import whole

if TYPE_CHECKING:
    from headlamp.clusters.lean.connection import Connection

_MAX_FIELDS = 128
_MAX_HEAD = 64 * 1024
# Whatever comes without bringing a byte of the body: head, interim answers, chunk extensions, trailers.
_MAX_BARREN = 2 * _MAX_HEAD
_TEXT = ("utf-8", "surrogateescape")
_PIECE = 64  # what a piece of the body takes beside its bytes


class Answer:
    """What llhttp calls on one side, `UpstreamResponse` on the other.

    `complete`: it has come to its end. `lasting`: the connection may carry another request after it. `until_close`:
    its body ends with the connection. `began`: something of it has come. `held`: what the unread body takes in memory.
    `upload`: what sends the request's body, where that comes in pieces.
    """

    def __init__(self, method: str, cluster: Cluster, connection: Connection) -> None:
        self.status = 0
        self.headers: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())
        self._connection: Connection | None = connection
        self.upload: asyncio.Task[None] | None = None
        self.complete = self.lasting = self.until_close = False
        self.held = 0
        self._bodiless = method == "HEAD"
        self._cluster = cluster
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._reason = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._head_size = self._barren = 0
        self._pieces: list[bytes] = []
        self._failure: Exception | None = None
        self._arrival: asyncio.Future[None] | None = None

    @property
    def reason(self) -> str:
        return self._reason.decode(*_TEXT)

    @property
    def began(self) -> bool:
        return bool(self.status or self._barren)

    async def head(self) -> None:
        """Wait for status and headers. Raises what `fail` was given."""
        while not self.status:
            await self._more()

    def at_hand(self) -> bytes | None:
        """The whole body, if all of it is here (see `UpstreamResponse.at_hand`)."""
        return self._taken() if self.complete else None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `ClusterUnreachable` when the connection breaks in the middle."""
        with named_failures(self._cluster):
            while True:
                if self._pieces:
                    yield self._taken()
                elif self.complete:
                    return
                else:
                    await self._more()

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises `AnswerTooLarge` beyond `limit` bytes, and `ClusterUnreachable`."""
        return await whole(self.chunks(), limit, self._cluster)

    async def leave(self) -> None:
        """End what is not at its end, so that the API server stops working for a reader who has gone."""
        if self._connection is not None:
            self._connection.cut(ClientPayloadError())
        if self.upload is not None and not self.upload.done():
            await asyncio.wait([self.upload])  # until then it reads the body's source, which is not ours

    def feed(self, data: memoryview) -> None:
        """Take what has arrived. Raises `InvalidAnswer` for what can't become one valid answer."""
        assert self._parser is not None
        self._barren += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.complete:
                # What our own callbacks raise says more than llhttp does.
                raise error.__context__ if isinstance(error.__context__, InvalidAnswer) else InvalidAnswer from error
            self.lasting = False  # bytes after the end: the next request's answer they will never be
        if self._barren > _MAX_BARREN and not self.complete:
            raise InvalidAnswer("too much that is not body")

    def end(self, failure: Exception | None) -> None:
        """Nothing more will come: all is there, or `failure` says why not."""
        self._failure, self._parser, self._connection = failure, None, None
        if self.upload is not None:
            self.upload.cancel()
        self.wake()

    def wake(self) -> None:
        """Let the reader look at what has arrived."""
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    # llhttp's side

    def on_message_begin(self) -> None:
        if self.complete:
            raise InvalidAnswer("another answer")

    def on_status(self, reason: bytes) -> None:
        self._reason += reason
        if len(self._reason) > limits.MAX_LINE:
            raise InvalidAnswer("a status line that is too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        size = len(name) + len(value)
        self._head_size += size
        self._fields.append((name, value))
        if size > limits.MAX_FIELD or self._head_size > _MAX_HEAD or len(self._fields) > _MAX_FIELDS:
            raise InvalidAnswer("headers or trailers that are too large or too many")

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status, version = self._parser.get_status_code(), self._parser.get_http_version()
        if status == 101:
            raise UnaskedUpgrade
        if status < 100 or version not in {"1.1", "1.0"}:
            raise InvalidAnswer("no status, or not HTTP/1")
        if status < 200:
            if self._codings():
                raise InvalidAnswer("an interim answer with a body")
            return
        # llhttp takes away the white space before a value, not what is after it.
        headers = CIMultiDict([(str(name, "ascii"), str(value.rstrip(b" \t"), *_TEXT)) for name, value in self._fields])
        chunked = "Transfer-Encoding" in headers
        if chunked and (version == "1.0" or self._codings() != [b"chunked"]):
            raise InvalidAnswer("a transfer coding that nobody asked for")
        self.headers, self._fields = CIMultiDictProxy(headers), []
        self.until_close = not chunked and "Content-Length" not in headers
        # llhttp can't be told that no body follows a HEAD, so what it thinks after it counts for nothing.
        self.lasting = self._parser.should_keep_alive() and not self._bodiless
        self.complete = self._bodiless
        self.status = status

    def on_body(self, data: bytes) -> None:
        if self.complete:
            raise InvalidAnswer("a body that must not be")
        self._barren = 0
        self.held += len(data) + _PIECE
        self._pieces.append(data)

    def on_message_complete(self) -> None:
        if self.status:
            self.complete = True
        else:  # an interim answer (RFC 9110, section 15.2)
            self._reason, self._fields = b"", []

    def _codings(self) -> list[bytes]:
        # Not without their tabs: to llhttp, which frames the body, `chunked` with one after it is no `chunked`.
        return [value.rstrip(b" ").lower() for name, value in self._fields if name.lower() == b"transfer-encoding"]

    def _taken(self) -> bytes:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return data

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._connection is not None:
            # Not sooner: what is read while the last piece is on its way to a slow reader only takes memory.
            self._connection.resume()
        self._arrival = asyncio.get_running_loop().create_future()
        try:
            await self._arrival
        finally:
            self._arrival = None
