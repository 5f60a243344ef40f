"""How many use something at the moment, so that it can be closed when nobody does any more."""

from __future__ import annotations

from collections.abc import Callable


class Usage:
    """Counts those who are in its `with` block, or between `begin` and `end`; calls `unused` whenever the last ends."""

    __slots__ = ("_unused", "users")

    def __init__(self, unused: Callable[[], None]) -> None:
        self.users = 0
        self._unused = unused

    def begin(self) -> None:
        self.users += 1

    def end(self) -> None:
        self.users -= 1
        if self.users == 0:
            self._unused()

    def __enter__(self) -> None:
        self.begin()

    def __exit__(self, *_: object) -> None:
        self.end()
