"""Serving applications on loopback, and finding ports for them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

LOOPBACK = "127.0.0.1"
_HIGHEST_PORT = 65_535
# Streams of a simulation may be cut: Ctrl-C has to end everything at once.
_SHUTDOWN_SECONDS = 0.2


class NoFreePortError(Exception):
    """There is no free port from the wanted one up."""


def free_port(wanted: int) -> int:
    """The wanted port, or the first free one after it; 0 gives any. Raises `NoFreePortError`."""
    for port in range(wanted, _HIGHEST_PORT + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As servers do, so that a port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise NoFreePortError(f"no port from {wanted} up is free")


@asynccontextmanager
async def listening(
    application: web.Application, port: int, *, tls: ssl.SSLContext | None = None, header_limit: int = 8190
) -> AsyncIterator[None]:
    """Serve an application on a loopback port for as long as the context lasts. Raises `OSError` when it is taken."""
    runner = web.AppRunner(
        application,
        access_log=None,
        # A watch or log that nobody reads any more ends at once, not with its next event.
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        max_field_size=header_limit,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()
