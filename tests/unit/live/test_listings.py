"""Whatever a server sends, it is rows that can be shown or one of the problems that are meant, in little memory."""

from __future__ import annotations

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.errors import BrokenStream, Gone
from headlamp.live.listings import MAX_COLUMNS, listing_in, status_in
from headlamp.live.ordering import sort_key
from headlamp.live.protocol import Changes, encode, on_wire
from headlamp.live.tables import TableReader

NOW = 1_764_000_000.75
DEEP = b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
NINES = "9" * 400

texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["5m", "3 (5m ago)", "1/2", "Complete", f"{NINES}s", f"{NINES}/1", f"2 ({NINES}d ago)", "9" * 5000]
    ),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), texts)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
columns = st.fixed_dictionaries(
    {"name": st.sampled_from(["Name", "Age", "Restarts", "Duration", "Completions", "Status", "Last Seen"])},
    optional={"type": st.sampled_from(["string", "date", "integer"]), "format": st.sampled_from(["", "name"])},
)
rows = st.fixed_dictionaries(
    {"cells": st.lists(st.one_of(texts, anything), max_size=4)},
    optional={"object": st.one_of(anything, st.fixed_dictionaries({"metadata": st.dictionaries(texts, texts)}))},
)
tables = st.fixed_dictionaries(
    {"kind": st.sampled_from(["Table", "Table", "PodList", ""])},
    optional={
        "metadata": st.one_of(anything, st.fixed_dictionaries({"resourceVersion": texts, "continue": texts})),
        "columnDefinitions": st.one_of(st.lists(columns, max_size=4), anything),
        "rows": st.one_of(st.lists(rows, max_size=3), anything),
        "items": st.one_of(st.lists(st.dictionaries(st.just("metadata"), st.dictionaries(texts, texts))), anything),
    },
)


@st.composite
def bodies(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes:
    """JSON, sometimes cut short or with a byte that is of no text."""
    body = json.dumps(draw(values), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    end = draw(st.integers(0, len(body)))
    match draw(st.sampled_from(["whole", "cut", "no text"])):
        case "cut":
            return body[:end]
        case "no text":
            return body[:end] + b"\xff" + body[end:]
    return body


def show(reader: TableReader, body: bytes) -> None:
    """All that is done with the rows of a list."""
    page = reader.page(body, namespace="a", now=NOW)
    assert reader.columns is not None
    for _, name, cells in page.rows:
        assert isinstance(name, str)
        assert len(cells) == len(reader.columns)
        for cell in cells:
            sort_key(cell)
    encode(Changes(0, NOW, on_wire(page.rows), []))


@given(st.one_of(bodies(tables), bodies(anything), st.binary(max_size=200)))
def test_whatever_a_list_is_it_has_rows_that_can_be_shown_or_is_a_broken_stream(body: bytes) -> None:
    with suppress(BrokenStream):
        show(TableReader(), body)


types = st.one_of(st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]), anything)
statuses = st.fixed_dictionaries({"message": anything, "reason": anything, "code": anything})
events = st.fixed_dictionaries({"type": types, "object": st.one_of(tables, statuses, anything)})


@given(st.lists(st.one_of(bodies(events), bodies(anything), st.binary(max_size=200)), max_size=4))
def test_whatever_a_watch_says_is_an_event_or_a_broken_stream(lines: list[bytes]) -> None:
    reader = TableReader()
    for line in lines:
        with suppress(BrokenStream, Gone):
            event = reader.event(line, namespace="a", now=NOW)
            assert event.row is None or len(event.row[2]) == len(reader.columns or ())


def table(cells: bytes, *names: str) -> bytes:
    definitions = json.dumps([{"name": name, "format": "name" if name == "Name" else ""} for name in names]).encode()
    return b'{"kind":"Table","columnDefinitions":' + definitions + b',"rows":[{"cells":' + cells + b"}]}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(DEEP, id="nested deeply in a field that nobody reads"),
        pytest.param(table(b'["x",' + b"[" * 100_000 + b"]" * 100_000 + b"]", "Name", "A"), id="a cell nested deeply"),
        pytest.param(table(b'["\xff"]', "Name"), id="a cell that is no UTF-8"),
        pytest.param(table(b'["x",1e999]', "Name", "A"), id="a number that is none"),
        pytest.param(b'{"kind":"PodList","items":[{"metadata":{"name":"\xff"}}]}', id="a name that is no UTF-8"),
        pytest.param(b'{"kind":"PodList","items":[{"metadata":{"name":5}}]}', id="a name that is no text"),
        pytest.param(b'{"kind":"Table","columnDefinitions":7,"rows":[]}', id="columns that are none"),
        pytest.param(b'{"kind":"Table","columnDefinitions":' + DEEP + b"}", id="columns nested deeply"),
    ],
)
def test_what_can_t_be_read_is_a_broken_stream(body: bytes) -> None:
    with pytest.raises(BrokenStream):
        TableReader().page(body, namespace="a", now=NOW)
    with pytest.raises(BrokenStream):
        TableReader().event(b'{"type":"ADDED","object":' + body + b"}", namespace="a", now=NOW)


@pytest.mark.parametrize("age", [f"{NINES}s", "9" * 15 + "y", "9" * 5000 + "s", f"{NINES}-01-01T00:00:00Z"])
def test_one_row_of_an_absurd_age_takes_the_list_from_nobody(age: str) -> None:
    page = TableReader().page(table(json.dumps(["x", age]).encode(), "Name", "Age"), namespace="a", now=NOW)
    assert page.rows == [("a", "x", ["x", age])]


def test_as_many_columns_as_anybody_prints_are_read_and_no_more() -> None:
    def wide(width: int) -> bytes:
        names = [f"C{number}" for number in range(width)]
        return table(json.dumps(["x"] * width).encode(), *names)

    show(TableReader(), wide(MAX_COLUMNS))
    for odd in (wide(MAX_COLUMNS + 1), wide(2).replace(b'["x", "x"]', b"[" + b"[]," * MAX_COLUMNS + b"[]]")):
        with pytest.raises(BrokenStream):
            show(TableReader(), odd)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"kind":"Table","columnDefinitions":[' + b"{}," * 2_000_000 + b"{}]}", id="columns"),
        pytest.param(table(b"[" + b"[]," * 2_000_000 + b"[]]", "Name"), id="cells"),
        pytest.param(table(b"[[" + b"[]," * 2_000_000 + b"[]]]", "Name"), id="a cell"),
    ],
)
def test_few_bytes_do_not_become_very_many(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BrokenStream):
            TableReader().page(body, namespace="a", now=NOW)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()


def test_a_message_is_of_a_length_that_may_be_shown() -> None:
    assert status_in(json.dumps({"message": "no " * 20_000}).encode()).message == ("no " * 334)[:999] + "…"
    assert status_in(b'{"message":"no"}').message == "no"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"message":"\xff"}', b'{"message":7}', DEEP])
def test_what_is_no_status_says_nothing(body: bytes) -> None:
    assert status_in(body).message == ""


def test_an_answer_without_columns_brings_none() -> None:
    assert listing_in(b'{"kind":"Table"}').definitions() == []
    assert listing_in(b'{"kind":"Table","columnDefinitions":null}').definitions() == []
