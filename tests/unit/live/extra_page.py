"""A page that looks at extra columns, and keeps their cells as a script would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.unit.live.kit import Page


class ExtraPage(Page):
    """`cells` of each row by column id, `problems` of each column."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[str, dict[str, Any]] = {}
        self.definitions: list[dict[str, Any]] = []
        self.extra_messages: list[dict[str, Any]] = []

    def look(self, *ids: str, rows: Sequence[str] | None = (), number: int = 1) -> None:
        """Ask for columns of rows, each "namespace/name"."""
        named = None if rows is None else [row.split("/") for row in rows]
        self.say({"type": "look", "id": number, "extra": list(ids), "rows": named})

    def column(self, extra_id: str) -> dict[str, Any]:
        """What there is of a column, by row."""
        return {key: cells[extra_id] for key, cells in self.cells.items()}

    @property
    def problems(self) -> dict[str, str]:
        return {definition["id"]: definition["problem"] for definition in self.definitions}

    def _take(self, message: dict[str, Any]) -> None:
        super()._take(message)
        if message["type"] != "extra":
            return
        self.extra_messages.append(message)
        if message["reset"]:
            self.cells.clear()
        if message["columns"] is not None:
            self.definitions = message["columns"]
        for namespace, name, cells in message["rows"]:
            ids = [definition["id"] for definition in self.definitions]
            self.cells[f"{namespace}/{name}"] = dict(zip(ids, cells, strict=True))
