"""Sessions in this process's memory: gone when it stops, and known to no other process."""

from __future__ import annotations

from collections import deque

from headlamp.sessions.store import Changes, StoredSession

REMEMBERED_CHANGES = 10_000


class MemoryStore:
    """`SessionStore` in dictionaries. Several `Sessions` of one process may share it, as replicas would a database."""

    def __init__(self) -> None:
        self._rows: dict[bytes, StoredSession] = {}
        self._leases: dict[bytes, tuple[bytes, float]] = {}
        self._log: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED_CHANGES)
        self._cursor = 0

    async def open(self) -> None:
        """Nothing to do."""

    async def close(self) -> None:
        """Nothing to do: the rows stay for as long as this object does."""

    async def create(self, row: StoredSession) -> None:
        self._rows[row.handle] = row
        self._changed(row.handle)

    async def load(self, handle: bytes) -> StoredSession | None:
        return self._rows.get(handle)

    async def replace(self, row: StoredSession) -> bool:
        current = self._rows.get(row.handle)
        if current is None or current.version != row.version - 1:
            return False
        self._rows[row.handle] = row
        self._changed(row.handle)
        return True

    async def delete(self, handle: bytes) -> bool:
        if self._rows.pop(handle, None) is None:
            return False
        self._changed(handle)
        return True

    async def find(self, index: bytes) -> list[bytes]:
        return [row.handle for row in self._rows.values() if index in row.indexes]

    async def labels(self, index: bytes) -> dict[bytes, bytes]:
        return {row.handle: row.label for row in self._rows.values() if index in row.indexes}

    async def purge(self, now: float) -> int:
        self._leases = {name: held for name, held in self._leases.items() if held[1] > now}
        expired = [row.handle for row in self._rows.values() if row.expires_at <= now]
        for handle in expired:
            await self.delete(handle)
        return len(expired)

    async def changes(self, cursor: int | None) -> Changes:
        if cursor is None or cursor == self._cursor:
            return Changes(self._cursor)
        complete = bool(self._log) and self._log[0][0] <= cursor + 1
        handles = {handle for number, handle in self._log if number > cursor}
        return Changes(self._cursor, {handle: self._version(handle) for handle in handles}, complete)

    async def lease(self, name: bytes, owner: bytes, *, now: float, seconds: float) -> bool:
        held = self._leases.get(name)
        if held is not None and held[0] != owner and held[1] > now:
            return False
        self._leases[name] = (owner, now + seconds)
        return True

    async def held_until(self, *names: bytes) -> float:
        return max((self._leases[name][1] for name in names if name in self._leases), default=0.0)

    async def release(self, name: bytes, owner: bytes) -> None:
        if self._leases.get(name, (b"", 0.0))[0] == owner:
            del self._leases[name]

    def _changed(self, handle: bytes) -> None:
        self._cursor += 1
        self._log.append((self._cursor, handle))

    def _version(self, handle: bytes) -> int | None:
        row = self._rows.get(handle)
        return None if row is None else row.version
