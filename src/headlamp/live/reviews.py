"""Whether somebody may still read along with the others: asked again and again for as long as they do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from headlamp.live.rights import CannotTell
from headlamp.live.sharing import ALONE, CLUSTER, Standing
from headlamp.live.timing import Timing


class Reviewed(Protocol):
    """Who is asked about."""

    @property
    def company(self) -> str:
        """The company in which it is now."""
        ...

    def hold(self) -> None:
        """It is not known whether it still may: it is shown nothing new."""
        ...

    def release(self) -> None:
        """It is known again that it may."""
        ...


class Ask(Protocol):
    """`Companies.company` for one seat."""

    def __call__(self, *, since: float) -> Awaitable[Standing]: ...


class Review:
    """The reviews of one seat. `ask` asks anew, with nothing that was asked before `since`; `move` says the outcome.

    A yes counts for `Timing.granted` seconds from when it was asked for; the next question comes well before that, at
    a moment of chance, so that those of a thousand users are spread. A no after a yes is believed when it is still one
    after `Timing.doubt`: an API server that has just started says no to everybody.
    """

    def __init__(
        self,
        seat: Reviewed,
        ask: Ask,
        *,
        asked: float,
        move: Callable[[str], None],
        timing: Timing,
        random: Callable[[], float],
    ) -> None:
        self._seat = seat
        self._move = move
        self._ask = ask
        self._timing = timing
        self._random = random
        self._held = False
        self._hastened = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._confirm(asked)
        self._task = asyncio.create_task(self._run())

    def hasten(self) -> None:
        """There is a reason to ask now."""
        self._hastened.set()

    def stop(self) -> None:
        """Ask no more."""
        self._task.cancel()
        if self._deadline is not None:
            self._deadline.cancel()

    async def _run(self) -> None:
        timing = self._timing
        pause = self._spread(timing.review)
        refused_since: float | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._hastened.wait()
            self._hastened.clear()
            now = asyncio.get_running_loop().time()
            try:
                standing = await self._ask(since=now)
            except CannotTell:
                pause = self._spread(timing.review_pause)
                continue
            company = self._seat.company
            if standing.company == company:
                self._confirm(standing.asked)
                refused_since = None
                pause = self._spread(timing.review)
            elif company != ALONE and standing.company != CLUSTER and self._in_doubt(refused_since, now):
                refused_since = now if refused_since is None else refused_since
                pause = timing.doubt / 5
            else:
                self._confirm(standing.asked)
                refused_since = None
                pause = self._spread(timing.review)
                self._move(standing.company)

    def _in_doubt(self, refused_since: float | None, now: float) -> bool:
        return refused_since is None or now - refused_since < self._timing.doubt

    def _spread(self, pause: float) -> float:
        return pause * (0.5 + 0.5 * self._random())

    def _confirm(self, asked: float) -> None:
        loop = asyncio.get_running_loop()
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = loop.call_at(asked + self._timing.granted, self._expire)
        if self._held:
            self._held = False
            self._seat.release()

    def _expire(self) -> None:
        if self._seat.company != ALONE:
            self._held = True
            self._seat.hold()
