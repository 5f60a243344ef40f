"""A page that says what of a list is in sight, and keeps what it is sent of it as `docs/live.md` says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.unit.live.kit import Page, View


@dataclass
class InSight:
    """The rows of one window, in order, and what is told beside them."""

    name_column: int = 0
    rows: dict[str, list[Any]] = field(default_factory=dict)
    view: int = 0
    first: int = 0
    total: int = 0
    matching: int = 0
    facets: list[dict[str, Any]] | None = None
    problem: str = ""

    def take(self, message: dict[str, Any]) -> None:
        """Apply a window message."""
        known = dict(self.rows)
        for namespace, cells in message["set"]:
            known[f"{namespace}/{cells[self.name_column]}"] = cells
        if message["order"] is not None:
            self.rows = {key: known[key] for key in map("/".join, message["order"])}
        else:
            assert known.keys() == self.rows.keys(), "a new row without a place"
            self.rows = known
        if message["facets"] is not None:
            self.facets = message["facets"]
        self.view, self.first = message["view"], message["first"]
        self.total, self.matching, self.problem = message["total"], message["matching"], message["problem"]

    def check_place(self, message: dict[str, Any]) -> None:
        """Hold the place of a row that is in sight against where it is."""
        assert message["view"] == self.view, "a place in the order of another view"
        key = "/".join(message["key"])
        if key in self.rows:
            assert message["index"] == self.first + list(self.rows).index(key)
        elif message["index"] is not None:
            assert not self.first <= message["index"] < self.first + len(self.rows), "another row is there"
            assert message["index"] < self.matching


@dataclass
class WindowView(View):
    """`in_sight` is None as long as all rows are sent."""

    in_sight: InSight | None = None
    windows: int = 0
    located: list[dict[str, Any]] = field(default_factory=list)
    switches: list[str] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The rows in sight, in order."""
        return list(self.in_sight.rows) if self.in_sight else []

    @property
    def answered(self) -> int:
        """The number of the last view that was answered."""
        return self.in_sight.view if self.in_sight else 0

    def take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "window":
                if self.in_sight is None:
                    assert self.columns, "a window before columns"
                    assert message["order"] is not None, "a first window that is not whole"
                    self.in_sight = InSight(self.name_column)
                    self.rows.clear()
                    self.switches.append("window")
                self.windows += 1
                self.in_sight.take(message)
            case "located":
                if self.in_sight is not None:
                    self.in_sight.check_place(message)
                self.located.append(message)
            case "synced" if self.in_sight is not None:
                assert message["count"] == self.in_sight.total
                self.synced.append(message)
            case "rows":
                if message["reset"]:
                    self.in_sight = None
                    self.switches.append("rows")
                assert self.in_sight is None, "more rows in between windows"
                super().take(message)
            case "changes":
                assert self.in_sight is None, "changes in between windows"
                super().take(message)
            case "columns":
                # What follows, of either kind, is whole.
                if self.in_sight is not None:
                    self.in_sight = None
                super().take(message)
            case _:
                super().take(message)


class WindowPage(Page):
    """Subscribes with a view. `look` changes it."""

    new_view = WindowView

    def watch(self, number: int = 1, *, namespaces: list[str] | None = None, **view: Any) -> WindowView:
        """Subscribe to pods, and look at them by name unless `view` says otherwise."""
        spec = {"number": 1, "sort": "Name", "count": 4} | view
        made = self.subscribe(number, namespaces=namespaces, view=spec)
        assert isinstance(made, WindowView)
        return made

    def all_is_heard(self) -> bool:
        """Whether the server has taken all that was said."""
        return self._inbox.empty()

    def locate(self, namespace: str, name: str, *, subscription: int = 1) -> None:
        """Ask where a row is."""
        self.say({"type": "locate", "id": subscription, "key": [namespace, name]})

    def look(self, number: int, *, subscription: int = 1, **view: Any) -> None:
        """Look at something else; `number` is that of the view."""
        self.say({"type": "view", "id": subscription, "view": {"number": number, "sort": "Name", "count": 4} | view})
