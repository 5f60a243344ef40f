"""Who reads what: viewers who want the same rows as the same user share one reading."""

from __future__ import annotations

import asyncio
import random as random_module
import time
from collections.abc import Callable

from headlamp.live.resources import Selection
from headlamp.live.subscription import Subscriber, Subscription
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic
from headlamp.live.viewer import Access, OpenAccess

_TopicKey = tuple[str, str, str, Selection]


class Hub:
    """The readings that are going on, one for each user (as the cluster sees them), cluster and selection."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        timing: Timing | None = None,
    ) -> None:
        self.timing = timing or Timing()
        self.now = now
        self._random = random
        self._topics: dict[_TopicKey, Topic] = {}
        self._lingering: dict[_TopicKey, asyncio.TimerHandle] = {}
        self._stopping: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._topics)

    def subscribe(
        self,
        access: Access,
        open_access: OpenAccess,
        selection: Selection,
        subscription_id: int,
        subscriber: Subscriber,
    ) -> Subscription:
        """Join the reading of `selection`, or begin it. The subscriber is told when there is something to take."""
        key = (access.credential.identity, access.cluster.name, access.cluster.server, selection)
        if handle := self._lingering.pop(key, None):
            handle.cancel()
        topic = self._topics.get(key)
        if topic is None:
            topic = Topic(
                access,
                open_access,
                selection,
                timing=self.timing,
                now=self.now,
                random=self._random,
                over=lambda: self._forget(key),
            )
            self._topics[key] = topic
            topic.start()
        topic.open_access = open_access
        subscription = Subscription(subscription_id, subscriber, topic)
        topic.subscriptions.add(subscription)
        subscriber.ready(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """End a subscription. The reading goes on for a little while in case somebody comes back."""
        topic = subscription.topic
        topic.subscriptions.discard(subscription)
        if topic.subscriptions:
            return
        for key, known in self._topics.items():
            if known is topic and key not in self._lingering:
                loop = asyncio.get_running_loop()
                self._lingering[key] = loop.call_later(self.timing.linger, self._end, key)
                return

    async def close(self) -> None:
        """End all readings."""
        for handle in self._lingering.values():
            handle.cancel()
        self._lingering.clear()
        topics = list(self._topics.values())
        self._topics.clear()
        await asyncio.gather(*(topic.stop() for topic in topics), *self._stopping)

    def _end(self, key: _TopicKey) -> None:
        self._lingering.pop(key, None)
        topic = self._topics.pop(key, None)
        if topic is not None:
            task = asyncio.create_task(topic.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)

    def _forget(self, key: _TopicKey) -> None:
        """A reading has come to its end by itself."""
        self._topics.pop(key, None)
        if handle := self._lingering.pop(key, None):
            handle.cancel()
