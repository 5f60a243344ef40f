"""What live rows are told about whom they are for: the seams towards sessions and the web."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from headlamp.clusters.cluster import Cluster, ClusterTls
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport

Where = tuple[str, str, ClusterTls, str | None]
"""A cluster as it is reached: what is read there must never be taken for what is read elsewhere."""


@dataclass(frozen=True, slots=True)
class Access:
    """One user's way into one cluster."""

    cluster: Cluster
    transport: ClusterTransport
    credential: CredentialSource

    @property
    def where(self) -> Where:
        """The cluster under its name, at its address, as its certificate is judged, through its proxy."""
        cluster = self.cluster
        return (cluster.name, cluster.server, cluster.tls, cluster.proxy_url)


OpenAccess = Callable[[], Awaitable[Access]]


class Viewer(Protocol):
    """The user behind a connection. `open` keeps working for as long as the session, not only the connection."""

    @property
    def session(self) -> Hashable:
        """The session that it is part of: what its tabs may have open is counted together."""
        ...

    @property
    def ended(self) -> asyncio.Event:
        """Set once when the session is over."""
        ...

    async def open(self, cluster_name: str) -> Access:
        """The way into a cluster as it is defined now. Raises a `Problem`: no such cluster, or not signed in for it."""
        ...


class Channel(Protocol):
    """A WebSocket that somebody else accepted. A frame is a `str` for a text frame or `bytes` for a binary one."""

    def post(self, frame: str | bytes) -> bool:
        """Send a frame at once; False, and nothing is sent, where the peer has to be waited for."""
        ...

    async def send(self, frame: str | bytes) -> None:
        """Send a frame; waits while the peer takes nothing (back-pressure). Raises `ConnectionError`."""
        ...

    async def receive(self) -> str | None:
        """The next text message; None once the connection is closed."""
        ...

    async def close(self, code: int, reason: str) -> None: ...
