"""Ending what goes on for somebody who has gone, or whose session is over."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Self

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


class CutWhen:
    """Ends the `with` block that it opens, quietly and in the middle, once `over` says so.

    A timer that looks is cheaper than a task for each request, and aiohttp's server by itself says nothing to a
    handler whose client goes away while it waits. Like `asyncio.timeout`, it takes back the cancellation by which it
    ends the block, and no other one.
    """

    __slots__ = ("_cancelling", "_due", "_loop", "_over", "_task", "_timer")

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._due = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._timer.cancel()
        return self._due and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError

    def _look(self) -> None:
        if self._over():
            self._due = True
            self._task.cancel()
        else:
            self._timer = self._loop.call_later(LOOK_EVERY, self._look)


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
