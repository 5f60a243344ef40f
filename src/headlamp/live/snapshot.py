"""All rows of a topic as messages, for those who come later or are behind: made when first needed, and then kept up."""

from __future__ import annotations

from collections.abc import Iterable

from headlamp.live.frames import Payload

# What was told since may grow to this share of the rows, and to so many messages, before all are encoded anew.
_SHARE = 0.5
_MESSAGES = 64


class Snapshot:
    """The messages that make a viewer who knows nothing know all that has been told up to now.

    Encoding ten thousand rows takes 40 ms, so it is not done again for each viewer who comes while rows change: the
    messages about the changes are kept behind the rows for a while. So there is one snapshot in memory at most every
    few seconds, however many viewers take it how slowly.
    """

    def __init__(self) -> None:
        self.count = 0
        """How many rows it tells of."""
        self._messages: list[Payload] | None = None
        self._size = 0
        self._added = 0
        self._added_size = 0

    @property
    def messages(self) -> list[Payload] | None:
        """None when it has to be made."""
        return self._messages

    def begin(self, messages: Iterable[Payload], count: int) -> list[Payload]:
        """Start with these messages, of which the first one resets."""
        self._messages = list(messages)
        self._size = sum(message.size for message in self._messages)
        self._added = self._added_size = 0
        self.count = count
        return self._messages

    def grow(self, messages: Iterable[Payload], count: int) -> None:
        """More rows of the same load."""
        if self._messages is not None:
            self.begin((*self._messages, *messages), count)

    def add(self, message: Payload, count: int) -> None:
        """What has been told since."""
        if self._messages is None:
            return
        self._added += 1
        self._added_size += message.size
        if self._added > _MESSAGES or self._added_size > _SHARE * self._size:
            self.drop()
        else:
            # A new list: whoever is sending the old one is told of this by its queue.
            self._messages = [*self._messages, message]
            self.count = count

    def drop(self) -> None:
        """It is to be made anew when somebody needs it."""
        self._messages = None
