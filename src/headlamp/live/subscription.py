"""One viewer's place in a topic: what it still has to be sent, and nothing more than that."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from headlamp.live.frames import Payload
from headlamp.live.protocol import Synced, ViewSpec
from headlamp.problems import Problem

if TYPE_CHECKING:
    from headlamp.live.topic import Topic

# A viewer that is so many messages behind gets a snapshot of what is then, instead of all that was.
QUEUED_MESSAGES = 8


class Subscriber(Protocol):
    """The connection that a subscription belongs to."""

    def ready(self, subscription: Subscription) -> None:
        """`subscription.take()` has something to send."""
        ...

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        """The subscription is over."""
        ...

    def signed_out(self, problem: Problem) -> None:
        """The user must sign in again before anything can be read."""
        ...


class Subscription:
    """One viewer's place in a topic: what it still has to be sent."""

    def __init__(self, subscription_id: int, subscriber: Subscriber, topic: Topic) -> None:
        self.id = subscription_id
        self.topic = topic
        self.view: ViewSpec | None = None
        self._subscriber = subscriber
        self._since = topic.now()
        self._queue: deque[Payload] = deque()
        self._behind = True
        self._synced = False

    def show(self, view: ViewSpec) -> None:
        """The page says what of the list is in sight."""
        self.view = view

    def offer(self, *payloads: Payload) -> None:
        """Queue messages, unless a snapshot that is still to come will tell the same."""
        if not self._behind:
            self._queue += payloads
            if len(self._queue) > QUEUED_MESSAGES:
                self.fall_behind()
        self._subscriber.ready(self)

    def fall_behind(self) -> None:
        """Forget what is queued: a snapshot comes next."""
        self._queue.clear()
        self._behind = True
        self._synced = False
        self._since = self.topic.now()
        self._subscriber.ready(self)

    def take(self) -> list[Payload]:
        """All that is to be sent now, in order."""
        topic = self.topic
        messages: list[Payload] = []
        if self._behind:
            self._behind = False
            messages += topic.snapshot() if topic.loaded else [topic.state, *topic.snapshot()]
        messages += self._queue
        self._queue.clear()
        if topic.loaded and not self._synced:
            self._synced = True
            now = topic.now()
            messages.append(Payload(Synced(0, len(topic.table), now, round(now - self._since, 3))))
            messages.append(topic.state)
        return messages

    def fail(self, problem: Problem) -> None:
        """End it with an error."""
        self._subscriber.failed(self, problem)

    def sign_out(self, problem: Problem) -> None:
        """End the whole connection."""
        self._subscriber.signed_out(problem)
