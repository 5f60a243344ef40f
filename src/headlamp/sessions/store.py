"""Where sealed session records are kept. A store sees hashes and ciphertext, never an id, a key or a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A row: `handle` is the SHA-256 of the session's id, `version` counts its replacements.

    `expires_at` (seconds since the epoch) is when the row may be purged. `indexes` are keyed hashes under which the
    row can be found without opening it. `label` is what a list of sessions shows of it, sealed by the server alone;
    empty in rows that an earlier release wrote.
    """

    handle: bytes
    sealed: bytes = field(repr=False)
    version: int
    expires_at: float
    indexes: frozenset[bytes] = frozenset()
    label: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since an earlier `cursor`: handles with their version now, None for those that are gone.

    `complete` is False when the store no longer knows all changes since then: anything may have changed.
    """

    cursor: int
    rows: dict[bytes, int | None] = field(default_factory=dict)
    complete: bool = True


class SessionStore(Protocol):
    """Every method raises `StoreUnavailable` when the store does not answer. Times are handed in, never read."""

    async def open(self) -> None:
        """Get ready: connect, create what is missing."""
        ...

    async def close(self) -> None: ...

    async def create(self, row: StoredSession) -> None:
        """Keep a new row; its `version` is where counting begins."""
        ...

    async def load(self, handle: bytes) -> StoredSession | None: ...

    async def replace(self, row: StoredSession) -> bool:
        """Replace the row that has exactly the version before `row.version`; False when it is another, or gone."""
        ...

    async def delete(self, handle: bytes) -> bool:
        """Remove the row; False when there was none."""
        ...

    async def find(self, index: bytes) -> list[bytes]:
        """Handles of the rows that have `index`."""
        ...

    async def labels(self, index: bytes) -> dict[bytes, bytes]:
        """The labels of the rows that have `index`, by their handles."""
        ...

    async def purge(self, now: float) -> int:
        """Remove the rows and leases that have expired, and say how many rows."""
        ...

    async def changes(self, cursor: int | None) -> Changes:
        """What was created, replaced or deleted by anybody since `cursor`; with None only where to begin.

        Called twice a second for as long as the server runs: cheap when nothing happened.
        """
        ...

    async def lease(self, name: bytes, owner: bytes, *, now: float, seconds: float) -> bool:
        """Take the lease `name` unless somebody else holds it; whoever dies with it loses it after `seconds`."""
        ...

    async def held_until(self, *names: bytes) -> float:
        """When the last of the leases `names` runs out, or has run out; 0 when nobody took any, or it was purged."""
        ...

    async def release(self, name: bytes, owner: bytes) -> None:
        """Give back a lease, if `owner` still holds it."""
        ...
