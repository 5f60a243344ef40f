"""One viewer's place in a topic: what it still has to be sent, and nothing more than that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from headlamp.live.client_messages import ViewSpec
from headlamp.live.extra.column import BadExtra
from headlamp.live.extra.extras import Extras
from headlamp.live.extra.registry import extra_column
from headlamp.live.filtering.matching import ValuesOf
from headlamp.live.frames import Payload
from headlamp.live.protocol import Key, Located, Synced
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
        self._queue: list[Payload] = []
        self._behind = True
        self._synced = False
        self._held = False
        self._showing = False
        self._goodbye: list[Payload] = []
        self._sought: Key | None = None
        # What the messages that were taken last answer.
        self._found: Key | None = None
        self.turn = 0
        """Counted up when what was taken before must not be sent any more."""

    @property
    def held(self) -> bool:
        """Whether nothing of the topic may be shown: see `hold`."""
        return self._held

    @property
    def windowed(self) -> bool:
        """Whether it is sent windows instead of all rows."""
        return self._viewport is not None and self.topic.windows.on

    @property
    def takes_rows(self) -> bool:
        """Whether it is sent all rows. Nothing at all is sent to the id 0, which no client has: it reads along."""
        return self.id != 0 and not self.windowed

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

    def locate(self, key: Key) -> None:
        """The page wants to know where a row is: told with the next window, or that there is none."""
        self._sought = key
        if self._viewport is not None:
            self._viewport.ask_again()
        self._subscriber.ready(self)

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
        self._cut_short()
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
        self._cut_short()
        self.fall_behind()
        if self._view is not None:
            self._open(self._view)

    def _cut_short(self) -> None:
        """Nothing of what was taken is sent any more; what was asked is still to be answered."""
        self.turn += 1
        self._sought = self._sought or self._found

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
        """All that is to be sent now, in order. What was taken before has been sent, but for what `turn` says."""
        topic = self.topic
        self._found = None
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
            # Not `topic.count`: a window that has just been opened is of all rows, told of or not.
            count = self._viewport.total
            messages += window or ()
        elif self._behind:
            messages += topic.snapshot()
            count = topic.snapshot_count
        self._behind = False
        if topic.loaded and current and not self._synced:
            self._synced = True
            now = topic.now()
            messages.append(Payload(Synced(0, count, round(now, 3), round(now - self._since, 3))))
            messages.append(topic.state)
        if self._sought is not None and current and (topic.loaded or topic.how.state in ("forbidden", "failed")):
            messages.append(self._located(self._sought))
            self._found, self._sought = self._sought, None
        if self._extras is not None:
            messages += self._extras.take()
        return messages

    def _located(self, key: Key) -> Payload:
        if self._viewport is None or not self.windowed:
            return Payload(Located(0, 0, key, None))
        return Payload(Located(0, self._viewport.answered, key, self._viewport.place(key)))

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
