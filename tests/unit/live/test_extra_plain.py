"""What rows sort by, and are filtered by, in extra columns: the same here and on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from headlamp.live.extra.cells import ContainerState, Owner, Quantity, Restart, Usage
from headlamp.live.extra.plain import plain

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "extra-plain.json").read_text("utf-8"))
FORMS: dict[str, Any] = {
    "string": str | int | float | bool | None,
    "quantity": Quantity | None,
    "usage": Usage | None,
    "containers": list[ContainerState],
    "restart": Restart | None,
    "owner": Owner | None,
}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["about"] for vector in VECTORS])
def test_a_cell_is_as_plain_as_the_vectors_say(vector: dict[str, Any]) -> None:
    cell = msgspec.convert(vector["cell"], FORMS[vector["type"]])
    assert plain(cell) == vector["plain"]
