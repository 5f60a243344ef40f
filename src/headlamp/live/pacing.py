"""How often the many feeds of one subscription may ask, and how many streams they may hold, all together."""

from __future__ import annotations

from collections.abc import Hashable

from headlamp.live.timing import Timing

# A stream costs us some 250 KB (nearly all of it TLS), for each user who looks. Beyond this many, namespaces that may
# not be watched together are listed in turn instead.
STREAMS = 100
# Whoever may list a thousand namespaces and look into two of them is refused 998 times; so many a second, for each
# user, an API server does not feel.
ASKED_A_SECOND = 5.0


class Pacing:
    """Counts the feeds that are refused, or read by turns, and spreads their next tries over time."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._refused: set[Hashable] = set()
        self._polled: set[Hashable] = set()
        self._streams: set[Hashable] = set()

    def may_stream(self, feed: Hashable) -> bool:
        """Whether this feed may hold a watch open; it counts as holding one until `between_lists` or `leave`."""
        if feed not in self._streams and len(self._streams) >= STREAMS:
            return False
        self._streams.add(feed)
        self._polled.discard(feed)
        return True

    def after_refusal(self, feed: Hashable, times: int) -> float:
        """The pause, in seconds, of a feed that has been refused so many times in a row."""
        self._refused.add(feed)
        early = self._timing.first_refusals
        pause = early[times - 1] if times <= len(early) else self._timing.refused_pause
        return max(pause, len(self._refused) / ASKED_A_SECOND)

    def granted(self, feed: Hashable) -> None:
        """This feed may read."""
        self._refused.discard(feed)

    def between_lists(self, feed: Hashable) -> float:
        """The pause, in seconds, between two lists of a feed that does not watch."""
        self._streams.discard(feed)
        self._polled.add(feed)
        return max(self._timing.poll, len(self._polled) / ASKED_A_SECOND)

    def leave(self, feed: Hashable) -> None:
        """This feed has ended."""
        for feeds in (self._refused, self._polled, self._streams):
            feeds.discard(feed)
