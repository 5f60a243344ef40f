"""Lists in pages, and the end of those that have none."""

from __future__ import annotations

from headlamp.live.errors import BrokenStream, TooManyRows

MAX_ROWS = 500_000
"""Rows of one list, of all its namespaces together: as many as one answer without pages has room for."""
# A page without rows counts for something too, or a server could send them for ever.
_LEAST = 50


class Paging:
    """The pages of one list. `rest` is the token of the page that comes next, "" for the first."""

    def __init__(self) -> None:
        self.rest = ""
        self._seen = {""}
        self._rows = 0

    def more(self, rest: str, rows: int) -> bool:
        """Whether there is another page after one of so many rows, which named `rest`.

        Raises `BrokenStream` for a token that has come before, and `TooManyRows`.
        """
        self._rows += max(rows, _LEAST)
        if not rest:
            return False
        if rest in self._seen:
            raise BrokenStream("The cluster sent pages of a list that go round in a circle.")
        if self._rows >= MAX_ROWS:
            raise TooManyRows(f"The cluster sent a list that does not end within {MAX_ROWS} rows.")
        self._seen.add(rest)
        self.rest = rest
        return True
