"""Who has to be told when a session or a credential ends: one task an event, however many wait for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable


class Endings:
    """Calls back when an event is set. A thousand tabs of one session cost one task."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Event, tuple[asyncio.Task[None], set[Callable[[], None]]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def call(self, event: asyncio.Event, back: Callable[[], None]) -> None:
        """Call `back` once the event is set: in a moment, if it is already."""
        known = self._waiting.get(event)
        if known is None:
            known = self._waiting[event] = (asyncio.create_task(self._wait(event)), set())
        known[1].add(back)

    def forget(self, event: asyncio.Event, back: Callable[[], None]) -> None:
        """`back` is not to be called any more."""
        known = self._waiting.get(event)
        if known is None:
            return
        task, backs = known
        backs.discard(back)
        if not backs:
            del self._waiting[event]
            task.cancel()

    async def close(self) -> None:
        """Call nobody any more."""
        tasks = [task for task, _ in self._waiting.values()]
        self._waiting.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, event: asyncio.Event) -> None:
        await event.wait()
        _, backs = self._waiting.pop(event)
        for back in backs:
            try:
                back()
            except Exception:
                # The others have to hear of it all the same.
                logging.getLogger("headlamp.live").exception("telling of an end failed")
