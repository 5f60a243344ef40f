"""The cells of extra columns that are known, and which of them the page has not been told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from headlamp.live.extra.allowance import Allowance
from headlamp.live.extra.asked import Asked
from headlamp.live.extra.cells import ExtraCell, Usage, weight_of
from headlamp.live.extra.column import Seen
from headlamp.live.extra.metrics import UsageOf
from headlamp.live.extra.quantities import text_of
from headlamp.live.protocol import ExtraRow, Key


class Values:
    """Cells by row, for the columns `asked`: None in those that can't be had, and for rows without an object."""

    def __init__(self, asked: Asked, allowance: Allowance) -> None:
        self.asked = asked
        self._allowance = allowance
        self._cells: dict[Key, list[ExtraCell]] = {}
        self._usage: dict[Key, UsageOf] = {}
        self._untold: dict[Key, None] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def __contains__(self, key: Key) -> bool:
        return key in self._cells

    @property
    def has_untold(self) -> bool:
        """Whether `take` would return any rows."""
        return bool(self._untold)

    def put(self, key: Key, seen: Seen | None) -> bool:
        """Keep the cells of a row's object; False when there is no room for them."""
        cells = [column.of(seen) if column and seen else None for column in self.asked.columns]
        old = self._cells.get(key)
        if old == cells:
            return True
        if not self._allowance.take_bytes(_weight(cells) - (0 if old is None else _weight(old))):
            return False
        self._cells[key] = cells
        self._untold[key] = None
        return True

    def put_usage(self, usage: dict[Key, UsageOf], wanted: Callable[[Key], bool]) -> None:
        """Take in what pods use now; what is not in `usage` any more is not known any more."""
        for key in self._cells:
            if self._usage.get(key) != usage.get(key):
                self._untold[key] = None
        self._usage = {key: amounts for key, amounts in usage.items() if wanted(key)}

    def lacks_usage(self, keys: Iterable[Key]) -> bool:
        """Whether the use of any of these rows has not been read."""
        return any(key not in self._usage for key in keys)

    def retain(self, wanted: Callable[[Key], bool]) -> None:
        """Forget all other rows."""
        for key in [key for key in self._cells if not wanted(key)]:
            self.drop(key)
        self._usage = {key: amounts for key, amounts in self._usage.items() if wanted(key)}

    def drop(self, key: Key) -> None:
        """Forget a row."""
        if (cells := self._cells.pop(key, None)) is not None:
            self._allowance.take_bytes(-_weight(cells))
        self._untold.pop(key, None)

    def clear(self) -> None:
        """Forget all rows."""
        for key in list(self._cells):
            self.drop(key)
        self._usage = {}

    def take(self, most: int) -> list[ExtraRow]:
        """Rows that the page has not been told, as they are now; at most so many."""
        keys = list(self._untold)[:most]
        for key in keys:
            del self._untold[key]
        return [(*key, self._row(key)) for key in keys]

    def cell(self, key: Key, index: int) -> ExtraCell:
        """The cell of a row in the column at `index`; None when it is not known."""
        cells = self._cells.get(key)
        return None if cells is None else self._filled(key, cells[index], index)

    def _row(self, key: Key) -> list[ExtraCell]:
        return [self._filled(key, cell, index) for index, cell in enumerate(self._cells[key])]

    def _filled(self, key: Key, cell: ExtraCell, index: int) -> ExtraCell:
        """A cell with what the pod uses, where its column tells that."""
        column = self.asked.columns[index]
        if not isinstance(cell, Usage) or column is None or key not in self._usage:
            return cell
        value = self._usage[key].get(column.usage, 0.0)
        return replace(cell, value=value, text=text_of(value, column.usage))


def _weight(cells: list[ExtraCell]) -> int:
    return 300 + sum(map(weight_of, cells))
