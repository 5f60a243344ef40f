"""A client of the live protocol that holds the server to every word of docs/live.md, message by message."""

from __future__ import annotations

import gzip
import json
from typing import Any

from tests.unit.live.strict_window import StrictWindow

from headlamp.live.protocol import Key


class StrictClient:
    """One subscription as a page keeps it: `rows` by namespace and name. `take` raises `AssertionError` at a fault."""

    def __init__(self) -> None:
        self.rows: dict[Key, list[Any]] = {}
        self.columns: list[str] | None = None
        self.state = ""
        self.synced = False
        """Whether the snapshot that came last is complete."""
        self._name_column = 0
        self._snapshot: set[Key] = set()
        self._began = False
        self.window: StrictWindow | None = None
        """What is in sight, when the list comes in windows; `rows` is empty then."""
        self.located: dict[str, Any] | None = None
        """The last answer to the question where a row is."""

    def take(self, frame: str | bytes) -> None:
        """Apply one frame."""
        message = json.loads(frame if isinstance(frame, str) else gzip.decompress(frame))
        match message["type"]:
            case "columns":
                self.columns = [column["name"] for column in message["columns"]]
                self._name_column = message["name_column"]
                self._began = False
                self.window = None
            case "window":
                self._take_window(message)
            case "located":
                self._take_place(message)
            case "rows":
                self._take_rows(message)
            case "changes":
                assert self._began, "changes before the rows that they change"
                for namespace, cells in message.get("set", ()):
                    self._set(namespace, cells)
                for namespace, name in message.get("gone", ()):
                    self.rows.pop((namespace, name), None)
            case "synced" if self.window is not None:
                assert message["count"] == self.window.total, "not as many rows as announced"
                self.synced = True
            case "synced":
                assert self._began, "complete before it has begun"
                assert message["count"] == len(self.rows), "not as many rows as announced"
                self.synced = True
            case "state":
                self.state = message["state"]
            case other:
                raise AssertionError(f"a message of type {other}")

    def _take_window(self, message: dict[str, Any]) -> None:
        if self.window is None:
            assert self.columns is not None, "a window before columns"
            assert not self._began, "a window after rows, without columns in between"
            self.window = StrictWindow(len(self.columns), self._name_column)
            self.rows.clear()
            self.synced = False
        self.window.take(message)

    def _take_place(self, message: dict[str, Any]) -> None:
        if self.window is not None:
            self.window.check_place(message)
        else:
            assert (message["view"], message["index"]) == (0, None), "a place in a list that is sent whole"
        self.located = message

    def _take_rows(self, message: dict[str, Any]) -> None:
        if message["reset"]:
            assert self.columns is not None, "rows before columns"
            self.rows.clear()
            self._snapshot.clear()
            self._began, self.synced = True, False
        assert self._began, "rows without a snapshot that they belong to"
        for namespace, cells in message["rows"]:
            key = self._set(namespace, cells)
            assert key not in self._snapshot, "a row came twice in one snapshot"
            self._snapshot.add(key)

    def _set(self, namespace: str, cells: list[Any]) -> Key:
        assert self.columns is not None
        assert len(cells) == len(self.columns), "cells of other columns"
        name = cells[self._name_column]
        assert isinstance(name, str), "a row without a name"
        self.rows[namespace, name] = cells
        return namespace, name
