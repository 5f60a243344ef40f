"""How often the many feeds of one list may ask, and how many streams they may hold: alone, and with other lists."""

from __future__ import annotations

from collections.abc import Hashable

from headlamp.live.timing import Timing

# A stream costs us some 130 KB (nearly all of it TLS), for each user who looks. Beyond this many, namespaces that may
# not be watched together are listed in turn instead.
STREAMS = 100
# The same for all lists of one credential.
STREAMS_IN_ALL = 200
# So many of these are left to lists with no more than `_FEW` streams, which most are.
_KEPT_FREE = 40
_FEW = 2
# Whoever may list a thousand namespaces and look into two of them is refused 998 times; so many a second, for each
# user, an API server does not feel.
ASKED_A_SECOND = 5.0


class Load:
    """What the lists of one credential hold and ask for, all together."""

    def __init__(self) -> None:
        self.streams = 0
        self.polled = 0
        """How many lists of namespaces are read by turns."""


class Pacing:
    """Counts the feeds of one list that are refused, or read by turns, and spreads their next tries over time."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._load = Load()
        self._refused: set[Hashable] = set()
        self._polled: dict[Hashable, int] = {}
        self._streams: set[Hashable] = set()

    def count_for(self, load: Load) -> None:
        """It is one of these lists from now on: of a credential that carries it, until that goes."""
        streams, polled = len(self._streams), sum(self._polled.values())
        self._load.streams -= streams
        self._load.polled -= polled
        self._load = load
        load.streams += streams
        load.polled += polled

    def may_stream(self, feed: Hashable) -> bool:
        """Whether this feed may hold a watch open; it counts as holding one until `between_lists` or `leave`."""
        if feed not in self._streams:
            held = len(self._streams)
            room = STREAMS_IN_ALL if held < _FEW else STREAMS_IN_ALL - _KEPT_FREE
            if held >= STREAMS or self._load.streams >= room:
                return False
            self._streams.add(feed)
            self._load.streams += 1
        self._poll_no_more(feed)
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

    def between_lists(self, feed: Hashable, lists: int) -> float:
        """The pause, in seconds, between two readings, of so many lists each, of a feed that does not watch."""
        self._stream_no_more(feed)
        self._poll_no_more(feed)
        self._polled[feed] = lists
        self._load.polled += lists
        return max(self._timing.poll, self._load.polled / ASKED_A_SECOND)

    def leave(self, feed: Hashable) -> None:
        """This feed has ended."""
        self._refused.discard(feed)
        self._stream_no_more(feed)
        self._poll_no_more(feed)

    def _stream_no_more(self, feed: Hashable) -> None:
        if feed in self._streams:
            self._streams.discard(feed)
            self._load.streams -= 1

    def _poll_no_more(self, feed: Hashable) -> None:
        self._load.polled -= self._polled.pop(feed, 0)
