"""The one door to API servers: HTTP requests and WebSockets to a cluster, streamed both ways.

This interface is the seam behind which the client library can change. `AiohttpTransport` is the one in use.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aiohttp import WSMessage
from multidict import CIMultiDictProxy

MAX_MESSAGE = 16 * 1024 * 1024
"""Bytes of one WebSocket message. An API server takes objects of at most 3 MiB; in base64 and with room to spare for
aggregated APIs that is well under this, and a peer that sends more costs us no more memory than this."""


class UpstreamResponse(Protocol):
    """An answer whose body has not been read yet; bytes come as they are on the wire (no decompression)."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...

    def at_hand(self) -> bytes | None:
        """The whole body, if it has come to its end and nothing of it was read yet: it can go on in one write.

        None when more is to come. What is handed out here is not handed out again.
        """
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises `ClusterUnreachable` when the connection breaks in the middle."""
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes. Raises `AnswerTooLarge`."""
        ...


class UpstreamWebSocket(Protocol):
    """An upgraded connection to an API server."""

    @property
    def protocol(self) -> str | None: ...
    @property
    def close_code(self) -> int | None: ...

    async def receive(self) -> WSMessage: ...
    async def send_text(self, data: str) -> None: ...
    async def send_binary(self, data: bytes) -> None: ...
    async def close(self, code: int = 1000, reason: bytes = b"") -> None: ...


class ClusterTransport(Protocol):
    """Requests to one cluster. `path` is the raw, already normalised request target (path and query).

    `headers` may carry one `Authorization`, a bearer; anything else in it is refused (`BadToken`). Without it the
    cluster's local credentials speak, where it has any; with it they are silent, a client certificate included.

    Redirects are never followed. Every method raises `ClusterUnreachable` (name resolution, TCP, TLS, timeout before
    the answer's head), a `Problem` whose message names what failed, and `TokenTooLarge` when the cluster does not read
    the head because of its token.
    """

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None = None,
        stream: bool = False,
    ) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Send a request. `stream` takes a connection of the pool for long answers (watch, log): no read timeout."""
        ...

    def websocket(
        self, path: str, *, headers: Mapping[str, str], protocols: tuple[str, ...]
    ) -> AbstractAsyncContextManager[UpstreamWebSocket]:
        """Upgrade. Raises `UpgradeRefused` (with status, headers and at most 64 KiB of body) for any answer but 101."""
        ...

    async def close(self) -> None: ...
