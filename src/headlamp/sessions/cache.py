"""The sessions that this process has at hand: those used last, and all that somebody still holds."""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakValueDictionary

from headlamp.sessions.active import ActiveSession


class ActiveSessions:
    """At most `entries` sessions or `size` bytes of records, the least recently used ones leave first.

    A session that left but is still in use (an open stream holds it) stays known: it must hear when it ends.
    """

    def __init__(self, *, entries: int, size: int) -> None:
        self._entries = entries
        self._size = size
        self._held = 0
        self._recent: OrderedDict[bytes, ActiveSession] = OrderedDict()
        self._alive: WeakValueDictionary[bytes, ActiveSession] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._recent)

    def get(self, handle: bytes) -> ActiveSession | None:
        """The session, which is now the most recently used one."""
        if handle in self._recent:
            self._recent.move_to_end(handle)
            return self._recent[handle]
        session = self._alive.get(handle)
        if session is not None:
            self.add(session)
        return session

    def add(self, session: ActiveSession) -> None:
        """Keep `session`, or count its size anew."""
        self._drop(session.handle)
        self._recent[session.handle] = session
        session.counted = session.size
        self._held += session.counted
        self._alive[session.handle] = session
        while len(self._recent) > self._entries or (self._held > self._size and len(self._recent) > 1):
            self._drop(next(iter(self._recent)))

    def remove(self, handle: bytes) -> ActiveSession | None:
        """Forget the session, and say which it was."""
        self._drop(handle)
        return self._alive.pop(handle, None)

    def all(self) -> list[ActiveSession]:
        """Every session that anybody here holds."""
        return list(self._alive.values())

    def alive(self, handle: bytes) -> ActiveSession | None:
        """The session if anybody here holds it, without making it a recent one."""
        return self._alive.get(handle)

    def _drop(self, handle: bytes) -> None:
        dropped = self._recent.pop(handle, None)
        if dropped is not None:
            self._held -= dropped.counted
