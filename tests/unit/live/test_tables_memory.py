"""What repeats in the rows of a kind is in memory once."""

from __future__ import annotations

import sys
from typing import Any

from tests.unit.live.test_tables import NOW, column, table

from headlamp.live.protocol import Cell, Instant
from headlamp.live.tables import TableReader, Values

COLUMNS = [column("Name", form="name"), column("Status"), column("Restarts"), column("Age"), column("Ready", "boolean")]


def cells_of(values: Values, *rows: list[Any], columns: list[dict[str, Any]] | None = None) -> list[list[Cell]]:
    page = TableReader(values).page(table(columns or COLUMNS, *rows), namespace="a", now=NOW)
    return [cells for _, _, cells in page.rows]


def test_equal_texts_and_instants_of_different_answers_are_the_same() -> None:
    values = Values()
    (one,) = cells_of(values, ["p1", "Running", "0", "5m", True])
    (other,) = cells_of(values, ["p2", "Running", "0", "300s", 1])
    assert one[3] == Instant(at=NOW - 300.75)
    assert [a is b for a, b in zip(one[:4], other[:4], strict=True)] == [False, True, True, True]
    assert (one[4], other[4]) == (True, 1)
    assert type(other[4]) is int


def test_a_text_with_an_age_is_its_own_rows() -> None:
    values = Values()
    (one,) = cells_of(values, ["p1", "Running", "5 (2m ago)", "5m", True])
    (other,) = cells_of(values, ["p2", "Running", "6 (2m ago)", "5m", True])
    assert (one[2], other[2]) == (Instant(text="5", at=NOW - 120.75), Instant(text="6", at=NOW - 120.75))


def test_a_row_has_no_room_for_more_cells() -> None:
    (cells,) = cells_of(Values(), ["p1", "Running", "0", "5m", True])
    assert sys.getsizeof(cells) == sys.getsizeof(list(cells))


def test_of_very_many_instants_the_right_ones_are_told() -> None:
    rows = [[f"p{number}", "Running", "0", f"{number}s", True] for number in range(5000)]
    found = cells_of(Values(), *rows)
    assert [cells[3] for cells in found] == [Instant(at=NOW - 0.75 - number) for number in range(5000)]
