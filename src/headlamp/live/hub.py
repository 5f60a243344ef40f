"""The readings that are going on, and who looks at them: viewers who may see the same rows share one reading."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Iterator

from headlamp.live.endings import Endings
from headlamp.live.lingering import Lingering
from headlamp.live.quotas import Quotas
from headlamp.live.resources import Selection
from headlamp.live.seat import Seat
from headlamp.live.seating import Seating
from headlamp.live.sending import Sweep
from headlamp.live.sharing import Companies
from headlamp.live.subscription import Subscriber, Subscription
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic
from headlamp.live.viewer import Access, OpenAccess
from headlamp.live.window import WINDOW_FROM


class Hub:
    """One reading for each cluster, selection and company (see `sharing`): of one user, or `between_users` of many.

    Of lists with more rows than `window_from`, pages that say what is in sight are sent windows.
    """

    def __init__(
        self,
        *,
        between_users: bool = False,
        now: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        timing: Timing | None = None,
        window_from: int = WINDOW_FROM,
    ) -> None:
        self.timing = timing or Timing()
        self.now = now
        self.random = random
        self.endings = Endings()
        self.quotas = Quotas()
        self.sweep = Sweep()
        self._companies = Companies(self.timing, between_users=between_users)
        self._seating = Seating(
            self._companies, self.endings, timing=self.timing, now=now, random=random, window_from=window_from
        )
        self._seats: dict[Subscription, Seat] = {}
        self._lingering = Lingering(self.timing.linger, self._seating.vacate)

    def __len__(self) -> int:
        return sum(1 for _ in self._seating)

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._seating)

    async def subscribe(
        self,
        access: Access,
        open_access: OpenAccess,
        selection: Selection,
        subscription_id: int,
        subscriber: Subscriber,
    ) -> Subscription:
        """Join the reading of `selection`, or begin it. The subscriber is told when there is something to take."""
        seat = await self._seating.seat_for(access, open_access, selection)
        self._lingering.forget(seat)
        seat.member.open_access = open_access
        subscription = Subscription(subscription_id, subscriber, seat.topic)
        self._seats[subscription] = seat
        seat.add(subscription)
        subscriber.ready(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """End a subscription.

        If nobody else looks with the same credential, the others read on with one of theirs, at once. Without others
        the reading goes on for a little while in case somebody comes back (see `Lingering`).
        """
        seat = self._seats.pop(subscription)
        seat.remove(subscription)
        if seat.member.subscriptions or seat.member not in seat.topic.members:
            return
        if len(seat.topic.members) > 1:
            self._seating.vacate(seat)
        else:
            self._lingering.begin(seat)

    async def close(self) -> None:
        """End all readings."""
        self._lingering.close()
        await self._seating.close()
        await self._companies.close()
        await self.endings.close()
