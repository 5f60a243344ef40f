"""A client of the live protocol that holds the server to every word of docs/live.md, message by message."""

from __future__ import annotations

import gzip
import json
from typing import Any

from headlamp.live.protocol import Key


class StrictClient:
    """One subscription as a page keeps it: `rows` by namespace and name. `take` raises `AssertionError` at a fault."""

    def __init__(self) -> None:
        self.rows: dict[Key, list[Any]] = {}
        self.columns: list[str] | None = None
        self.state = ""
        self.synced = False
        """Whether the snapshot that came last is complete."""
        self._snapshot: set[Key] = set()
        self._began = False

    def take(self, frame: str | bytes) -> None:
        """Apply one frame."""
        message = json.loads(frame if isinstance(frame, str) else gzip.decompress(frame))
        match message["type"]:
            case "columns":
                self.columns = [column["name"] for column in message["columns"]]
                self._began = False
            case "rows":
                self._take_rows(message)
            case "changes":
                assert self._began, "changes before the rows that they change"
                for namespace, name, cells in message["set"]:
                    self._set(namespace, name, cells)
                for namespace, name in message["gone"]:
                    self.rows.pop((namespace, name), None)
            case "synced":
                assert self._began, "complete before it has begun"
                assert message["count"] == len(self.rows), "not as many rows as announced"
                self.synced = True
            case "state":
                self.state = message["state"]
            case other:
                raise AssertionError(f"a message of type {other}")

    def _take_rows(self, message: dict[str, Any]) -> None:
        if message["reset"]:
            assert self.columns is not None, "rows before columns"
            self.rows.clear()
            self._snapshot.clear()
            self._began, self.synced = True, False
        assert self._began, "rows without a snapshot that they belong to"
        for namespace, name, cells in message["rows"]:
            assert (namespace, name) not in self._snapshot, "a row came twice in one snapshot"
            self._snapshot.add((namespace, name))
            self._set(namespace, name, cells)

    def _set(self, namespace: str, name: str, cells: list[Any]) -> None:
        assert self.columns is not None
        assert len(cells) == len(self.columns), "cells of other columns"
        self.rows[namespace, name] = cells
