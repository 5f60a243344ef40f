"""What live rows are told about whom they are for: the seams towards sessions and the web."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from headlamp.clusters.cluster import Cluster
from headlamp.clusters.credential import CredentialSource
from headlamp.clusters.transport import ClusterTransport


@dataclass(frozen=True, slots=True)
class Access:
    """One user's way into one cluster."""

    cluster: Cluster
    transport: ClusterTransport
    credential: CredentialSource


OpenAccess = Callable[[], Awaitable[Access]]


class Viewer(Protocol):
    """The user behind a connection. `open` keeps working for as long as the session, not only the connection."""

    @property
    def ended(self) -> asyncio.Event:
        """Set once when the session is over."""
        ...

    async def open(self, cluster_name: str) -> Access:
        """The way into a cluster as it is defined now. Raises a `Problem`: no such cluster, or not signed in for it."""
        ...


class Channel(Protocol):
    """A WebSocket that somebody else accepted. Sending waits until the peer takes more (back-pressure)."""

    async def send_text(self, text: str) -> None: ...
    async def send_binary(self, data: bytes) -> None: ...
    async def receive(self) -> str | None:
        """The next text message; None once the connection is closed."""
        ...

    async def close(self, code: int, reason: str) -> None: ...
