"""The places in a pool of connections: so many at once, of which nobody has more than a share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from headlamp.clusters import limits


class _Share(asyncio.Semaphore):
    """The places of one who asks; `users` have one or wait for one."""

    users = 0


class Places:
    """`most` at once. Whoever wants more than `limits.SHARE` of them, or than are free, waits in line.

    Who asks is told apart by their credential: otherwise one who leaves calls hanging would keep all others waiting.
    None has no share, and may take all that are free.
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._shares: dict[str, _Share] = {}

    @property
    def full(self) -> bool:
        """Whether none is free."""
        return self._free.locked()

    async def take(self, who: str | None) -> None:
        """Wait for a place, which `give_back` makes free again. Raises `TimeoutError`."""
        share = self._shares.get(who) if who is not None else None
        if self._free.locked() or (share is not None and share.locked()):
            async with asyncio.timeout(limits.POOL_TIMEOUT):
                await self._take(who)
        else:
            await self._take(who)

    def give_back(self, who: str | None) -> None:
        """A place is free again."""
        self._free.release()
        if who is not None:
            self._shares[who].release()
            self._leave(who)

    @asynccontextmanager
    async def place(self, who: str | None) -> AsyncIterator[None]:
        """Have a place in the block. Raises `TimeoutError`."""
        await self.take(who)
        try:
            yield
        finally:
            self.give_back(who)

    async def _take(self, who: str | None) -> None:
        if who is None:
            await self._free.acquire()
            return
        share = self._shares.get(who)
        if share is None:
            share = self._shares[who] = _Share(limits.SHARE)
        share.users += 1
        try:
            await share.acquire()
            try:
                await self._free.acquire()
            except BaseException:
                share.release()
                raise
        except BaseException:
            self._leave(who)
            raise

    def _leave(self, who: str) -> None:
        share = self._shares[who]
        share.users -= 1
        if not share.users:
            del self._shares[who]
