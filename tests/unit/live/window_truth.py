"""What a window has to show: all rows filtered and sorted anew, each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headlamp.live.client_messages import ViewSpec
from headlamp.live.filtering.grammar import parse, without_status
from headlamp.live.filtering.matching import FindColumn, Matcher
from headlamp.live.items import Item
from headlamp.live.plan import Plan, no_extras, ordering_of
from headlamp.live.protocol import Column, Key, Row
from headlamp.live.statuses import status_reader


@dataclass(frozen=True)
class Truth:
    """The rows in sight, from the place `first` on, and what is told beside them; `order` has all that match."""

    first: int
    rows: list[Item]
    order: list[Key]
    total: int
    words: dict[str, int] | None
    has_problem: bool

    @property
    def places(self) -> tuple[int, int, int]:
        """The place of the first row in sight, how many rows match, and how many there are."""
        return self.first, len(self.order), self.total


def truth(
    rows: Iterable[Row], columns: Sequence[Column], view: ViewSpec, *, now: float, find: FindColumn = no_extras
) -> Truth:
    """What a view of these pods shows at a moment. `words` count them by status; None when no column says it."""
    read = status_reader(columns, view.status, "pods")
    conditions = parse(view.filter)
    items = [Item(*row) for row in rows]
    matcher = Matcher(conditions, columns, read, find)
    counted = Matcher(without_status(conditions), columns, read, find)
    ordering = ordering_of(Plan(conditions, view.sort, view.descending, view.status), columns, read, find)
    matching = [item for item in items if matcher.matches(item, now)]
    expected = [item for _, item in ordering.sorted((ordering.key(item), item) for item in matching)]
    first = max(0, min(view.first, len(expected) - view.count))
    words = None if read is None else Counter(read(item.cells).word for item in items if counted.matches(item, now))
    return Truth(
        first,
        expected[first : first + view.count],
        [item.key for item in expected],
        len(items),
        None if words is None else dict(words),
        bool(matcher.problem),
    )
