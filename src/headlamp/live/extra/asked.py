"""The columns that somebody asks for, with those that can't be had, and what the page is told of them."""

from __future__ import annotations

from collections.abc import Iterable

from headlamp.live.extra.column import BadExtra, ExtraColumn
from headlamp.live.extra.registry import extra_column
from headlamp.live.protocol import ExtraDefinition
from headlamp.live.resources import Selection


class Asked:
    """Extra columns by their ids, each once, in the order asked for. None in `columns` stands for one of no use."""

    def __init__(self, ids: Iterable[str], kind: Selection) -> None:
        self.ids = tuple(dict.fromkeys(ids))
        self._faults: dict[str, str] = {}
        self.columns = tuple(self._made(extra_id, kind) for extra_id in self.ids)

    @property
    def any(self) -> bool:
        """Whether there is anything to read for these columns."""
        return any(self.columns)

    @property
    def whole(self) -> bool:
        """Whether more is needed of an object than its metadata."""
        return any(column is not None and column.whole for column in self.columns)

    @property
    def measured(self) -> bool:
        """Whether what pods use is needed."""
        return any(column is not None and column.usage for column in self.columns)

    def definitions(self, trouble: str, usage_trouble: str) -> list[ExtraDefinition]:
        """What the page is told of them, when `trouble` affects all, and `usage_trouble` what pods use."""
        definitions = []
        for extra_id, column in zip(self.ids, self.columns, strict=True):
            if column is None:
                definitions.append(ExtraDefinition(extra_id, extra_id, "string", self._faults[extra_id]))
            else:
                problem = trouble or (usage_trouble if column.usage else "")
                definitions.append(ExtraDefinition(extra_id, column.name, column.type, problem))
        return definitions

    def _made(self, extra_id: str, kind: Selection) -> ExtraColumn | None:
        try:
            return extra_column(extra_id, kind)
        except BadExtra as problem:
            self._faults[extra_id] = problem.message
            return None
