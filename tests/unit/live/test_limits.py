"""How much a client may say: the figures that the page is held to as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headlamp.live.client_messages import MAX_MESSAGE_BYTES, decode_client
from headlamp.live.filtering.grammar import MOST_CONDITIONS

LIMITS: dict[str, int] = json.loads((Path(__file__).parents[2] / "vectors" / "limits.json").read_text())
PODS = {"group": "", "version": "v1", "plural": "pods", "namespaced": True}


def view(**more: Any) -> dict[str, Any]:
    return {"type": "view", "id": 1, "view": {"number": 1, **more}}


def look(extra: list[str], rows: int = 0) -> dict[str, Any]:
    return {"type": "look", "id": 1, "extra": extra, "rows": [("shop", f"p{number}") for number in range(rows)]}


def search(text: str, kinds: int = 0) -> dict[str, Any]:
    return {"type": "search", "search": 1, "cluster": "main", "text": text, "everything": [PODS] * kinds}


OF: dict[str, Callable[[int], dict[str, Any]]] = {
    "filter_characters": lambda size: view(filter="x" * size),
    "column_id_characters": lambda size: look(["x" * size]),
    "extra_columns": lambda size: look([f"label:l{number}" for number in range(size)]),
    "rows_looked_at": lambda size: look(["owner"], size),
    "rows_in_sight": lambda size: view(count=size),
    "search_characters": lambda size: search("x" * size),
    "search_kinds": lambda size: search("x", size),
}


@pytest.mark.parametrize("what", OF)
def test_a_message_may_have_as_much_as_the_page_says_and_no_more(what: str) -> None:
    most, message = LIMITS[what], OF[what]
    decode_client(msgspec.json.encode(message(most)))
    with pytest.raises(msgspec.ValidationError):
        decode_client(msgspec.json.encode(message(most + 1)))


def test_rows_are_sorted_by_whatever_may_be_a_column() -> None:
    most = LIMITS["column_id_characters"]
    decode_client(msgspec.json.encode(view(sort="x" * most)))
    with pytest.raises(msgspec.ValidationError):
        decode_client(msgspec.json.encode(view(sort="x" * (most + 1))))


def test_no_limit_of_the_page_is_left_out() -> None:
    assert set(LIMITS) == {*OF, "message_bytes", "filter_conditions"}
    assert (LIMITS["message_bytes"], LIMITS["filter_conditions"]) == (MAX_MESSAGE_BYTES, MOST_CONDITIONS)
