"""What goes when something goes: dependents of deleted objects, and the content of deleted namespaces."""

from __future__ import annotations

from headlamp.demo.cluster import kinds
from headlamp.demo.cluster.store import Change, Store, Stored
from headlamp.demo.world.agenda import Agenda
from headlamp.demo.world.ownership import Ownership
from headlamp.demo.world.podstate import delete_gracefully

_SOON = 0.5
_LOOK_AGAIN = 2.0


class Garbage:
    """Collects it."""

    def __init__(self, store: Store, agenda: Agenda, ownership: Ownership) -> None:
        self._store = store
        self._agenda = agenda
        self._ownership = ownership
        self._emptied: set[str] = set()

    def heard(self, change: Change) -> None:
        """React to deletions."""
        stored = change.stored
        if change.type == "DELETED":
            if stored.kind is not kinds.PODS and stored.kind is not kinds.EVENTS:
                self._agenda.after(_SOON, lambda: self._collect(stored.uid))
        elif stored.kind is kinds.NAMESPACES and stored.deleting and stored.uid not in self._emptied:
            self._emptied.add(stored.uid)
            self._agenda.after(_SOON, lambda: self._empty(stored))

    def _collect(self, uid: str) -> None:
        for dependent in self._ownership.owned_by(uid):
            self._take(dependent)

    def _take(self, stored: Stored) -> None:
        if stored.kind is kinds.PODS and stored.fields["status.phase"] not in ("Succeeded", "Failed"):
            if not stored.deleting:
                delete_gracefully(self._store, stored, self._agenda.now())
            return
        self._store.remove(stored.kind, stored.namespace, stored.name)

    def _empty(self, namespace: Stored) -> None:
        content = [
            stored
            for kind in reversed(kinds.STORED)
            if kind.namespaced
            for stored in list(self._store.select(kind, namespace.name))
        ]
        for stored in content:
            if self._store.get(stored.kind, *stored.key) is not None:
                self._take(stored)
        if any(stored.kind is kinds.PODS for stored in content):
            self._agenda.after(_LOOK_AGAIN, lambda: self._empty(namespace))
        else:
            self._store.remove(kinds.NAMESPACES, "", namespace.name)
