"""Which objects belong to which: the index that controllers and garbage collection go by."""

from __future__ import annotations

from headlamp.demo.cluster.kinds import Kind
from headlamp.demo.cluster.store import Change, Key, Store, Stored


class Ownership:
    """Objects by the uid of what controls them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owned: dict[str, dict[tuple[Kind, Key], None]] = {}

    def heard(self, change: Change) -> None:
        """Keep the index up to date."""
        stored = change.stored
        if not stored.owner:
            return
        if change.type == "DELETED":
            owned = self._owned.get(stored.owner, {})
            owned.pop((stored.kind, stored.key), None)
            if not owned:
                self._owned.pop(stored.owner, None)
        else:
            self._owned.setdefault(stored.owner, {})[(stored.kind, stored.key)] = None

    def owned_by(self, uid: str, kind: Kind | None = None) -> list[Stored]:
        """What the object controls, the oldest first."""
        found = (self._store.get(k, *key) for k, key in list(self._owned.get(uid, ())) if kind in (None, k))
        return [stored for stored in found if stored is not None]
