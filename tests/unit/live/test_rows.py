"""A row that several tables have is in memory once, and each table goes its own way all the same."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from headlamp.live.errors import TooManyRows
from headlamp.live.protocol import Cell, Column, Instant
from headlamp.live.rows import RowTable

NOW = 1_764_000_000.0
COLUMNS = (
    Column("Name", "string", "name", 0, "", instant=False),
    Column("Status", "string", "", 0, "", instant=False),
    Column("Age", "string", "", 0, "", instant=True),
)
HOURS_AGO = NOW - 5 * 3600


def cells(status: str = "Running", at: float = HOURS_AGO) -> list[Cell]:
    """As if read by somebody: texts and lists of their own."""
    return ["".join(["p", "0"]), "".join(status), Instant(at=at)]


def table(*others: RowTable) -> RowTable:
    made = RowTable(lambda: others)
    made.define(COLUMNS)
    return made


def kept(where: RowTable) -> tuple[str, list[Cell]]:
    """The only row's name and cells."""
    ((_, name, found),) = where
    return name, found


@pytest.fixture
def anns() -> RowTable:
    made = table()
    made.put(("a", "p0", cells()), NOW)
    return made


def test_a_row_that_is_the_same_elsewhere_is_kept_once(anns: RowTable) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", cells()), NOW)
    assert kept(bobs)[1] is kept(anns)[1]
    assert kept(bobs)[0] is kept(anns)[0]
    assert bobs.take_changes() == ([("a", "p0", cells())], [])


def test_a_row_that_becomes_the_same_is_kept_once_from_then_on(anns: RowTable) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", cells("Pending")), NOW)
    bobs.put(("a", "p0", cells()), NOW)
    assert kept(bobs)[1] is kept(anns)[1]


@pytest.mark.parametrize(
    "other",
    [cells("Pending"), cells(at=HOURS_AGO - 86400), [*cells(), "more"], ["p0", "Running", None]],
    ids=["status", "age", "more cells", "no age"],
)
def test_a_row_that_is_not_the_same_is_each_ones_own(anns: RowTable, other: Sequence[Cell]) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", list(other)), NOW)
    assert kept(bobs)[1] == other
    assert kept(anns)[1] == cells()


def test_an_age_that_was_printed_later_to_the_same_hour_is_the_same(anns: RowTable) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", cells(at=HOURS_AGO + 20)), NOW + 20)
    assert kept(bobs)[1] is kept(anns)[1]


def test_an_age_that_is_known_better_is_not_made_worse(anns: RowTable) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", cells(at=HOURS_AGO - 40)), NOW + 20)
    assert kept(bobs)[1] == cells(at=HOURS_AGO - 40)
    assert kept(anns)[1] == cells()


def test_what_changes_in_one_stays_in_the_other(anns: RowTable) -> None:
    bobs = table(anns)
    bobs.put(("a", "p0", cells()), NOW)
    anns.put(("a", "p0", cells("Failed")), NOW)
    assert kept(bobs)[1] == cells()
    anns.remove("a", "p0")
    assert kept(bobs)[1] == cells()


def test_a_table_among_its_like_does_not_take_its_own_row_for_another_ones(anns: RowTable) -> None:
    tables = [anns]
    bobs = RowTable(lambda: tables)
    bobs.define(COLUMNS)
    tables.insert(0, bobs)
    bobs.put(("a", "p0", cells("Pending")), NOW)
    bobs.put(("a", "p0", cells()), NOW)
    assert kept(bobs)[1] is kept(anns)[1]


def test_of_very_many_tables_a_few_are_looked_into() -> None:
    looked = 0

    def others() -> list[RowTable]:
        nonlocal looked
        looked += 1
        return made

    made = [table() for _ in range(1000)]
    made[-1].put(("a", "p0", cells()), NOW)
    bobs = RowTable(others)
    bobs.define(COLUMNS)
    bobs.put(("a", "p0", cells()), NOW)
    assert looked == 1
    assert kept(bobs)[1] is not kept(made[-1])[1]


def test_a_table_has_room_for_so_many_rows_and_for_what_becomes_of_them() -> None:
    made = RowTable(most=2)
    made.define(COLUMNS)
    for namespace in "ab":
        made.put((namespace, "p0", cells()), NOW)
    with pytest.raises(TooManyRows):
        made.put(("c", "p0", cells()), NOW)
    assert made.counts() == {"a": 1, "b": 1}
    made.put(("a", "p0", cells("Failed")), NOW)
    made.remove("b", "p0")
    made.remove("b", "p0")
    made.put(("c", "p0", cells()), NOW)
    assert made.counts() == {"a": 1, "c": 1}
    made.retain("a", set())
    assert len(made) == 1
    made.clear()
    assert len(made) == 0
