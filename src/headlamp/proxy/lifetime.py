"""Ending what goes on for somebody who has gone, or whose session is over."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

from aiohttp import web

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import Bearer, CredentialSource
from headlamp.proxy.errors import NotSignedIn

LOOK_EVERY = 0.25
"""Seconds; a stream must end within one second of its session."""

CLIENT_CLOSED_REQUEST = 499
"""The status of an answer that nobody is there to take."""

VANISHED_AFTER_S = 60.0
"""How long what was sent to a client may stay unacknowledged."""


@contextlib.contextmanager
def cut_when(over: Callable[[], bool], cut: asyncio.Timeout) -> Iterator[None]:
    """Let `cut` expire once `over` says so.

    A timer that looks is cheaper than a task for each request, and aiohttp's server by itself says nothing to a
    handler whose client goes away while it waits.
    """
    loop = asyncio.get_running_loop()
    handle: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal handle
        if over():
            cut.reschedule(loop.time())
        else:
            handle = loop.call_later(LOOK_EVERY, look)

    handle = loop.call_later(LOOK_EVERY, look)
    try:
        yield
    finally:
        if handle is not None:
            handle.cancel()


def client_is_gone(request: web.Request) -> bool:
    """Whether the connection of `request` is closed."""
    transport = request.transport
    return transport is None or transport.is_closing()


def notice_vanished(request: web.Request) -> None:
    """Have the kernel close the connection of a client that no longer acknowledges (TCP_USER_TIMEOUT, RFC 5482).

    Something must be sent now and then; a client that only takes its time acknowledges all the same.
    """
    connection = request.transport.get_extra_info("socket") if request.transport is not None else None
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(VANISHED_AFTER_S * 1000))


async def bearer_for(cluster: Cluster, credential: CredentialSource | None) -> Bearer | None:
    """The bearer to send; None when the kubeconfig's own user speaks, which only the laptop case permits.

    Raises `NotSignedIn`, and what `CredentialSource.current` raises.
    """
    bearer = await credential.current() if credential is not None else None
    if bearer is None and cluster.local_credentials is None:
        raise NotSignedIn(f"Nobody has signed in for the cluster {cluster.original_name}.")
    return bearer
