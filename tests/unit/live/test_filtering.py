"""Filters of long lists: the cases that the page is held to as well, and what follows from time going by."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.filtering.grammar import MOST_CONDITIONS, TOO_MANY, Condition, parse, without_status
from headlamp.live.filtering.matching import Matcher, ValuesOf
from headlamp.live.items import Item
from headlamp.live.plan import Plan
from headlamp.live.protocol import Cell, Column, Instant, Key, Row
from headlamp.live.statuses import status_reader

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "filter.json").read_text())
NOW: float = VECTORS["now"]
CASES = [
    pytest.param(table, case, id=f"{table['about']}-{at}")
    for table in VECTORS["tables"]
    for at, case in enumerate(table["cases"])
]
AGE = Column("Age", "string", "", 0, "", True)
NAME = Column("Name", "string", "name", 0, "", False)


def item(namespace: str, name: str, cells: list[Cell]) -> Item:
    return Item(namespace, name, cells)


def matcher(text: str, *columns: Column) -> Matcher:
    return Matcher(parse(text), columns, status_reader(columns, "", "pods"))


def extra_values(table: dict[str, Any], field: str) -> ValuesOf | None:
    values = table.get("extras", {}).get(field)
    return None if values is None else lambda key: values.get("/".join(key))


@pytest.mark.parametrize(("table", "case"), CASES)
def test_a_filter_means_what_it_means_on_the_page(table: dict[str, Any], case: dict[str, Any]) -> None:
    columns = msgspec.convert(table["columns"], list[Column])
    status = status_reader(columns, table["status"], table["plural"])
    made = Matcher(parse(case["filter"]), columns, status, lambda field: extra_values(table, field))
    rows = [item(*row) for row in msgspec.convert(table["rows"], list[Row])]
    shown = [row for row in rows if made.matches(row, NOW)]
    assert ["/".join(row.key) if "extras" in table else row.name for row in shown] == case["matches"]
    assert bool(made.problem) is case["problem"]


@given(st.text(max_size=200))
def test_no_text_is_refused(text: str) -> None:
    made = matcher(text, NAME, AGE)
    assert made.matches(item("a", "b", ["b", Instant(at=NOW)]), NOW) in (True, False)


measures = st.builds(
    lambda digits, rest: "9" * digits + rest,
    st.sampled_from([1, 15, 16, 310, 5000]),
    st.sampled_from(["", "s", "y9d", "/1", "/0", "Ki", "%", ".5"]),
)


@given(st.sampled_from(["age", "name"]), st.sampled_from([">", ">=", "<", "<=", "=", ":"]), measures, measures)
def test_no_number_is_too_long_for_a_filter_or_a_cell(field: str, sign: str, value: str, cell: str) -> None:
    made = matcher(f"{field}{sign}{value}", NAME, AGE)
    for age in (cell, Instant(at=NOW), 10**400, None):
        row = item("a", cell, [cell, age])
        assert made.matches(row, NOW) in (True, False)
        assert made.flips_at(row, NOW) >= NOW


words = st.text(st.characters(exclude_characters='" \t\r\n', exclude_categories=["Cs"]), min_size=1)


@given(st.lists(words, max_size=MOST_CONDITIONS))
def test_quoted_words_are_taken_as_they_stand(words: list[str]) -> None:
    conditions = parse(" ".join(f'"{word}"' for word in words))
    assert [condition.value for condition in conditions] == [word for word in words if word != "-"]
    assert {condition.field for condition in conditions} <= {""}


def test_what_is_not_understood_is_named() -> None:
    assert matcher("colour:red", NAME).problem == (
        "There is no column “colour”: “colour:red” is looked for as it stands."
    )
    assert "“soon” is no number" in matcher("age>soon", NAME, AGE).problem


def test_while_the_columns_are_not_known_no_field_is_a_problem() -> None:
    assert matcher("colour:red").problem == ""


def test_a_word_is_looked_for_in_all_that_does_not_tick() -> None:
    restarts = Column("Restarts", "string", "", 0, "", True)
    made = item("a", "b", ["b", Instant(text="5", at=NOW), Instant(at=NOW), 7, True, None])
    columns = (NAME, restarts, AGE, *(Column(name, "string", "", 0, "", False) for name in "xyz"))
    other = item("a", "b", ["b", "0", "<unknown>", "w", "", "v"])
    for word, matches in {
        "5": (1, 0),
        "7": (1, 0),
        "true": (1, 0),
        "unknown": (0, 1),
        "w": (0, 1),
        "none": (0, 0),
    }.items():
        assert [matcher(word, *columns).matches(row, NOW) for row in (made, other)] == list(map(bool, matches)), word
    assert matcher("1764", *columns).matches(made, NOW) is False
    assert matcher("unknown", AGE).matches(item("a", "b", ["<unknown>"]), NOW)


@pytest.mark.parametrize(
    ("longer", "shorter", "narrower"),
    [
        ("cart", "", True),
        ("cart", "car", True),
        ("x CART", "art", True),
        ("cart status:running", "status:running", True),
        ("status:running cart", "cart", True),
        ("car", "cart", False),
        ("-car", "-cart", False),
        ("-cart", "-car", False),
        ("name:cart", "name:car", False),
        ("cart", "status:running", False),
        ("x y", "xy", False),
    ],
)
def test_what_has_more_or_longer_words_shows_fewer_rows(longer: str, shorter: str, narrower: bool) -> None:
    one, other = (Plan(parse(text), "Name", descending=False, status="") for text in (longer, shorter))
    assert one.narrows(other) is narrower
    assert not one.narrows(Plan(parse(shorter), "Age", descending=False, status=""))


def test_facets_are_of_what_matches_all_but_the_status() -> None:
    conditions = parse("cart status:running -status=failed age>1h")
    assert without_status(conditions) == parse("cart age>1h")


def test_a_condition_that_is_still_being_typed_is_met_by_all() -> None:
    assert parse("age>=") == (Condition(False, "age", ">=", ""),)
    assert matcher("age>=", NAME, AGE).matches(item("", "a", ["a", None]), NOW)


@given(age=st.integers(0, 10_000), limit=st.integers(0, 10_000), sign=st.sampled_from([">", ">=", "<", "<="]))
def test_an_answer_about_an_age_holds_until_the_moment_that_was_named(age: int, limit: int, sign: str) -> None:
    made = matcher(f"age{sign}{limit}s", NAME, AGE)
    row = item("", "a", ["a", Instant(at=NOW - age)])
    now = NOW + 0.5
    moment = made.flips_at(row, now)
    last = moment if moment < inf else NOW + 100_000
    assert len({made.matches(row, now + (last - 0.1 - now) * part / 10) for part in range(11)}) == 1
    assert moment == inf or made.matches(row, moment + 0.1) is not made.matches(row, now)


def test_a_row_that_comes_of_age_says_when() -> None:
    made = matcher("age>1h", NAME, AGE)
    row = item("", "a", ["a", Instant(at=NOW - 3000)])
    assert made.timed
    assert made.flips_at(row, NOW) == NOW + 600
    assert not made.matches(row, NOW + 600)
    assert made.matches(row, NOW + 600.001)
    assert made.flips_at(row, NOW + 600.001) == inf


def test_extra_columns_are_filtered_by_their_values() -> None:
    values: dict[Key, Cell] = {("a", "one"): "ReplicaSet/web", ("a", "two"): None}
    made = Matcher(parse("owner:replica"), [NAME], None, lambda field: values.get if field == "owner" else None)
    assert [name for name in ("one", "two") if made.matches(item("a", name, [name]), NOW)] == ["one"]
    assert made.problem == ""


def test_a_filter_of_very_many_words_has_no_more_tests_than_are_looked_at() -> None:
    conditions = parse("-zq " * 680)
    assert conditions[MOST_CONDITIONS:] == (TOO_MANY,)
    assert not any(condition.implies(TOO_MANY) for condition in conditions[:MOST_CONDITIONS])
    made = Matcher(conditions, [NAME], None)
    assert made.matches(item("a", "one", ["one"]), NOW)
    assert "32" in made.problem
