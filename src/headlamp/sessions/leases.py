"""A lease that its holder keeps up: whoever dies with it is waited for briefly, and whoever works is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from headlamp.sessions.errors import StoreUnavailable
from headlamp.sessions.store import SessionStore

# What people wait for when a process dies in the middle of a renewal, at most.
LEASE_S = 10.0
KEEP_UP_EVERY_S = 2.5

log = structlog.stdlib.get_logger("headlamp.sessions")


class Lease:
    """The lease `name` of a store, for the process that `owner` names. `sleep` takes seconds."""

    def __init__(
        self,
        store: SessionStore,
        name: bytes,
        owner: bytes,
        *,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._store = store
        self._name = name
        self._owner = owner
        self._now = now
        self._sleep = sleep
        self._left = False

    async def take(self) -> bool:
        """Take it, or take it for longer; False when somebody else has it. Raises `StoreUnavailable`."""
        return await self._store.lease(self._name, self._owner, now=self._now(), seconds=LEASE_S)

    def leave(self) -> None:
        """Don't give it back: let it run out."""
        self._left = True

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Lease]:
        """Keep up what has been taken until the block ends, however long that takes, and then give it back."""
        keeper = asyncio.create_task(self._keep_up(), name="keep up a lease")
        try:
            yield self
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            if not self._left:
                with suppress(StoreUnavailable):
                    await self._store.release(self._name, self._owner)

    async def _keep_up(self) -> None:
        while True:
            await self._sleep(KEEP_UP_EVERY_S)
            try:
                if not await self.take():
                    log.warning("a lease was lost: this process stood still for longer than it lasts")
                    return
            except StoreUnavailable:
                continue  # the next try may be in time
