"""What one session may have open at the same time, in all its tabs together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from headlamp.live.errors import TooManyConnections, TooManySubscriptions
from headlamp.live.extra.allowance import Allowance
from headlamp.live.search import NameIndex
from headlamp.live.subscription import Subscription

MAX_CONNECTIONS = 100
MAX_SUBSCRIPTIONS = 1000


class Quota:
    """The connections and subscriptions of one session, and what else its tabs have together."""

    def __init__(self) -> None:
        self.connections = 0
        self.allowance = Allowance()
        self.names: NameIndex = {}
        self.lists: dict[Subscription, str] = {}
        """The lists that are open in all tabs, each with the name of its cluster."""
        self._subscriptions = 0

    def take(self) -> None:
        """Count one more subscription. Raises `TooManySubscriptions`."""
        if self._subscriptions >= MAX_SUBSCRIPTIONS:
            raise TooManySubscriptions(f"A session may have at most {MAX_SUBSCRIPTIONS} subscriptions in all its tabs.")
        self._subscriptions += 1

    def give_back(self) -> None:
        """One subscription less."""
        self._subscriptions -= 1


class Quotas:
    """The quotas of the sessions that have connections."""

    def __init__(self) -> None:
        self._quotas: dict[Hashable, Quota] = {}

    def __len__(self) -> int:
        return len(self._quotas)

    @contextmanager
    def connected(self, session: Hashable) -> Iterator[Quota]:
        """Count one more connection of `session` for the block. Raises `TooManyConnections`."""
        quota = self._quotas.setdefault(session, Quota())
        if quota.connections >= MAX_CONNECTIONS:
            raise TooManyConnections(f"A session may have at most {MAX_CONNECTIONS} connections.")
        quota.connections += 1
        try:
            yield quota
        finally:
            quota.connections -= 1
            if not quota.connections:
                del self._quotas[session]
