"""Everything that somebody may have open at a time, to see when it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from tests.real.clients.browser import Browser
from tests.real.clients.channels import EXEC_V5, exec_address
from tests.real.clients.live import CONFIG_MAPS, live

BINARY = ["base64.binary.k8s.io"]


class OpenStreams:
    """Streams, each read up to its end."""

    def __init__(self, reading: dict[str, asyncio.Task[Any]]) -> None:
        self._reading = reading

    @property
    def ended(self) -> set[str]:
        """Which of them have ended."""
        return {name for name, task in self._reading.items() if task.done()}

    async def all_end(self, *, within: float) -> None:
        """Wait until all have ended. Raises `TimeoutError` with those that have not."""
        await asyncio.wait(self._reading.values(), timeout=within)
        left = self._reading.keys() - self.ended
        if left:
            raise TimeoutError(f"still open after {within:g} s: {', '.join(sorted(left))}")


@asynccontextmanager
async def open_streams(
    browser: Browser, origin: str, namespace: str, pod: str, *, cluster: str = "lab"
) -> AsyncIterator[OpenStreams]:
    """Live rows, watches over HTTP and WebSocket, a followed log and a terminal, for as long as the block lasts."""
    address = f"{origin}/clusters/{cluster}"
    watch = f"{address}/api/v1/namespaces/{namespace}/configmaps?watch=1"
    async with contextlib.AsyncExitStack() as stack:
        reading: dict[str, asyncio.Task[Any]] = {}

        def read(name: str, what: Coroutine[Any, Any, Any]) -> None:
            reading[name] = asyncio.create_task(what)
            stack.callback(reading[name].cancel)

        rows = await stack.enter_async_context(live(browser, origin))
        listed = await rows.subscribe(CONFIG_MAPS, namespace, cluster=cluster)
        await rows.until(lambda: listed.state == "live", within=30)
        read("live rows", rows.ended.wait())
        read("watch over HTTP", _answer(await stack.enter_async_context(await browser.stream(watch))))
        for name, url, protocols in (
            ("watch over WebSocket", watch, BINARY),
            ("log", f"{address}{pod}/log?follow=true&tailLines=1", BINARY),
            ("terminal", exec_address(f"{address}{pod}", "sh", stdin=1, tty=1), [EXEC_V5]),
        ):
            read(name, _socket(await stack.enter_async_context(await browser.websocket(url, protocols))))
        yield OpenStreams(reading)


async def _answer(answer: aiohttp.ClientResponse) -> None:
    """Read to the end, whether it is a clean one or not."""
    assert answer.status == 200
    with contextlib.suppress(aiohttp.ClientPayloadError, aiohttp.ClientConnectionError):
        async for _ in answer.content:
            pass


async def _socket(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
