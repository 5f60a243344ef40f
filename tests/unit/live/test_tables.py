"""Tables as a kube-apiserver prints them, decoded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlamp.live.ages import instant_of, same_instant, seconds_of, text_with_instant_of, unit_of
from headlamp.live.errors import BrokenStream, Gone
from headlamp.live.protocol import Instant
from headlamp.live.tables import TableReader

NOW = 1_764_000_000.75


def column(name: str, kind: str = "string", form: str = "") -> dict[str, Any]:
    return {"name": name, "type": kind, "format": form, "description": "", "priority": 0}


def table(columns: list[dict[str, Any]] | None, *rows: list[Any], **meta: str) -> bytes:
    made = [{"cells": cells, "object": None} for cells in rows]
    body = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "columnDefinitions": columns}
    return json.dumps(body | {"rows": made or None}).encode()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0),
        ("45s", 45),
        ("3m20s", 200),
        ("3h12m", 11520),
        ("5d4h", 446400),
        ("2y10d", 63936000),
        ("8y", 252288000),
        ("<unknown>", None),
        ("<invalid>", None),
        ("", None),
        ("5", None),
        ("m5", None),
        ("-5s", None),
        ("5m ago", None),
        ("٣m", None),
    ],
)
def test_ages_are_understood_as_kubectl_prints_them(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


def test_an_age_becomes_the_second_of_creation() -> None:
    assert instant_of("10s", NOW) == Instant(at=1_763_999_990)


def test_a_timestamp_is_an_instant_too() -> None:
    assert instant_of("2026-11-24T13:23:04Z", NOW) == Instant(at=1795526584)


@pytest.mark.parametrize("cell", ["<unknown>", "<none>", "", "2026-11-24", None, 5, True])
def test_what_is_no_moment_stays_as_it_is(cell: Any) -> None:
    assert instant_of(cell, NOW) is cell


def test_restarts_keep_their_number_and_get_an_instant() -> None:
    assert text_with_instant_of("5 (2m ago)", NOW) == Instant(text="5", at=1_763_999_880)
    assert text_with_instant_of("0", NOW) == "0"
    assert text_with_instant_of("5 (soon ago)", NOW) == "5 (soon ago)"


def kubectl_age(seconds: int) -> str:
    """How `kubectl` prints an age (its documented steps), to test against."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m" + (f"{seconds % 60}s" if seconds % 60 else "")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h" + (f"{minutes % 60}m" if minutes % 60 else "")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d" + (f"{hours % 24}h" if hours % 24 else "")
    if days < 730:
        return f"{days}d"
    years, rest = divmod(days, 365)
    return f"{years}y" + (f"{rest}d" if rest and years < 8 else "")


@given(st.integers(0, 20 * 365 * 86400), st.integers(0, 40 * 86400))
def test_two_readings_of_one_moment_are_known_to_be_the_same(age: int, later: int) -> None:
    created = 1_764_000_000
    first = instant_of(kubectl_age(age), created + age)
    second = instant_of(kubectl_age(age + later), created + age + later)
    assert isinstance(first, Instant)
    assert isinstance(second, Instant)
    assert created - 1 <= first.at <= created + unit_of(age)
    assert same_instant(first, second, created + age + later)


def test_moments_that_are_clearly_others_are_not_the_same() -> None:
    assert not same_instant(Instant(at=NOW - 3600), Instant(at=NOW - 5), NOW)
    assert not same_instant(Instant(text="1", at=NOW), Instant(text="2", at=NOW), NOW)


def test_a_row_is_known_by_its_cell_of_format_name_wherever_that_stands() -> None:
    columns = [column("Last Seen"), column("Message"), column("Name", form="name")]
    page = TableReader().page(table(columns, ["29s", "hello", "node.1"]), namespace="a", now=NOW)
    assert page.rows == [("a", "node.1", [Instant(at=1_763_999_971), "hello", "node.1"])]


def test_a_column_of_type_date_holds_instants_whatever_its_name() -> None:
    columns = [column("Name", form="name"), column("Launched", "date"), column("Created At", "date")]
    reader = TableReader()
    page = reader.page(table(columns, ["a", "2m", "2026-11-24T13:23:04Z"]), namespace="", now=NOW)
    assert page.rows[0][2] == ["a", Instant(at=1_763_999_880), Instant(at=1795526584)]
    assert reader.columns is not None
    assert [c.instant for c in reader.columns] == [False, True, True]


@pytest.mark.parametrize(
    ("called", "name"), [("Age", "5m"), ("Restarts", "5 (2m ago)"), ("Duration", "90s"), ("Last Seen", "5m")]
)
def test_a_name_that_reads_like_an_age_stays_a_name(called: str, name: str) -> None:
    reader = TableReader()
    columns = [column(called), column("Completions")]
    page = reader.page(table(columns, [name, "0/1"]), namespace="", now=NOW)
    assert page.rows == [("", name, [name, "0/1"])]
    assert reader.columns is not None
    assert not reader.columns[0].instant


def test_cells_keep_their_types_and_lists_become_text() -> None:
    columns = [column("Name", form="name"), column("A"), column("B"), column("C"), column("D")]
    page = TableReader().page(table(columns, ["x", 3, 2.5, None, ["y", {"z": 1}]]), namespace="", now=NOW)
    assert page.rows[0][2] == ["x", 3, 2.5, None, '["y",{"z":1}]']


@pytest.mark.parametrize(("printed", "read"), [(["x", "a", "9s"], ["x", "a"]), (["x"], ["x", None])])
def test_a_row_that_is_wider_or_narrower_than_its_columns_is_read_as_kubectl_prints_it(
    printed: list[str], read: list[Any]
) -> None:
    columns = [column("Name", form="name"), column("ParentRef")]
    assert TableReader().page(table(columns, printed), namespace="", now=NOW).rows == [("", "x", read)]


@pytest.mark.parametrize(
    ("status", "completions", "runs"),
    [
        ("Running", "0/1", True),
        ("Failed", "0/1", True),
        ("Complete", "1/1", False),
        (None, "0/1", True),
        (None, "2/3", True),
        (None, "3/3", False),
    ],
)
def test_the_duration_of_a_job_goes_on_until_it_has_completed(status: str | None, completions: str, runs: bool) -> None:
    columns = [column("Name", form="name"), column("Completions"), column("Duration")]
    cells = ["once", completions, "94s"]
    if status is not None:
        columns.insert(1, column("Status"))
        cells.insert(1, status)
    reader = TableReader()
    page = reader.page(table(columns, cells), namespace="", now=NOW)
    assert page.rows[0][2][-1] == (Instant(at=int(NOW) - 94) if runs else "94s")
    assert reader.columns is not None
    assert [one.instant for one in reader.columns] == [False] * (len(columns) - 1) + [True]


def test_a_page_tells_version_and_rest() -> None:
    body = table([column("Name", form="name")], ["x"], **{"resourceVersion": "7", "continue": "more"})
    page = TableReader().page(body, namespace="", now=NOW)
    assert (page.version, page.rest) == ("7", "more")


def event(kind: str, body: bytes) -> bytes:
    return b'{"type":"' + kind.encode() + b'","object":' + body + b"}"


def test_definitions_that_come_with_the_first_event_hold_for_the_next() -> None:
    reader = TableReader()
    columns = [column("Name", form="name"), column("Age")]
    first = event("BOOKMARK", table(columns, ["", "<unknown>"], resourceVersion="5"))
    assert reader.event(first, namespace="a", now=NOW).row is None
    second = reader.event(event("ADDED", table(None, ["x", "1s"], resourceVersion="6")), namespace="a", now=NOW)
    assert second.version == "6"
    assert second.row == ("a", "x", ["x", Instant(at=1_763_999_999)])


def test_metadata_tells_the_namespace_and_nothing_else_of_the_object_is_kept() -> None:
    body = (
        b'{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Name","type":"string","format":"name"}],"rows":'
        b'[{"cells":["x"],"object":{"metadata":{"name":"x","namespace":"b","managedFields":[{"f":{}}]},"data":{"k":"v"}}}]}'
    )
    assert TableReader().page(body, namespace="", now=NOW).rows == [("b", "x", ["x"])]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"type":"ADDED"}',
        event("ADDED", b"7"),
        event("DANCED", table([column("Name", form="name")], ["x"])),
        event("ADDED", table(None, ["x"])),
        event("ADDED", table([column("Age"), column("Name", form="name")], ["1s"])),
        event("ADDED", table([column("Name", form="name")])),
        event("ERROR", b'{"code":500,"message":"no"}'),
        event("ERROR", b'{"message":"no code"}'),
        event("ERROR", b'"what"'),
    ],
)
def test_g3_a_watch_that_does_not_speak_the_protocol_is_broken(line: bytes) -> None:
    with pytest.raises(BrokenStream):
        TableReader().event(line, namespace="", now=NOW)


@pytest.mark.parametrize("status", [b'{"code":410}', b'{"reason":"Expired"}'])
def test_g3_an_error_event_of_code_410_says_that_the_version_is_gone(status: bytes) -> None:
    with pytest.raises(Gone):
        TableReader().event(event("ERROR", status), namespace="", now=NOW)
