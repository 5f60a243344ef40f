"""Connections of one kind to one API server: those that wait for work, and how many may have some at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from dataclasses import dataclass

import aiohappyeyeballs
from aiohttp import ClientConnectionError, ServerDisconnectedError

from headlamp.clusters import limits
from headlamp.clusters.aiohttp_session import kept_alive
from headlamp.clusters.failures import ConnectError
from headlamp.clusters.lean.connection import Connection

_READ_SIZE = 256 * 1024  # as much as uvloop decrypts at once
_HAPPY_EYEBALLS_DELAY = 0.25  # RFC 8305, section 8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API server listens, and how it is trusted; `context` is None for plain http."""

    host: str
    port: int
    context: ssl.SSLContext | None
    server_name: str | None


class Pool:
    """At most `limit` requests at once (None: any number); each has a connection to itself until its answer ends."""

    def __init__(self, endpoint: Endpoint, limit: int | None) -> None:
        self._endpoint = endpoint
        self._slots = asyncio.Semaphore(limit or sys.maxsize)
        self._busy: set[Connection] = set()
        self._idle: list[Connection] = []
        self._closed = False
        self._buffer = memoryview(bytearray(_READ_SIZE))

    async def take(self, *, fresh: bool = False) -> Connection:
        """A connection to send one request on, a new one if `fresh`.

        Raises `OSError`: `ConnectError`, `socket.gaierror`, `ssl.SSLError`, `TimeoutError`.
        """
        if self._slots.locked():
            async with asyncio.timeout(limits.POOL_TIMEOUT):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            connection = (None if fresh else self._waiting()) or await self._connected()
        except BaseException:
            self._slots.release()
            raise
        self._busy.add(connection)
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
            self._busy.discard(connection)
            self._slots.release()
            if connection.lasting:
                self._idle.append(connection)
        elif not connection.lasting and connection in self._idle:
            self._idle.remove(connection)

    async def _connected(self) -> Connection:
        to = self._endpoint
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limits.CONNECT_TIMEOUT):
                addresses = await loop.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
                opened = await aiohappyeyeballs.start_connection(
                    addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY, socket_factory=kept_alive
                )
                name = (to.server_name or to.host.rstrip(".")) if to.context is not None else None
                _, connection = await loop.create_connection(
                    lambda: Connection(self._freed, self._buffer), sock=opened, ssl=to.context, server_hostname=name
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
