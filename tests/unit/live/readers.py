"""What drives a topic by hand: a loop whose time a test tells, and viewers who read at the speed that it wants."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from tests.unit.live.strict_client import StrictClient

from headlamp.live.frames import Payload
from headlamp.live.pulse import Pulses
from headlamp.live.resources import Selection
from headlamp.live.subscription import Subscription
from headlamp.live.timing import Timing
from headlamp.live.topic import Topic
from headlamp.live.window import WINDOW_FROM
from headlamp.problems import Problem


def topic_by_hand(timing: Timing, now: Callable[[], float], *, window_from: int = WINDOW_FROM) -> Topic:
    """A topic that is not started: what it shows is put into its `table`."""

    def never(*_: object) -> None:
        raise AssertionError

    return Topic(
        Selection("", "v1", "pods", True, ("a",)),
        "",
        timing=timing,
        now=now,
        random=lambda: 0.5,
        pulses=Pulses(timing),
        refused=never,
        lost=never,
        over=never,
        window_from=window_from,
    )


class ClockedLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0

    def time(self) -> float:
        return self.clock


class Reader:
    """A viewer with a strict client. What it is sent waits in `under_way` until it reads on."""

    def __init__(self, topic: Topic) -> None:
        self.client = StrictClient()
        self.subscription = Subscription(7, self, topic)
        self.under_way: deque[Payload] = deque()
        self.held = self.asleep = False
        self._turn = 0
        self._is_ready = True
        topic.subscriptions.add(self.subscription)

    def ready(self, subscription: Subscription) -> None:
        self._is_ready = True

    def failed(self, subscription: Subscription, problem: Problem) -> None:
        raise problem

    def signed_out(self, problem: Problem) -> None:
        raise problem

    def read(self) -> bool:
        """Take one message, if there is any."""
        if self._turn != self.subscription.turn:
            self.under_way.clear()
        if not self.under_way and self._is_ready:
            self._is_ready = False
            self.under_way.extend(self.subscription.take())
            self._turn = self.subscription.turn
        if not self.under_way:
            return False
        self.client.take(self.under_way.popleft().frame(self.subscription.id))
        return True

    def read_all(self) -> None:
        while self.read():
            pass

    def release(self) -> None:
        """Show the rows again, if they were held back."""
        if self.held:
            self.held = False
            self.subscription.topic.subscriptions.add(self.subscription)
            self.subscription.release()
