"""What a filter looks at of a row, and all that a row says as one text, for words that may be anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Protocol

from headlamp.live.ages import holds_text_with_age
from headlamp.live.protocol import Cell, Column, Instant
from headlamp.live.statuses import fixed_text


class Candidate(Protocol):
    """What a filter looks at of a row."""

    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def cells(self) -> list[Cell]: ...


class RowText:
    """Texts of rows with these columns: namespace, name and cells, in lower case, parts kept apart by NUL.

    A text is put together when it is asked for, and remembered for the next word of the same row only: the texts of
    all rows would take half as much memory as the rows.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        # Most cells of these only tick, and have no text.
        self._ticking = [
            at for at, column in enumerate(columns) if column.instant and not holds_text_with_age(column.name)
        ]
        said = [at for at in range(len(columns)) if at not in self._ticking]
        self._pick: Callable[[list[Cell]], Any] = itemgetter(*said) if len(said) > 1 else list
        self._row: Candidate | None = None
        self._text = ""

    def of(self, row: Candidate) -> str:
        """The text of a row."""
        if row is not self._row:
            cells = row.cells
            picked = self._pick(cells)
            try:
                said = "\0".join(picked)
            except TypeError:
                said = "\0".join(map(fixed_text, picked))
            for at in self._ticking:
                if not isinstance(cells[at], Instant):
                    said += f"\0{fixed_text(cells[at])}"
            self._row, self._text = row, f"{row.namespace}\0{row.name}\0{said}".lower()
        return self._text
