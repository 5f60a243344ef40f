"""One viewer's place in a topic: what it still has to be sent, and nothing more than that."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from headlamp.live.extra.column import BadExtra
from headlamp.live.extra.extras import Extras
from headlamp.live.extra.registry import extra_column
from headlamp.live.filtering.matching import ValuesOf
from headlamp.live.frames import Payload
from headlamp.live.protocol import Synced, ViewSpec
from headlamp.live.viewport import Viewport
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
        self._view: ViewSpec | None = None
        self._viewport: Viewport | None = None
        self.make_extras: Callable[[], Extras] | None = None
        self._extras: Extras | None = None
        self._subscriber = subscriber
        self._since = topic.now()
        self._queue: deque[Payload] = deque()
        self._behind = True
        self._synced = False
        self._held = False
        self._showing = False
        self._goodbye: list[Payload] = []
        self.turn = 0
        """Counted up when what was taken before must not be sent any more."""

    @property
    def windowed(self) -> bool:
        """Whether it is sent windows instead of all rows."""
        return self._viewport is not None and self.topic.windows.on

    def show(self, view: ViewSpec) -> None:
        """The page says what of the list is in sight."""
        self._view = view
        if self._viewport is None:
            self._open(view)
        else:
            self._viewport.show(view)

    @property
    def extras(self) -> Extras:
        """The extra columns of these rows, made when they are first asked for."""
        if self._extras is None:
            assert self.make_extras is not None
            self._extras = self.make_extras()
        return self._extras

    def close(self) -> None:
        """Nobody looks any more."""
        if self._viewport is not None:
            self._viewport.close()
            self._viewport = None
        if self._extras is not None:
            self._extras.close()
            self._extras = None

    def offer(self, *payloads: Payload) -> None:
        """Queue messages about rows, unless a snapshot that is still to come, or a window, will tell the same."""
        if self._held:
            return
        if not self._behind and not self.windowed:
            self._queue += payloads
            if len(self._queue) > QUEUED_MESSAGES:
                self.fall_behind()
        self._subscriber.ready(self)

    def tell(self, state: Payload) -> None:
        """Queue the topic's new state."""
        if self._held or not self.windowed:
            self.offer(state)
        else:
            # Nothing else is queued for windows, so that this takes the place of a state that was not sent yet.
            self._queue.clear()
            self._queue.append(state)
            self._subscriber.ready(self)

    def hold(self, state: Payload) -> None:
        """Show nothing of the topic from now on but what is on the page already, and say so."""
        self._held = True
        self.turn += 1
        self._queue.clear()
        self._queue.append(state)
        self._subscriber.ready(self)

    def release(self) -> None:
        """Go on after `hold`, with a snapshot."""
        self._held = False
        self.fall_behind()

    def move(self, topic: Topic) -> None:
        """Read along in another topic. What was shown of the former one goes from the page at once."""
        if self._showing:
            self._goodbye = self.topic.goodbye()
            self._showing = False
        if self._viewport is not None:
            self._viewport.close()
        self.topic = topic
        self._held = False
        self.turn += 1
        self.fall_behind()
        if self._view is not None:
            self._open(self._view)

    def fall_behind(self) -> None:
        """Forget what is queued: a snapshot comes next, or a whole window."""
        self._queue.clear()
        if self._viewport is not None:
            self._viewport.reset()
        self._behind = True
        self._synced = False
        self._since = self.topic.now()
        self._subscriber.ready(self)

    def take(self) -> list[Payload]:
        """All that is to be sent now, in order."""
        topic = self.topic
        messages = [*self._goodbye, *self._queue]
        self._goodbye = []
        self._queue.clear()
        if self._held:
            return messages
        self._showing = topic.shown
        count = topic.count
        current = True
        if self._behind and not topic.loaded:
            messages.append(topic.state)
        if self._viewport is not None and self.windowed:
            window = self._window(self._viewport)
            current = window is not None
            messages += window or ()
        elif self._behind:
            messages += topic.snapshot()
            count = topic.snapshot_count
        self._behind = False
        if topic.loaded and current and not self._synced:
            self._synced = True
            now = topic.now()
            messages.append(Payload(Synced(0, count, now, round(now - self._since, 3))))
            messages.append(topic.state)
        if self._extras is not None:
            messages += self._extras.take()
        return messages

    def _open(self, view: ViewSpec) -> None:
        """Look at the topic's rows through a window, if there are enough of them."""
        windows = self.topic.windows
        self._viewport = windows.open(self)
        self._viewport.show(view)
        windows.resize(loaded=self.topic.loaded)
        if windows.on:
            self.fall_behind()

    def _window(self, viewport: Viewport) -> list[Payload] | None:
        """See `Viewport.take`."""
        if self._extras is not None and (keys := self._extras.changed_values()):
            viewport.touch(keys)
        return viewport.take()

    def wake(self) -> None:
        """See `Onlooker`."""
        self._subscriber.ready(self)

    def switched(self) -> None:
        """See `Onlooker`."""
        if not self._held:
            self.fall_behind()

    def find_extra(self, extra_id: str) -> ValuesOf | None:
        """See `Onlooker`."""
        try:
            extra_column(extra_id, self.topic.selection)
        except BadExtra:
            return None
        return lambda key: self.extras.value_of(key, extra_id)

    def hold_extras(self, extra_ids: list[str]) -> None:
        """See `Onlooker`."""
        if extra_ids or self._extras is not None:
            self.extras.hold(extra_ids)

    def fail(self, problem: Problem) -> None:
        """End it with an error."""
        self._subscriber.failed(self, problem)

    def sign_out(self, problem: Problem) -> None:
        """End the whole connection."""
        self._subscriber.signed_out(problem)
