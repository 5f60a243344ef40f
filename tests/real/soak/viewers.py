"""People who look at lists: they come and go, read slowly, and vanish; what they see is compared with the truth."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import aiohttp
from tests.real.clients.live import CONFIG_MAPS, LiveConnection, LiveList
from tests.real.soak.churn import COLOURS, Truth
from tests.real.soak.world import NAMESPACES, TEAM_NAMESPACES

MOST_LISTS = 3
SLOW = 0.1
"""The share of viewers that read slowly."""
NAPS_S, AWAKE_S = (2.0, 9.0), (15.0, 60.0)
"""How long they don't read, and read again. A page has to answer a ping in time; ours does so only when it reads."""
VANISH = 0.3
"""The share that does not say good-bye."""
# Reset the connection instead of ending it.
_LINGER_NOT = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class View:
    """One subscription: what was asked for, and what came."""

    namespaces: tuple[str, ...]
    colour: str
    rows: LiveList

    def wrong(self, truth: Truth) -> str:
        """How it differs from the truth; empty if it does not."""
        wanted = {
            key: cell
            for key, (cell, colour) in truth.items()
            if (not self.namespaces or key[0] in self.namespaces) and (not self.colour or colour == self.colour)
        }
        rows = self.rows
        if rows.state != "live" or not rows.synced:
            return f"{self.scope}: {rows.state} ({rows.why or rows.error})"
        at = rows.columns.index("Data")
        shown = {key: cells[at] for key, cells in rows.rows.items()}
        if shown == wanted:
            return ""
        missing, extra = sorted(wanted.keys() - shown.keys()), sorted(shown.keys() - wanted.keys())
        other = [key for key in wanted.keys() & shown.keys() if wanted[key] != shown[key]]
        return f"{self.scope}: of {len(wanted)} rows missing {missing[:5]}, not there {extra[:5]}, stale {other[:5]}"

    @property
    def scope(self) -> str:
        """For people who read of it."""
        return f"{'+'.join(self.namespaces) or 'all'}{f' ({self.colour})' if self.colour else ''}"


class Viewer(LiveConnection):
    """One page of somebody. A slow one takes naps, unless it is `hurried`."""

    def __init__(self, who: str, socket: aiohttp.ClientWebSocketResponse, random: Random, hurried: asyncio.Event):
        super().__init__(socket)
        self.who = who
        self.views: list[View] = []
        self.leaving = False
        self.slow = random.random() < SLOW
        self._page = socket
        self._random = random
        self._hurried = hurried
        self._listening = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        nap_at = loop.time() + self._random.uniform(*AWAKE_S)
        async for frame in self._page:
            if self.slow and loop.time() > nap_at:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurried.wait(), self._random.uniform(*NAPS_S))
                nap_at = loop.time() + self._random.uniform(*AWAKE_S)
            await self.take(frame)
        self.ended.set()

    async def look(self, everywhere: bool) -> None:
        """Ask for one list or several: of one namespace, of some, or of all for those who may see `everywhere`."""
        open_to_them = NAMESPACES if everywhere else TEAM_NAMESPACES
        for _ in range(self._random.randint(1, MOST_LISTS)):
            size = self._random.choice((1, 1, 2, 3, 0 if everywhere else 1))
            namespaces = tuple(sorted(self._random.sample(open_to_them, size)))
            colour = self._random.choice(COLOURS) if self._random.random() < 0.1 else ""
            selector = f"colour={colour}" if colour else ""
            rows = await self.subscribe(CONFIG_MAPS, *namespaces, label_selector=selector)
            self.views.append(View(namespaces, colour, rows))

    async def leave(self) -> None:
        """Close the page, or let its machine go down: the connection ends then without a word, or is reset."""
        self.leaving = True
        if self._random.random() < VANISH:
            line: socket.socket | None = self._page.get_extra_info("socket")
            if line is not None and self._random.random() < 0.5:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            with contextlib.suppress(OSError):
                if line is not None:
                    line.shutdown(socket.SHUT_RDWR)
        else:
            await self._page.close()
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, aiohttp.ClientError):
            await self._listening

    def dropped(self) -> str:
        """Why it was closed, if it was not by itself."""
        if self.signed_out is not None:
            return f"{self.who} was signed out: {self.signed_out}"
        if self._listening.done() and not self.leaving:
            error = None if self._listening.cancelled() else self._listening.exception()
            return f"{self.who} was dropped with {error or self.close_code}{' (slow)' if self.slow else ''}"
        return ""

    def broken_promises(self) -> Iterator[str]:
        """What was wrong with the messages themselves, each told once."""
        for view in self.views:
            for fault in view.rows.faults:
                yield f"{self.who} at {view.scope}: {fault} ({', '.join(view.rows.heard)})"
            view.rows.faults.clear()

    def wrong(self, truth: Truth) -> Iterator[str]:
        """What of its lists is not as it should be."""
        for view in self.views:
            if fault := view.wrong(truth):
                yield f"{self.who} at {fault}"
