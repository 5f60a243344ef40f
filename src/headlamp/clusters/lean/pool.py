"""Connections of one kind to one API server: those that wait for work, and how many may have some at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys

import aiohappyeyeballs
from aiohttp import ClientConnectionError, ServerDisconnectedError

from headlamp.clusters import limits
from headlamp.clusters.aiohttp_session import kept_alive
from headlamp.clusters.failures import ConnectError
from headlamp.clusters.lean.connection import Connection
from headlamp.clusters.places import Places

_READ_SIZE = 256 * 1024  # as much as uvloop decrypts at once
_STREAM_READ_SIZE = 64 * 1024  # a slow reader of each may hold up as much, and of streams there may be any number
_HAPPY_EYEBALLS_DELAY = 0.25  # RFC 8305, section 8


class Pool:
    """Any number of `stream`s at once, or a few short calls; each has a connection to itself until its answer ends.

    `context` says how the server is trusted (None: plain http), under `server_name` if that is not its `host`.
    """

    def __init__(
        self, host: str, port: int, context: ssl.SSLContext | None, server_name: str | None, *, stream: bool
    ) -> None:
        self._host, self._port, self._context, self._server_name = host, port, context, server_name
        self._places = Places(sys.maxsize if stream else limits.SHORT_POOL)
        self._busy: dict[Connection, str | None] = {}
        self._idle: list[Connection] = []
        self._closed = False
        self._look: asyncio.TimerHandle | None = None
        self._buffer = memoryview(bytearray(_STREAM_READ_SIZE if stream else _READ_SIZE))

    async def take(self, who: str | None = None, *, fresh: bool = False) -> Connection:
        """A connection to send one request on, a new one if `fresh`. `who` asks: see `Places`.

        Raises `OSError`: `ConnectError`, `socket.gaierror`, `ssl.SSLError`, `TimeoutError`.
        """
        await self._places.take(who)
        try:
            connection = (None if fresh else self._waiting()) or await self._connected()
        except BaseException:
            self._places.give_back(who)
            raise
        self._busy[connection] = who
        if self._look is None:
            self._look_later()
        return connection

    def close(self) -> None:
        """Cut all connections; whoever waits for an answer or a connection gets none."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            connection.cut(ClientConnectionError("The transport was closed."))

    def _waiting(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()  # the last one used, so that those too many run out
            if connection.is_quiet():
                return connection
            connection.cut(ClientConnectionError())
        return None

    def _freed(self, connection: Connection) -> None:
        """A request on `connection` is over, or the connection is."""
        if connection in self._busy:
            self._places.give_back(self._busy.pop(connection))
            if connection.lasting:
                self._idle.append(connection)
        elif not connection.lasting and connection in self._idle:
            self._idle.remove(connection)

    def _look_later(self) -> None:
        # One timer for all connections: one for each would be set, and set off, twice a request.
        self._look = asyncio.get_running_loop().call_later(limits.LOOK_EVERY, self._give_up_overdue)

    def _give_up_overdue(self) -> None:
        self._look = None
        for connection in (*self._idle, *self._busy):
            connection.give_up_if_overdue()
        if self._idle or self._busy:
            self._look_later()

    async def _connected(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limits.CONNECT_TIMEOUT):
                addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                opened = await aiohappyeyeballs.start_connection(
                    addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY, socket_factory=kept_alive
                )
                name = (self._server_name or self._host.rstrip(".")) if self._context is not None else None
                _, connection = await loop.create_connection(
                    lambda: Connection(self._freed, self._buffer), sock=opened, ssl=self._context, server_hostname=name
                )
        except (TimeoutError, socket.gaierror, ssl.SSLError):
            raise
        except UnicodeError as error:
            raise socket.gaierror("not a host name") from error
        except OSError as error:
            raise ConnectError(*error.args) from error
        if self._closed or not connection.lasting:
            connection.cut(ClientConnectionError())
            raise ServerDisconnectedError
        return connection
