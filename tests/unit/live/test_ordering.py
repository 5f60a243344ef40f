"""The order of long lists: the cases that the page is held to as well, and keys that never contradict each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.items import Item
from headlamp.live.ordering import duration_of, natural_key, precedes, quantity_of, sort_key, tie_key
from headlamp.live.plan import Plan, no_extras, ordering_of
from headlamp.live.protocol import Column, Row
from headlamp.live.statuses import URGENCY, status_reader

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "order.json").read_text())
CASES = [
    pytest.param(table, case, id=f"{table['about']}-{at}")
    for table in VECTORS["tables"]
    for at, case in enumerate(table["cases"])
]
names = st.text(st.sampled_from("ab0129-.Aé"), max_size=8)
# What looks like a number, a fraction, a duration or a quantity, of any length.
numbers = st.builds(str.__mul__, st.sampled_from("019"), st.sampled_from([1, 2, 15, 16, 310, 5000]))
measures = st.lists(st.one_of(numbers, st.sampled_from(["/", "y", "d", "s", "m", "Ki", "%", ".", "-"])), max_size=6)
texts = st.one_of(st.text(max_size=6), measures.map("".join))
cells = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts)


@pytest.mark.parametrize(("table", "case"), CASES)
def test_rows_are_in_the_order_of_the_page(table: dict[str, Any], case: dict[str, Any]) -> None:
    columns = msgspec.convert(table["columns"], list[Column])
    plan = Plan((), case["sort"], case["descending"], table["status"])
    ordering = ordering_of(plan, columns, status_reader(columns, table["status"], table["plural"]), no_extras)
    items = [Item(*row) for row in msgspec.convert(table["rows"], list[Row])]
    found = ordering.sorted((ordering.key(item), item) for item in items)
    assert ["/".join(item.key) for _, item in found] == case["order"]


@given(cells, cells, cells)
def test_keys_are_in_one_order(a: Any, b: Any, c: Any) -> None:
    x, y, z = sort_key(a), sort_key(b), sort_key(c)
    assert not (precedes(x, y) and precedes(y, x))
    if precedes(x, y) and precedes(y, z):
        assert precedes(x, z)


@given(cells)
def test_every_cell_says_how_its_row_is(cell: Any) -> None:
    read = status_reader([Column("Status", "string", "", 0, "", False)], "", "things")
    assert read is not None
    assert read([cell]).tone in URGENCY


@given(st.tuples(names, names), st.tuples(names, names))
def test_different_rows_never_tie(a: tuple[str, str], b: tuple[str, str]) -> None:
    assert (tie_key(*a) == tie_key(*b)) is (a == b)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_in_texts_compare_as_numbers(a: int, b: int) -> None:
    assert (natural_key(f"web-{a}") < natural_key(f"web-{b}")) is (a < b)


def test_what_only_looks_like_a_quantity_is_none() -> None:
    assert [quantity_of(text) for text in ("", "1.", "Ki", "1 Gi", "1GiB", "٣")] == [None] * 6
    assert [duration_of(text) for text in ("", "5", "h", "1h30", "-1h", "1w")] == [None] * 6
