"""A window of a long list as a page keeps it, held to every word of docs/live.md, message by message."""

from __future__ import annotations

from typing import Any

from headlamp.live.protocol import Key


class StrictWindow:
    """`rows` in sight by namespace and name, in order. `take` raises `AssertionError` at a fault."""

    def __init__(self, width: int, name_column: int) -> None:
        self.rows: dict[Key, list[Any]] = {}
        self.view = self.first = self.total = self.matching = 0
        self.words: dict[str, int] = {}
        self.problem = ""
        self._width = width
        self._name_column = name_column
        self._began = False

    def take(self, message: dict[str, Any]) -> None:
        """Apply a `window` message."""
        known = dict(self.rows)
        for namespace, cells in message["set"]:
            assert len(cells) == self._width, "cells of other columns"
            known[namespace, cells[self._name_column]] = cells
        if message["order"] is None:
            assert self._began, "the first window is not whole"
            assert known.keys() == self.rows.keys(), "a row without a place"
            self.rows = known
        else:
            order = [(namespace, name) for namespace, name in message["order"]]
            assert len(set(order)) == len(order), "a row has two places"
            assert known.keys() <= self.rows.keys() | set(order), "a row that is not in sight"
            self.rows = {key: known[key] for key in order}
        if message["facets"] is not None:
            self.words = {facet["value"]: facet["count"] for facet in message["facets"]}
        assert message["view"] >= self.view, "an answer to a view that was replaced"
        self.view, self.first, self.problem = message["view"], message["first"], message["problem"]
        self.total, self.matching = message["total"], message["matching"]
        assert self.first + len(self.rows) <= self.matching <= self.total
        self._began = True

    def check_place(self, message: dict[str, Any]) -> None:
        """Hold a `located` message against the window before."""
        namespace, name = message["key"]
        index = message["index"]
        assert message["view"] == self.view, "a place in the order of another view"
        if (namespace, name) in self.rows:
            assert index == self.first + list(self.rows).index((namespace, name))
        elif index is not None:
            assert 0 <= index < self.matching
            assert not self.first <= index < self.first + len(self.rows), "another row is there"
