"""A client of the live protocol that looks at nothing but sizes, times and the word that a list is complete."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

PODS = {"group": "", "version": "v1", "plural": "pods", "namespaced": True}
SYNCED = '{"type":"synced"'
CHANGES = '{"type":"changes"'


@dataclass
class Traffic:
    """What came, the frames' headers included."""

    frames: int = 0
    octets: int = 0

    def add(self, size: int) -> None:
        """A frame with a payload of that many bytes (RFC 6455, section 5.2)."""
        self.frames += 1
        self.octets += size + (2 if size < 126 else 4 if size < 65_536 else 10)


@dataclass
class Subscriber:
    """One connection of one tab. Use it as `async with`; it reads by itself until it is left."""

    client: aiohttp.ClientSession
    url: str
    cookie: str
    keep: bool = False
    traffic: Traffic = field(default_factory=Traffic)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """All of them decoded, when `keep` says so."""
    synced_at: float = 0.0
    """Of `time.perf_counter()`; `wanted_at` too."""
    wanted_at: float = 0.0
    closed: bool = False

    def __post_init__(self) -> None:
        self._synced = asyncio.Event()

    async def __aenter__(self) -> Self:
        headers = {"Cookie": self.cookie, "Origin": self.url}
        self._socket = await self.client.ws_connect(
            f"{self.url}/api/live", headers=headers, max_msg_size=0, autoping=True, compress=0
        )
        hello = await self._socket.receive_str()
        assert '"hello"' in hello, hello
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def subscribe(self, *, cluster: str = "main", namespaces: list[str] | None = None) -> None:
        """Ask for all pods; `until_synced` waits for them."""
        message = {
            "type": "subscribe",
            "id": 1,
            "cluster": cluster,
            "resource": PODS,
            "namespaces": namespaces,
            "label_selector": "",
            "field_selector": "",
        }
        self.wanted_at = time.perf_counter()
        await self._socket.send_str(json.dumps(message))

    async def until_synced(self, within: float = 120.0) -> float:
        """Seconds from the subscription to the last row."""
        async with asyncio.timeout(within):
            await self._synced.wait()
        return self.synced_at - self.wanted_at

    async def _read(self) -> None:
        async for message in self._socket:
            data: str | bytes = message.data
            self.traffic.add(len(data))
            if isinstance(data, str) and data.startswith(SYNCED):
                self.synced_at = time.perf_counter()
                self._synced.set()
            if self.keep:
                text = data if isinstance(data, str) else gzip.decompress(data)
                self.messages.append(json.loads(text))
        self.closed = True


def browser_session(**options: Any) -> aiohttp.ClientSession:
    """A client without memory of its own, for very many connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        **options,
    )
