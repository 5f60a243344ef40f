"""What viewers look for in a long list, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import UNSET, Struct

from headlamp.live.client_messages import MAX_EXTRAS
from headlamp.live.filtering.grammar import Condition, without_status
from headlamp.live.filtering.matching import FindColumn, dashed
from headlamp.live.index import Ordering
from headlamp.live.items import Item
from headlamp.live.ordering import SortKey, natural_key, sense_of, sort_key
from headlamp.live.protocol import Column, Instant
from headlamp.live.statuses import URGENCY, StatusReader

# Cells of one column of which it is remembered what they sort by.
_REMEMBERED = 1000


class Plan(Struct, frozen=True):
    """What makes two viewers look into the same index. `owner`: whose extra columns it needs, 0 when it needs none."""

    conditions: tuple[Condition, ...]
    sort: str
    descending: bool
    status: str
    owner: int = 0

    @property
    def facets(self) -> Plan:
        """The plan whose rows are counted by status: this one without its conditions on that."""
        return Plan(without_status(self.conditions), self.sort, self.descending, self.status, self.owner)

    def narrows(self, other: Plan) -> bool:
        """Whether rows that match this match the other too, and are in the same order there."""
        if (self.sort, self.descending, self.status) != (other.sort, other.descending, other.status):
            return False
        conditions = self.conditions
        return other.owner in (0, self.owner) and all(
            any(condition.implies(wider) for condition in conditions) for wider in other.conditions
        )


def ordering_of(plan: Plan, columns: Sequence[Column], read: StatusReader | None, find: FindColumn) -> Ordering:
    """What rows are sorted by: a column, the namespace, an extra column, or else what is most urgent."""
    if plan.sort == "@namespace":
        return Ordering(lambda item: natural_key(item.namespace), plan.descending)
    for index, column in enumerate(columns):
        if column.name == plan.sort:
            return Ordering(_key_of_cell(index, column), plan.descending)
    if not plan.sort.startswith("@") and (values := find(plan.sort)):
        return Ordering(lambda item: sort_key(values(item.key)), plan.descending, settled=False)
    if read is None:
        return Ordering(lambda _: 0, plan.descending)
    return Ordering(lambda item: URGENCY[read(item.cells).tone], plan.descending)


def extras_of(plan: Plan, columns: Sequence[Column], find: FindColumn) -> list[str]:
    """The ids of the extra columns that a plan names, at most `MAX_EXTRAS`, the one that it sorts by first.

    They are those of one viewer, who alone may know them.
    """
    names = {column.name for column in columns}
    fields = {dashed(name) for name in names} | {"", "ns", "namespace", "name", "status"}
    asked = [] if plan.sort.startswith("@") or plan.sort in names else [plan.sort]
    asked += (condition.field for condition in plan.conditions if condition.value and condition.field not in fields)
    return [field for field in dict.fromkeys(asked) if find(field) is not None][:MAX_EXTRAS]


def _key_of_cell(index: int, column: Column) -> Callable[[Item], SortKey]:
    sense = sense_of(column)
    # Most columns say few different things; regular expressions are what costs time, and equal numbers are kept once.
    known: dict[str | float, SortKey] = {}

    def key(item: Item) -> SortKey:
        cell = item.cells[index]
        if isinstance(cell, Instant) and cell.text is UNSET:
            said: str | float = cell.at
        elif isinstance(cell, str):
            said = cell
        else:
            return sort_key(cell, sense)
        found = known.get(said)
        if found is None:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = known[said] = sort_key(cell, sense)
        return found

    return key


def no_extras(_: str) -> None:
    """For a viewer without extra columns."""
    return
