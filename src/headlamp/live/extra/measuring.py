"""When it is read what pods use, and why it is not known."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection

from headlamp.live.errors import Busy, NoSuchKind
from headlamp.live.extra.metrics import UsageOf
from headlamp.live.extra.reading import ObjectReader
from headlamp.live.protocol import Key
from headlamp.live.timing import Timing
from headlamp.problems import Problem

NO_METRICS = "Nobody measures what pods use here: the cluster has no metrics.k8s.io."


class Measuring:
    """Reads what pods use, now and then. `due_at` is a time of the loop's clock, `trouble` is "" when all is well."""

    def __init__(self, reader: ObjectReader, timing: Timing) -> None:
        self._reader = reader
        self._timing = timing
        self._now = asyncio.get_running_loop().time
        self._read_at = -math.inf
        self.due_at = -math.inf
        self.trouble = ""

    def reset(self) -> None:
        """Nothing is known yet, whatever was before."""
        self.due_at = -math.inf
        self.trouble = ""

    def hasten(self) -> None:
        """There are pods of which nothing is known: don't wait for the next time, unless it would not help."""
        if not self.trouble:
            self.due_at = min(self.due_at, max(self._now(), self._read_at + self._timing.extra))

    async def read(self, namespaces: Collection[str]) -> dict[Key, UsageOf] | None:
        """What the pods of these namespaces use, if it is due and can be told."""
        if self.due_at > self._now():
            return None
        usage, pause = None, self._timing.usage
        try:
            usage, refusal = await self._reader.usage(namespaces)
            self.trouble = refusal.message if refusal else ""
        except (NoSuchKind, Busy) as problem:
            # A service that is registered and does not run answers 503, at once and every time.
            pause, self.trouble = problem.retry_after or self._timing.no_usage, NO_METRICS
        except Problem as problem:
            self.trouble = problem.message
        self._read_at = self._now()
        self.due_at = self._read_at + pause
        return usage
