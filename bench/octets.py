"""P4: bytes of ten thousand pods, API server to us and us to the browser, and of each change afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

from bench.figures import Figure
from bench.relay import relay_to
from bench.restarts import restarts
from bench.sign_in import sign_in
from bench.stages import RealStage, signing_in
from bench.subscriber import Subscriber, browser_session

# One at a time: changes that come together share a frame, and cost less each.
CHANGES, SHORT_CHANGES = 60, 20
PAUSE_S = 0.4
MB, KB = 1e6, 1e3


def measure(stage: RealStage, *, short: bool) -> list[Figure]:
    """The figures. What goes over the wire is counted, TLS and HTTP included; to the browser, frames with headers."""
    return asyncio.run(_measure(stage, SHORT_CHANGES if short else CHANGES))


async def _measure(stage: RealStage, changes: int) -> list[Figure]:
    port = urlsplit(stage.beside.server).port or 443
    async with relay_to(port) as relay, restarts(stage.cluster) as writer, browser_session() as client:
        beside = replace(stage.beside, server=f"https://127.0.0.1:{relay.port}")
        with signing_in(beside) as target:
            cookie = (await sign_in(target.url)).cookie
            async with Subscriber(client, target.url, cookie) as tab:
                await tab.subscribe()
                await tab.until_synced()
                # The watches are open, and all of them have said what they say first.
                await asyncio.sleep(2)
                listed, shown = relay.down, tab.traffic.octets
                for _ in range(changes):
                    await writer.change()
                    await asyncio.sleep(PAUSE_S)
                await asyncio.sleep(1)
                up, down = (relay.down - listed) / changes, (tab.traffic.octets - shown) / changes
    return [
        Figure("P4", "API server to us, list", listed / MB, "MB", 2.0),
        Figure("P4", "us to the browser, list", shown / KB, "KB", 220.0),
        Figure("P4", "API server to us, a change", up / KB, "KB", 6.0),
        Figure("P4", "us to the browser, a change", down, "B", 200.0),
    ]
