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
VIEW = {"number": 1, "filter": "", "sort": "@urgent", "descending": False, "status": "", "first": 0, "count": 100}
"""What the page shows first of a list, which it says with the subscription: a long list comes in windows then."""
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
        self._view: dict[str, Any] = VIEW
        # Set while nothing is waited for: what is not looked at costs no time.
        self._answered = asyncio.Event()
        self._answered.set()

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
        """Ask for all pods, as the page does; `until_synced` waits for them."""
        message = {
            "type": "subscribe",
            "id": 1,
            "cluster": cluster,
            "resource": PODS,
            "namespaces": namespaces,
            "label_selector": "",
            "field_selector": "",
            "view": self._view,
        }
        self.wanted_at = time.perf_counter()
        await self._socket.send_str(json.dumps(message))

    async def show(self, within: float = 120.0, **other: Any) -> float:
        """Look at something else of a list that comes in windows. Returns the seconds until it is there."""
        self._view = self._view | other | {"number": self._view["number"] + 1}
        self._answered.clear()
        asked_at = time.perf_counter()
        await self._socket.send_str(json.dumps({"type": "view", "id": 1, "view": self._view}))
        async with asyncio.timeout(within):
            await self._answered.wait()
        return time.perf_counter() - asked_at

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
            if not self._answered.is_set() or self.keep:
                self._look_at(json.loads(data if isinstance(data, str) else gzip.decompress(data)))
        self.closed = True

    def _look_at(self, message: dict[str, Any]) -> None:
        if self.keep:
            self.messages.append(message)
        if message["type"] == "window" and message["view"] == self._view["number"]:
            self._answered.set()


def browser_session(**options: Any) -> aiohttp.ClientSession:
    """A client without memory of its own, for very many connections."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(),
        **options,
    )
