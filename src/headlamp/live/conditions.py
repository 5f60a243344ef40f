"""How one list and its watch are doing, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Condition:
    """How one feed is doing: "loading", "live", "reconnecting", "forbidden" or "failed", since when and why.

    "reconnecting" is since the rows were last known to be current. `listed`: the table has the rows of a complete list
    of this place, however old.
    """

    state: str
    since: float
    code: str = ""
    message: str = ""
    retry_at: float | None = None
    listed: bool = False


class FeedListener(Protocol):
    """Whoever composes feeds."""

    def changed(self) -> None:
        """The table has other rows than before."""
        ...

    def condition(self, place: str, condition: Condition) -> None:
        """The feed of this place (a namespace, or "" for all) is doing differently."""
        ...

    def over(self, cause: Exception) -> None:
        """Going on makes no sense: `SignInAgain`, `BadSelector`, `ColumnsChangedError` or `IdentityChanged`."""
        ...
