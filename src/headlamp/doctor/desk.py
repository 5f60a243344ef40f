"""Where a running server's examinations are asked for: one at a time, and not again before a little while is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from headlamp.doctor.examination import WHOLE_S, examine
from headlamp.doctor.examined import Examined
from headlamp.doctor.report import Report
from headlamp.doctor.tools import Tools

FRESH_S = 10.0
# Nobody looks at it any more, and it may hold what one person's token says.
MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class _Kept:
    report: Report
    until: float


class Desk:
    """Keeps a report for `fresh` seconds for whoever it was made for, and makes one report at a time.

    So nobody can make this server flood providers and clusters with questions by asking it often.
    """

    def __init__(
        self,
        *,
        tools: Tools | None = None,
        fresh: float = FRESH_S,
        within: float = WHOLE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tools = tools or Tools()
        self._fresh = fresh
        self._within = within
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._running: dict[str, asyncio.Task[Report]] = {}
        self._kept: dict[str, _Kept] = {}

    async def report(self, who: str, look: Callable[[], Examined]) -> Report:
        """The report for `who`, an opaque name: a kept one, the one that is being made, or a new one of `look()`."""
        kept = self._kept.get(who)
        if kept is not None and self._monotonic() < kept.until:
            return kept.report
        task = self._running.get(who)
        if task is None:
            task = self._running[who] = asyncio.create_task(self._make(who, look), name="doctor")
            task.add_done_callback(lambda _: self._running.pop(who, None))
        # Whoever asked may leave; others may be waiting for the same.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Stop what is being made."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._kept.clear()

    async def _make(self, who: str, look: Callable[[], Examined]) -> Report:
        async with self._turn:
            report = await examine(look(), tools=self._tools, within=self._within)
            while len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[who] = _Kept(report, self._monotonic() + self._fresh)
            return report
