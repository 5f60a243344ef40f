"""All viewers of a soak, each of them a page of one of the people who are signed in."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import aiohttp
from tests.real.clients.browser import Browser
from tests.real.soak.churn import Truth
from tests.real.soak.viewers import Viewer
from tests.real.stack.people import ADMINS, Person

TURNOVER_EVERY_S = 3.0
STAYS_S = 120.0
"""How long a viewer stays, on average."""
MOST_TOLD = 20
"""So many faults of one kind are told; the others are counted."""


class Audience:
    """Some `size` viewers at the product at `url`. Faults are gathered in `faults`."""

    def __init__(
        self, url: str, size: int, browsers: dict[Person, Browser], random: Random, tell: Callable[[str], None]
    ) -> None:
        self._url = url
        self._tell = tell
        self._size = size
        self._browsers = browsers
        self._random = random
        self._hurried = asyncio.Event()
        self._turning = asyncio.Lock()
        self.viewers: list[Viewer] = []
        self.faults: list[str] = []
        self.figures: Counter[str] = Counter()
        self._tokens_until: dict[Person, float] = {}

    async def fill(self) -> None:
        """Let viewers come until all are there."""
        while len(self.viewers) < self._size:
            await self._come()

    async def turn_over(self) -> None:
        """Let some leave and others come, until cancelled."""
        while True:
            await asyncio.sleep(TURNOVER_EVERY_S)
            async with self._turning:
                self._notice_dropped()
                for viewer in self._random.sample(self.viewers, round(self._size * TURNOVER_EVERY_S / STAYS_S)):
                    await self._part_from(viewer)
                await self.fill()

    async def empty(self) -> None:
        """Let all of them leave."""
        async with self._turning:
            self._notice_dropped()
            await asyncio.gather(*(viewer.leave() for viewer in self.viewers))
            self.viewers.clear()

    async def all_see(self, truth: Truth, *, within: float) -> float:
        """Wait until each list of each viewer equals the truth, and return how long that took, in seconds.

        Nobody comes, leaves or sleeps meanwhile. What is still wrong when time is up is a fault.
        """
        wrong = await self._wait(lambda: (fault for viewer in self.viewers for fault in viewer.wrong(truth)), within)
        self.figures["rows compared"] += sum(len(view.rows.rows) for viewer in self.viewers for view in viewer.views)
        self.figures["lists compared"] += sum(len(viewer.views) for viewer in self.viewers)
        return wrong

    async def nobody_is_silently_old(self, *, within: float) -> float:
        """The same for the word that rows are not current: each list has to say so."""

        def silent() -> Iterator[str]:
            for viewer in self.viewers:
                for view in viewer.views:
                    if view.rows.state == "live":
                        yield f"{viewer.who} at {view.scope}: live while the API server is down"

        return await self._wait(silent, within)

    async def look_at_sessions(self) -> None:
        """Ask for each person whether they are signed in, and count the tokens that were renewed."""
        for person, browser in self._browsers.items():
            answer = await browser.fetch(f"{self._url}/api/session")
            session: dict[str, Any] = answer.json() if answer.status == 200 else {}
            provider: dict[str, Any] = next(iter(session.get("providers", ())), {})
            if not session.get("signed_in") or not provider.get("signed_in"):
                self.fault("sessions", f"{person.name} is not signed in: {answer.status} {answer.text[:300]}")
                continue
            until = float(provider["expires_at"] or 0.0)
            if until != self._tokens_until.get(person, until):
                self.figures["tokens renewed (seen)"] += 1
            self._tokens_until[person] = until

    def tokens_end_in(self) -> float:
        """How long the tokens are good for that were seen last, at most, in seconds."""
        return max(self._tokens_until.values(), default=0.0) - time.time()

    async def _wait(self, wrong: Callable[[], Iterator[str]], within: float) -> float:
        began = time.monotonic()
        async with self._turning:
            self._hurried.set()
            try:
                while (first := next(wrong(), None)) is not None and time.monotonic() - began < within:
                    await asyncio.sleep(0.2)
                    self._notice_dropped()
                if first is not None:
                    for fault in wrong():
                        self.fault("rows", f"after {within:g} s: {fault}")
            finally:
                self._hurried.clear()
            self._notice_dropped()
        return time.monotonic() - began

    def _notice_dropped(self) -> None:
        for viewer in list(self.viewers):
            for promise in viewer.broken_promises():
                self.fault("messages", promise)
            if why := viewer.dropped():
                self.fault("dropped", why)
                self.viewers.remove(viewer)

    async def _come(self) -> None:
        person = self._random.choice(list(self._browsers))
        try:
            socket = await self._browsers[person].websocket(f"{self._url}/api/live")
        except aiohttp.ClientError as error:
            self.fault("joining", f"{person.name} was not let in: {error}")
            await asyncio.sleep(1.0)
            return
        viewer = Viewer(person.name, socket, self._random, self._hurried)
        self.viewers.append(viewer)
        self.figures["viewers"] += 1
        await viewer.look(everywhere=ADMINS in person.groups)

    async def _part_from(self, viewer: Viewer) -> None:
        self.viewers.remove(viewer)
        await viewer.leave()

    def fault(self, kind: str, what: str) -> None:
        """Something was not as promised."""
        self.figures[f"faults: {kind}"] += 1
        if self.figures[f"faults: {kind}"] <= MOST_TOLD:
            self.faults.append(f"{time.strftime('%H:%M:%S')} {what}")
            self._tell(what)
